"""How decisions are sent: those of one provider together, all providers at once."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from gateway.connector import AskedDecision, Written, each_its_own
from gateway.context import Context, Info
from gateway.decisions import Decided
from gateway.domain import GlobalID, Outcome, ProviderName, approvable_of
from gateway.errors import ForbiddenError, InvalidInputError
from gateway.schema.ids import parse_decided_id
from gateway.schema.mutations.inputs import DecisionInput
from gateway.schema.payloads import PayloadRecord, create_payload

_FIELD = "id"

# The decisions of one call by their places in it.
_Places: TypeAlias = dict[int, AskedDecision]


async def send_decisions(
    info: Info, wanted: Sequence[DecisionInput], paths: Sequence[tuple[str, ...]]
) -> list[PayloadRecord | Exception]:
    """Send each decision once, and return how each ended, in order.

    What its provider's failure, or a bug, ended is its error. *paths* lead to
    each of *wanted* in the mutation's arguments.
    """
    context = info.context
    keys: dict[int, GlobalID] = {}
    ended: dict[int, Decided | Exception] = {}
    for place, one in enumerate(wanted):
        try:
            keys[place] = parse_decided_id(one.id, context, field=_FIELD)
            _check_not_twice(keys, place)
        except InvalidInputError as refusal:
            ended[place] = Decided(outcome=Outcome.REFUSED, refusal=refusal)
    by_provider: dict[ProviderName, _Places] = {}
    for place, key in keys.items():
        if place not in ended:
            asked = _ask(key, wanted[place])
            by_provider.setdefault(key.provider, {})[place] = asked
    parts = await asyncio.gather(
        *(
            _send(context, provider, places, wanted)
            for provider, places in by_provider.items()
        ),
        return_exceptions=True,
    )
    for places, part in zip(by_provider.values(), parts, strict=True):
        ended |= each_its_own(places, part)
    return [
        _present(ended[place], keys.get(place), one, path)
        for place, (one, path) in enumerate(zip(wanted, paths, strict=True))
    ]


async def _send(
    context: Context,
    provider: ProviderName,
    places: _Places,
    wanted: Sequence[DecisionInput],
) -> Mapping[int, Decided | Exception]:
    """Send what is to be decided with one provider, and forget what was read of it."""

    async def decide() -> Sequence[Written | Exception]:
        try:
            context.check_may_decide(provider)
        except ForbiddenError as refusal:
            return [refusal for _ in places]
        return await context.connector(provider).decide(list(places.values()))

    subjects = [
        {
            "decision": one.decision.value.lower(),
            "subject": context.caller.subject,
            "provider": provider.value,
            "target": wanted[place].id,
            "force": one.force,
            "expected_version": one.expected_version,
        }
        for place, one in places.items()
    ]
    try:
        ended = await context.decisions.send_all(
            decide(),
            subjects,
            # Which object a duty is on its decision tells.
            [approvable_of(one.subject) or provider for one in places.values()],
            give_up=context.deadline.close,
        )
    finally:
        context.loaders[provider].forget()
    return dict(zip(places, ended, strict=True))


def _ask(key: GlobalID, wanted: DecisionInput) -> AskedDecision:
    return AskedDecision(
        subject=key,
        decision=wanted.decision,
        note=wanted.note,
        force=wanted.force,
        expected_version=wanted.expected_version,
    )


def _check_not_twice(keys: Mapping[int, GlobalID], place: int) -> None:
    """Hold that the last of *keys* is none of the others.

    Raises:
        InvalidInputError: It is: which decision would come first is nobody's to guess.
    """
    # What is read through another object is not another object for that.
    named = {
        one: (key.type_name, key.provider, key.source_id) for one, key in keys.items()
    }
    first = next(one for one, name in named.items() if name == named[place])
    if first != place:
        raise InvalidInputError(
            f"`decisions.{first}` is on the same object; send one decision on each. "
            "This one was not sent.",
            field=(_FIELD,),
        )


def _present(
    ended: Decided | Exception,
    key: GlobalID | None,
    wanted: DecisionInput,
    path: tuple[str, ...],
) -> PayloadRecord | Exception:
    if isinstance(ended, Exception):
        return ended
    return create_payload(ended, key=key, id_text=wanted.id, id_field=_FIELD, path=path)
