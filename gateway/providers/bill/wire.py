"""BILL's wire: what a call sends, and the records that an answer becomes."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from gateway.approvals import create_invoice_state
from gateway.domain import (
    POSSIBLE_YEARS,
    ApproverRecord,
    ApproverStatus,
    CounterpartyRecord,
    InvoiceRecord,
    InvoiceStatus,
    LineRecord,
    MoneyRecord,
    PolicyRecord,
    ProgressRule,
    UserRecord,
    encode_id,
)
from gateway.errors import UpstreamResponseError
from gateway.providers.bill import shapes
from gateway.providers.bill.words import (
    ACTIVE,
    APPROVER_STATUSES,
    DELETED,
    KINDS,
    NOTHING,
    OPEN_PAYMENTS,
    PAID,
    POLICY_TYPES,
    PROVIDER,
    STATUS_NAMES,
    STATUSES,
    UNASSIGNED,
    Entity,
)
from gateway.upstream import Call

T = TypeVar("T")

# Quirk: an amount is a JSON number ("ApprovalPolicy").
_ENCODER = msgspec.json.Encoder(decimal_format="number")

# More digits than any amount has.
_MOST_DIGITS = 100


def create_call(path: str, data: Mapping[str, Any]) -> Call:
    """Return a call; its arguments are one JSON text in the form's `data`."""
    return Call(
        method="POST",
        path=f"/{path}.json",
        form={"data": _ENCODER.encode(data).decode()},
    )


def parse_data(shape: type[T]) -> Callable[[bytes], T]:
    """Return what reads the data of an answer, of which the success is known."""
    # (`Any`: a type that is put together as the program runs.)
    envelope: Any = shapes.Envelope
    decoder = msgspec.json.Decoder(envelope[shape])

    def parse(body: bytes) -> T:
        data: T = decoder.decode(body).response_data
        return data

    return parse


def parse_one(shape: type[T]) -> Callable[[bytes], T]:
    """Return what reads an object that may be wrapped (C2)."""
    read = parse_data(msgspec.Raw)
    decode = _create_decode(shape)
    return lambda body: decode(read(body))


def parse_rows(shape: type[T]) -> Callable[[bytes], list[T]]:
    """Return what reads a list of objects.

    Quirk: BILL's page shows them bare, its own client unwraps each from
    ``{"obj": …}`` (C2), so both are read.
    """
    read = parse_data(list[msgspec.Raw])
    decode = _create_decode(shape)
    return lambda body: [decode(row) for row in read(body)]


def _create_decode(shape: type[T]) -> Callable[[msgspec.Raw], T]:
    # (`Any`: a type that is put together as the program runs.)
    wrapped: Any = shapes.Wrapped
    bare_decoder = msgspec.json.Decoder(shape)
    wrapped_decoder = msgspec.json.Decoder(wrapped[shape])

    def decode(row: msgspec.Raw) -> T:
        try:
            return bare_decoder.decode(row)
        except msgspec.ValidationError as error:
            try:
                inner: T = wrapped_decoder.decode(row).obj
            except msgspec.ValidationError:
                raise error from None
            return inner

    return decode


@contextlib.contextmanager
def understood() -> Iterator[None]:
    """Turn a value that cannot be, in the block, into the fault that it is."""
    try:
        yield
    except (ValueError, ArithmeticError) as error:
        raise UpstreamResponseError(
            PROVIDER.value, "BILL's answer could not be understood."
        ) from error


def parse_instant(text: str) -> datetime:
    """Return an instant, with the offset that it was written with.

    Raises:
        ValueError: It is none.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None or instant.year not in POSSIBLE_YEARS:
        raise ValueError("an instant that is none")
    return instant


def instant_text(instant: datetime) -> str:
    """Return an instant as BILL writes it: milliseconds, and an offset in four digits.

    Finer parts are cut off.
    """
    utc = instant.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"


def invoice_record(
    row: shapes.Approvable,
    entity: Entity,
    *,
    vendors: Mapping[str, str | None],
    tiers: Sequence[shapes.Policy] | None,
) -> InvoiceRecord:
    """Return a bill or a vendor credit.

    Args:
        row: What BILL told.
        entity: What it is.
        vendors: The names of vendors by id, for a row that does not tell its own.
        tiers: The policies; None where they are not needed for this row.

    Raises:
        ValueError: The row cannot be so.
    """
    created_at = parse_instant(row.created_time)
    number = row.invoice_number or row.ref_number or None
    counterparty = _counterparty(row, vendors)
    tier = None
    if row.approval_status == UNASSIGNED:
        tier = applicable_tier(tiers or (), entity, row.amount)
    return InvoiceRecord(
        id=encode_id("Invoice", PROVIDER, row.id),
        provider=PROVIDER,
        source_id=row.id,
        kind=KINDS[entity],
        title=_title(counterparty, number, entity),
        number=number,
        status=invoice_status(row),
        source_status=STATUS_NAMES.get(row.approval_status, row.approval_status),
        counterparty=counterparty,
        location_name=None,
        total=_money(row.amount),
        tax=None,
        amount_due=_money(row.due_amount),
        issue_date=_date(row.invoice_date or row.credit_date),
        due_date=_date(row.due_date),
        created_at=created_at,
        updated_at=_instant(row.updated_time),
        approved_at=None,
        url=None,
        attachments=None,
        # Nobody is asked to approve what is Unassigned: that is no approval at all
        # where no policy applies, and one that has not begun where one does.
        approval_state=create_invoice_state(
            STATUSES.get(row.approval_status, InvoiceStatus.UNKNOWN),
            is_required=None if tiers is None else tier is not None,
        ),
        approvers_status=ApproverStatus.UNKNOWN,
        progress_rule=ProgressRule.IN_ORDER,
        # A policy may ask for persons alone, whose number is not in it.
        minimum_approvers=None if tier is None else tier.min_num_approvers or None,
        are_approvers_settled=row.payment_status not in OPEN_PAYMENTS,
    )


def invoice_status(row: shapes.Approvable) -> InvoiceStatus:
    """Return where a bill stands in its life."""
    if row.is_active == DELETED:
        return InvoiceStatus.ARCHIVED
    # A vendor credit has no `paymentStatus`.
    if row.payment_status == PAID:
        return InvoiceStatus.PAID
    return STATUSES.get(row.approval_status, InvoiceStatus.UNKNOWN)


def applicable_tier(
    policies: Iterable[shapes.Policy], entity: Entity, amount: Decimal | None
) -> shapes.Policy | None:
    """Return the policy that governs: the highest threshold that *amount* reaches.

    An amount that equals the threshold reaches it: the generated name says "or more",
    though the page says "above" (C5). Of several with one threshold the stricter
    governs, which is assumed.
    """
    reached = [
        policy
        for policy in policies
        if policy.is_active == ACTIVE
        and POLICY_TYPES.get(policy.type) is entity
        and amount is not None
        and policy.amount_threshold <= amount
    ]
    return max(
        reached,
        key=lambda one: (one.amount_threshold, one.min_num_approvers, one.id),
        default=None,
    )


def line_records(row: shapes.Approvable) -> list[LineRecord] | None:
    """Return the lines; None where they were not told."""
    lines = row.bill_line_items
    if lines is None:
        lines = row.vendor_credit_line_items
    if lines is None:
        return None
    return [
        LineRecord(
            description=line.description or None,
            quantity=None if line.quantity is None else _number(line.quantity),
            unit_price=_money(line.unit_price),
            total=_money(line.amount),
        )
        for line in lines
    ]


def approver_record(
    row: shapes.ApproverRow, invoice_id: str, user: shapes.User | None
) -> ApproverRecord:
    """Return one place in a chain; BILL does not tell whether a policy asked for it."""
    status = APPROVER_STATUSES.get(row.status, ApproverStatus.UNKNOWN)
    is_decided = status in {ApproverStatus.APPROVED, ApproverStatus.REJECTED}
    return ApproverRecord(
        id=encode_id("Approver", PROVIDER, row.id, invoice_id),
        provider=PROVIDER,
        source_id=row.id,
        invoice_source_id=invoice_id,
        user=user_record(row.users_id, user),
        policy=None,
        is_manual=None,
        added_at=None,
        told_status=status,
        decided_at=_instant(row.status_changed_date) if is_decided else None,
        position=row.sort_order + 1,
    )


def user_record(user_id: str, user: shapes.User | None) -> UserRecord:
    """Return a person; without *user*, whom BILL does not show us, the id alone."""
    names = [] if user is None else [user.first_name, user.last_name]
    return UserRecord(
        source_id=user_id,
        display_name=" ".join(name for name in names if name) or None,
        email=None if user is None else user.email or None,
    )


def policy_record(policy: shapes.Policy) -> PolicyRecord:
    """Return a policy; its name is BILL's own."""
    entity = POLICY_TYPES.get(policy.type)
    return PolicyRecord(
        id=encode_id("Policy", PROVIDER, policy.id),
        provider=PROVIDER,
        source_id=policy.id,
        name=policy.name or None,
        applies_to=None if entity is None else KINDS[entity],
        amount_threshold=_money(policy.amount_threshold),
        minimum_approvers=policy.min_num_approvers,
        is_active=policy.is_active == ACTIVE,
        created_at=_instant(policy.created_time),
        updated_at=_instant(policy.updated_time),
    )


def _counterparty(
    row: shapes.Approvable, vendors: Mapping[str, str | None]
) -> CounterpartyRecord | None:
    if row.vendor_id is None or row.vendor_id == NOTHING:
        return None
    related = row.related.get("vendorId")
    name = vendors.get(row.vendor_id) if related is None else related.name
    return CounterpartyRecord(source_id=row.vendor_id, name=name or None)


def _title(
    counterparty: CounterpartyRecord | None, number: str | None, entity: Entity
) -> str:
    name = None if counterparty is None else counterparty.name
    parts = [part for part in (name, number) if part]
    return " · ".join(parts) or ("Bill" if entity is Entity.BILL else "Vendor credit")


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _instant(text: str | None) -> datetime | None:
    return parse_instant(text) if text else None


def _money(amount: Decimal | None) -> MoneyRecord | None:
    # BILL does not tell the currency.
    if amount is None:
        return None
    return MoneyRecord(amount=_number(amount), currency=None)


def _number(number: Decimal) -> Decimal:
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("an amount that is none")
    return number
