import asyncio
import contextlib
import functools

import pytest
from structlog.testing import capture_logs

from gateway.connector import Written
from gateway.decisions import Decided, Decisions
from gateway.domain import (
    ApprovableKey,
    Outcome,
    ProviderName,
    TargetKey,
    TargetType,
)
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    LostAnswerError,
    NotFoundError,
    UnsupportedError,
    UpstreamAuthError,
    UpstreamTimeoutError,
)


class Write:
    """A write that ends when the gate opens."""

    def __init__(self, error: Exception | None = None) -> None:
        self.gate = asyncio.Event()
        self.log: list[str] = []
        self._error = error

    async def run(self) -> Written:
        self.log.append("sent")
        await self.gate.wait()
        self.log.append("answered")
        if self._error is not None:
            raise self._error
        return Written(outcome=Outcome.APPLIED, approver_source_id="7")


async def _in_a_list(write: Write) -> list[Written | Exception]:
    return [await write.run()]


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "outcome", [Outcome.APPLIED, Outcome.ALREADY_APPLIED, Outcome.UNKNOWN]
)
async def test_what_a_connector_knows_of_a_write_is_what_is_decided(
    outcome: Outcome,
) -> None:
    async def write() -> Written:
        return Written(outcome=outcome, approver_source_id="7")

    decided = await Decisions().send(write())

    assert decided == Decided(outcome=outcome, approver_source_id="7")


@pytest.mark.parametrize(
    "refusal",
    [
        NotFoundError("No such invoice."),
        ForbiddenError("Not you."),
        InvalidInputError("Not that.", field=("note",)),
        ConflictError("Too late."),
        UnsupportedError("No such call."),
    ],
)
async def test_what_a_person_can_act_on_is_a_refusal(refusal: GatewayError) -> None:
    async def write() -> Written:
        raise refusal

    decided = await Decisions().send(write())

    assert decided == Decided(outcome=Outcome.REFUSED, refusal=refusal)


@pytest.mark.parametrize(
    "fault",
    [
        UpstreamTimeoutError("ALPHA", "Late."),
        LostAnswerError("ALPHA", "Lost."),
        ZeroDivisionError(),
    ],
)
async def test_every_other_error_rises(fault: Exception) -> None:
    async def write() -> Written:
        raise fault

    with pytest.raises(type(fault)) as raised:
        await Decisions().send(write())

    assert str(raised.value) == str(fault)


async def test_only_the_error_of_the_write_itself_says_that_it_may_be_sent_again() -> (
    None
):
    """Several callers may wait for one sign-in, so its error stays as it is."""
    fault = UpstreamAuthError("ALPHA", "Refused.")

    async def write() -> Written:
        raise fault

    with pytest.raises(UpstreamAuthError) as raised:
        await Decisions().send(write())

    assert raised.value.extensions == {
        "code": "UPSTREAM_AUTH_FAILED",
        "retryable": True,
        "provider": "ALPHA",
    }
    assert fault.extensions["retryable"] is False


async def test_a_write_that_breaks_leaves_its_line_too() -> None:
    async def write() -> Written:
        raise ZeroDivisionError

    with capture_logs() as lines, pytest.raises(ZeroDivisionError):
        await Decisions().send(write(), decision="approve", subject="clerk")

    assert lines == [
        {
            "event": "decision",
            "log_level": "info",
            "decision": "approve",
            "subject": "clerk",
            "outcome": None,
            "code": "INTERNAL_SERVER_ERROR",
        }
    ]


@pytest.mark.parametrize("error", [None, ConflictError("Late."), ZeroDivisionError()])
async def test_a_cancelled_caller_leaves_the_write_and_finish_waits_for_it(
    error: Exception | None,
) -> None:
    decisions = Decisions()
    write = Write(error)
    caller = asyncio.create_task(decisions.send(write.run()))
    await _settle()

    caller.cancel()
    await _settle()
    finishing = asyncio.create_task(decisions.finish())
    await _settle()
    assert caller.cancelled()
    assert write.log == ["sent"]
    assert not finishing.done()
    write.gate.set()
    await finishing

    assert write.log == ["sent", "answered"]
    assert decisions._under_way == {}


async def test_a_caller_that_goes_away_gives_up_what_has_not_begun() -> None:
    """Before those under way end, so that none begins in their place."""
    decisions = Decisions()
    write = Write()
    caller = asyncio.create_task(
        decisions.send_all(
            _in_a_list(write), [{}], give_up=lambda: write.log.append("given up")
        )
    )
    await _settle()
    assert write.log == ["sent"]

    caller.cancel()
    await _settle()
    write.gate.set()
    await _settle()

    assert caller.cancelled()
    assert write.log == ["sent", "given up", "answered"]
    assert decisions._under_way == {}


async def test_finish_gives_up_what_has_not_begun_of_every_caller() -> None:
    decisions = Decisions()
    writes = [Write(), Write()]
    callers = [
        asyncio.create_task(
            decisions.send_all(
                _in_a_list(one), [{}], give_up=functools.partial(one.log.append, "end")
            )
        )
        for one in writes
    ]
    await _settle()

    finishing = asyncio.create_task(decisions.finish())
    await _settle()
    assert [one.log for one in writes] == [["sent", "end"]] * 2
    assert not finishing.done()
    for one in writes:
        one.gate.set()
    await finishing

    assert [one.log for one in writes] == [["sent", "end", "answered"]] * 2
    applied = Decided(outcome=Outcome.APPLIED, approver_source_id="7")
    assert [await caller for caller in callers] == [[applied]] * 2


@pytest.mark.parametrize("error", [None, ZeroDivisionError()])
async def test_nothing_is_given_up_while_somebody_waits(
    error: Exception | None,
) -> None:
    decisions = Decisions()
    write = Write(error)
    write.gate.set()

    with contextlib.suppress(ZeroDivisionError):
        await decisions.send_all(
            _in_a_list(write), [{}], give_up=lambda: write.log.append("given up")
        )
    await _settle()
    await decisions.finish()

    assert write.log == ["sent", "answered"]


async def test_of_several_each_has_its_own_end_and_line() -> None:
    refusal, fault = ConflictError("Late."), UpstreamTimeoutError("ALPHA", "Late.")
    bug = ZeroDivisionError()
    remark = ConflictError("Look again.")

    async def write() -> list[Written | Exception]:
        return [
            Written(outcome=Outcome.APPLIED, version="1.a"),
            Written(outcome=Outcome.APPLIED, version="1.b", remark=remark),
            refusal,
            fault,
            bug,
        ]

    subjects = [{"target": str(place)} for place in range(5)]
    with capture_logs() as lines:
        ended = await Decisions().send_all(write(), subjects)

    assert ended[:3] == [
        Decided(outcome=Outcome.APPLIED),
        Decided(outcome=Outcome.APPLIED, remark=remark),
        Decided(outcome=Outcome.REFUSED, refusal=refusal),
    ]
    assert isinstance(ended[3], UpstreamTimeoutError)
    assert ended[3].extensions["retryable"] is True
    assert ended[4] is bug
    told = {"event": "decision", "log_level": "info"}
    assert lines == [
        {**told, "target": "0", "outcome": "APPLIED", "version": "1.a"},
        {
            **told,
            "target": "1",
            "outcome": "APPLIED",
            "version": "1.b",
            "code": "CONFLICT",
        },
        {**told, "target": "2", "outcome": "REFUSED", "code": "CONFLICT"},
        {**told, "target": "3", "outcome": None, "code": "UPSTREAM_TIMEOUT"},
        {**told, "target": "4", "outcome": None, "code": "INTERNAL_SERVER_ERROR"},
    ]


async def test_a_bug_that_leaves_nothing_known_leaves_a_line_for_each() -> None:
    async def write() -> list[Written | Exception]:
        raise ZeroDivisionError

    with capture_logs() as lines, pytest.raises(ZeroDivisionError):
        await Decisions().send_all(write(), [{"target": "0"}, {"target": "1"}])

    told = {"event": "decision", "log_level": "info", "outcome": None}
    assert lines == [
        {**told, "target": place, "code": "INTERNAL_SERVER_ERROR"}
        for place in ("0", "1")
    ]


async def test_finish_waits_for_every_write() -> None:
    decisions = Decisions()
    writes = [Write(), Write(ConflictError("Late.")), Write()]
    callers = [asyncio.create_task(decisions.send(one.run())) for one in writes]
    await _settle()
    finishing = asyncio.create_task(decisions.finish())

    for write in writes:
        assert not finishing.done()
        write.gate.set()
        await _settle()
    await finishing

    assert [(await caller).outcome for caller in callers] == [
        Outcome.APPLIED,
        Outcome.REFUSED,
        Outcome.APPLIED,
    ]


async def test_finish_has_nothing_to_wait_for_once_writes_ended() -> None:
    async def write() -> Written:
        return Written(outcome=Outcome.APPLIED)

    decisions = Decisions()
    await decisions.send(write())
    await _settle()

    await decisions.finish()

    assert decisions._under_way == {}


KEY = ApprovableKey(ProviderName.OTTIMATE, "1")
OTHER = ApprovableKey(ProviderName.OTTIMATE, "2")


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        (Written(outcome=Outcome.APPLIED), [KEY]),
        (Written(outcome=Outcome.APPLIED, remark=ConflictError("Look.")), [KEY]),
        (Written(outcome=Outcome.UNKNOWN), [KEY]),
        (Written(outcome=Outcome.ALREADY_APPLIED), []),
        (ConflictError("Late."), []),
        (UpstreamTimeoutError("ALPHA", "Late."), []),
        (ZeroDivisionError(), [KEY]),
    ],
)
async def test_what_may_have_changed_is_told(
    ended: Written | Exception, told: list[ApprovableKey]
) -> None:
    heard: list[ApprovableKey] = []

    async def write() -> Written:
        if isinstance(ended, Exception):
            raise ended
        return ended

    with contextlib.suppress(ZeroDivisionError, UpstreamTimeoutError):
        await Decisions(heard.append).send(write(), on=KEY)
    with contextlib.suppress(ZeroDivisionError, UpstreamTimeoutError):
        await Decisions(heard.append).send(write(), on=None)

    assert heard == told


async def test_of_several_each_that_may_have_changed_something_is_told() -> None:
    heard: list[ApprovableKey] = []
    target = TargetKey(TargetType.BOOKING, "3")
    found = ApprovableKey(ProviderName.PRODUCTIVE, target)

    async def write() -> list[Written | Exception]:
        return [
            Written(outcome=Outcome.APPLIED),
            ConflictError("Late."),
            ZeroDivisionError(),
            Written(outcome=Outcome.UNKNOWN, target=target),
            Written(outcome=Outcome.APPLIED),
            Written(outcome=Outcome.APPLIED),
        ]

    provider = ProviderName.PRODUCTIVE
    await Decisions(heard.append).send_all(
        write(), [{}] * 6, [KEY, KEY, OTHER, provider, provider, None]
    )

    assert heard == [KEY, OTHER, found]


async def test_it_is_told_though_nobody_waits_any_more() -> None:
    heard: list[ApprovableKey] = []
    decisions = Decisions(heard.append)
    write = Write()
    caller = asyncio.create_task(decisions.send(write.run(), on=KEY))
    await _settle()
    caller.cancel()
    await _settle()
    assert heard == []

    write.gate.set()
    await decisions.finish()

    assert heard == [KEY]


async def test_what_listens_can_neither_break_a_write_nor_hide_it() -> None:
    def fail(key: ApprovableKey) -> None:
        raise LookupError(key)

    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: reported.append(context)
    )
    keys = [ApprovableKey(ProviderName.BILL, name) for name in ("a", "b")]

    async def write() -> list[Written | Exception]:
        return [Written(outcome=Outcome.APPLIED) for _ in keys]

    with capture_logs() as logs:
        decided = await Decisions(fail).send_all(
            write(), [{"target": "a"}, {"target": "b"}], keys
        )
        await _settle()

    assert decided == [Decided(outcome=Outcome.APPLIED)] * 2
    assert [(line["target"], line["outcome"]) for line in logs] == [
        ("a", "APPLIED"),
        ("b", "APPLIED"),
    ]
    assert [repr(one["exception"]) for one in reported] == [
        repr(LookupError(key)) for key in keys
    ]
