"""The subscriptions: what a client is told of its own accord."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from gateway.changes import Change
from gateway.context import Context, Info
from gateway.domain import (
    TARGET_TYPES,
    ApprovableKey,
    ApprovableRecord,
    ChangeCause,
    InvoiceRecord,
    TargetDetails,
    TargetKey,
    approvable_of,
)
from gateway.errors import InvalidInputError
from gateway.schema.approvables import Approvable
from gateway.schema.ids import parse_id
from gateway.schema.records import accepts, described, resolved

_FIELD = "ids"
_TYPES = ("Invoice", *TARGET_TYPES)


async def _resolve_approvable(
    root: strawberry.Parent[Change], info: Info
) -> ApprovableRecord | None:
    """Return how it stood when it was read for this caller, and keep it for fields."""
    context = info.context
    provider = root.key.provider
    if context.accounts.get(provider) is not root.account:
        # It was read with credentials that this caller has no more.
        return await _load(root.key, context)
    if root.error is not None:
        # Others raise it as well, and an error that is raised grows.
        raise root.error.with_traceback(None)
    match root.record:
        case InvoiceRecord() as invoice:
            context.keep_invoices([invoice])
            return invoice
        case TargetDetails() as details:
            context.keep_targets(provider, [details])
            return details.target
        case None:
            return None


@strawberry.type(description="That something which somebody must approve has changed.")
class ApprovalChange:
    """A change; the source is that."""

    is_type_of = accepts(Change)

    approvable: Approvable | None = resolved(
        _resolve_approvable,
        Approvable | None,
        "What changed, as it stands now; null where this caller could see it and sees "
        "it no more, and, with an error, where it could not be read.",
    )
    cause: ChangeCause = described("How the gateway came to know.")
    at: datetime = described("When it was read.")


@strawberry.type(description="What can be listened to.")
class Subscription:
    """The subscriptions."""

    @strawberry.subscription(
        graphql_type=ApprovalChange | None,
        description="Each change of what somebody must approve: one that was made "
        "through this gateway, that a provider told of, or that was found by looking. "
        "Several changes of one object that come fast may be told as one. What changed "
        "before you subscribed is not told.",
    )
    @staticmethod
    async def approval_changed(
        info: Info,
        ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(
                description="Of what: at most 100 ids of invoices, bookings, time "
                "entries and expenses. They are looked at now and then, so that what "
                "was changed elsewhere is told as well, some minutes later. Null: of "
                "whatever the caller can see, but only what was changed through this "
                "gateway or what a provider told."
            ),
        ] = None,
    ) -> AsyncIterator[Change]:
        context = info.context
        return context.watch(None if ids is None else parse_ids(ids, context))


def parse_ids(ids: Sequence[str], context: Context) -> list[ApprovableKey]:
    """Return what is to be watched.

    Raises:
        InvalidInputError: There is no id, or one is none of this graph, of another
            type, or of a provider that this gateway is not connected to.
    """
    if not ids:
        raise InvalidInputError(
            "`ids` is empty, so that nothing would be told. Send one id or more, or "
            "leave `ids` out for whatever you can see.",
            field=(_FIELD,),
        )
    keys = []
    for one in ids:
        key = parse_id(one, _TYPES, field=_FIELD)
        context.connector(key.provider, field=_FIELD)
        found = approvable_of(key)
        assert found is not None  # noqa: S101 - every one of these types is approvable
        keys.append(found)
    return keys


async def _load(key: ApprovableKey, context: Context) -> ApprovableRecord | None:
    if isinstance(key.key, TargetKey):
        return await context.load_target(key.provider, key.key)
    return await context.load_invoice(key.provider, key.key)
