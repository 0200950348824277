"""BILL's JSON: documented samples, and what its sources dispute."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import (
    ApprovalState,
    ApproverRecord,
    ApproverStatus,
    CounterpartyRecord,
    InvoiceKind,
    InvoiceRecord,
    InvoiceStatus,
    LineRecord,
    MoneyRecord,
    PolicyRecord,
    ProgressRule,
    ProviderName,
    UserRecord,
    encode_id,
)
from gateway.providers.bill import shapes, wire
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.words import Entity, entity_of, is_id
from tests.providers.bill.reading import APPROVERS, add_bill, success
from tests.support import Client, RecordingTransport

SAMPLES = Path(__file__).parent / "samples"
BILL = ProviderName.BILL
BILL_ID = "00n01DEMODEMODEMODE1"
VENDOR_ID = "00901DEMODEMODEMODE1"
AMY, BOB = "00601DEMODEMOAMYAMY0", "00601DEMODEMOBOBBOB0"


class Sample(msgspec.Struct, forbid_unknown_fields=True):
    """A documented sample; *body* and *data* are kept to the letter."""

    source: str
    body: msgspec.Raw = msgspec.Raw(b"null")
    data: msgspec.Raw = msgspec.Raw(b"null")


def read_sample(name: str) -> Sample:
    text = (SAMPLES / f"{name}.json").read_bytes()
    return msgspec.json.decode(text, type=Sample)


def sample(name: str) -> bytes:
    """Return the body of a sample, as its file spells it."""
    return bytes(read_sample(name).body)


def shape(**members: Any) -> shapes.Approvable:
    """Return a bill of the documented queue with other members; ``...`` drops one."""
    page = json.loads(sample("user_approvals"))["response_data"]
    kept = {**page["approvals"][0], **members}
    body = json.dumps({name: one for name, one in kept.items() if one is not ...})
    return msgspec.json.decode(body, type=shapes.Approvable)


def record(
    entity: Entity = Entity.BILL,
    *,
    vendors: dict[str, str | None] | None = None,
    tiers: list[shapes.Policy] | None = None,
    **members: Any,
) -> InvoiceRecord:
    return wire.invoice_record(
        shape(**members), entity, vendors=vendors or {}, tiers=tiers
    )


def policy(threshold: str, **members: Any) -> shapes.Policy:
    values = {
        "id": "app01DEMODEMODEMODE1",
        "type": "0",
        "min_num_approvers": 1,
        "is_active": "1",
        **members,
    }
    return shapes.Policy(amount_threshold=Decimal(threshold), **values)


def approver(**members: Any) -> shapes.ApproverRow:
    row = json.loads(sample("approvers"))["response_data"][0]
    return msgspec.json.decode(json.dumps({**row, **members}), type=shapes.ApproverRow)


def money(amount: str) -> MoneyRecord:
    return MoneyRecord(amount=Decimal(amount), currency=None)


def test_every_sample_names_its_source() -> None:
    sources = [read_sample(path.stem).source for path in sorted(SAMPLES.glob("*.json"))]

    assert len(sources) == 14
    assert all(source.startswith("Wire notes ") for source in sources)


# The documented samples.


def test_the_documented_bill_is_read_whole() -> None:
    page = wire.parse_data(shapes.QueuePage)(sample("user_approvals"))
    found = wire.invoice_record(page.approvals[0], Entity.BILL, vendors={}, tiers=None)

    assert page.marker == "00n01DEMODEMODEMODE1|1772445600000"
    assert len(page.approvals) == 1
    assert found == InvoiceRecord(
        id=encode_id("Invoice", BILL, BILL_ID),
        provider=BILL,
        source_id=BILL_ID,
        kind=InvoiceKind.BILL,
        title="Demo Paper Ltd · INV-7",
        number="INV-7",
        status=InvoiceStatus.PENDING_APPROVAL,
        source_status="Assigned",
        counterparty=CounterpartyRecord(source_id=VENDOR_ID, name="Demo Paper Ltd"),
        location_name=None,
        total=money("125.50"),
        tax=None,
        amount_due=money("125.50"),
        issue_date=date(2026, 3, 1),
        due_date=date(2026, 3, 31),
        created_at=datetime(2026, 3, 2, 10, tzinfo=UTC),
        updated_at=datetime(2026, 3, 2, 10, tzinfo=UTC),
        approved_at=None,
        url=None,
        attachments=None,
        approval_state=ApprovalState.PENDING,
        approvers_status=ApproverStatus.UNKNOWN,
        progress_rule=ProgressRule.IN_ORDER,
        minimum_approvers=None,
    )
    assert wire.line_records(page.approvals[0]) == []


@pytest.mark.parametrize("form", ["approvers", "approvers_wrapped"])
def test_the_documented_approvers_are_read_whole_in_both_forms(form: str) -> None:
    """C2: bare, or each in `obj`."""
    rows = wire.parse_rows(shapes.ApproverRow)(sample(form))
    user = shapes.User(id=AMY, first_name="Amy", last_name="Lee", email="amy@demo.test")

    found = [
        wire.approver_record(row, BILL_ID, user if row.users_id == AMY else None)
        for row in rows
    ]

    assert found == [
        ApproverRecord(
            id=encode_id("Approver", BILL, "0ba01DEMODEMODEMODE1", BILL_ID),
            provider=BILL,
            source_id="0ba01DEMODEMODEMODE1",
            invoice_source_id=BILL_ID,
            user=UserRecord(
                source_id=AMY, display_name="Amy Lee", email="amy@demo.test"
            ),
            policy=None,
            is_manual=None,
            added_at=None,
            told_status=ApproverStatus.APPROVED,
            decided_at=datetime(2026, 3, 3, 8, tzinfo=UTC),
            position=1,
        ),
        ApproverRecord(
            id=encode_id("Approver", BILL, "0ba01DEMODEMODEMODE2", BILL_ID),
            provider=BILL,
            source_id="0ba01DEMODEMODEMODE2",
            invoice_source_id=BILL_ID,
            user=UserRecord(source_id=BOB, display_name=None, email=None),
            policy=None,
            is_manual=None,
            added_at=None,
            told_status=ApproverStatus.PENDING,
            decided_at=None,
            position=2,
        ),
    ]


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_the_documented_policy_is_read_whole(is_wrapped: bool) -> None:
    """3.1: accept an object in `obj` from a Read as well."""
    body = sample("policy_created")
    if is_wrapped:
        data = bytes(json.dumps(json.loads(body)["response_data"]), "ascii")
        body = b'{"response_status":0,"response_data":{"obj":' + data + b"}}"

    found = wire.policy_record(wire.parse_one(shapes.Policy)(body))

    assert found == PolicyRecord(
        id=encode_id("Policy", BILL, "app01DEMODEMODEMODE1"),
        provider=BILL,
        source_id="app01DEMODEMODEMODE1",
        name="Bills of $2500.00 or more require at least 1 approver",
        applies_to=InvoiceKind.BILL,
        amount_threshold=money("2500.00"),
        minimum_approvers=1,
        is_active=True,
        created_at=datetime(2026, 3, 2, 10, 15, tzinfo=UTC),
        updated_at=datetime(2026, 3, 2, 10, 15, tzinfo=UTC),
    )


def test_the_documented_sign_in_is_read() -> None:
    assert wire.parse_data(shapes.SignIn)(sample("login")) == shapes.SignIn(
        session_id="S01demoSession", users_id=AMY
    )


def test_the_documented_bulk_tells_one_from_another() -> None:
    found = wire.parse_data(shapes.Bulk)(sample("bulk"))

    assert [item.response_status for item in found.bulk] == [0, 1]


def test_the_documented_list_is_asked_for_in_its_form() -> None:
    data = json.loads(bytes(read_sample("list_request").data))

    call = wire.create_call("List/Bill", data)

    assert (call.method, call.path, call.params, call.json) == (
        "POST",
        "/List/Bill.json",
        {},
        None,
    )
    assert call.form is not None
    assert list(call.form) == ["data"]
    assert json.loads(call.form["data"]) == data


@pytest.mark.parametrize("is_wrapped", [False, True])
async def test_both_forms_of_approvers_are_one_answer(
    client: Client,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
    is_wrapped: bool,
) -> None:
    """C2, on the graph."""
    switch_bill(wrapped_list_approvers=is_wrapped)
    one = bill_simulator.state.numbered("BILL-1003")

    body = await client.execute(
        "query ($id: ID!) { invoiceBySource(provider: BILL, sourceId: $id)"
        " { approvers { position status user { displayName } } } }",
        {"id": one.id},
    )

    assert body["data"]["invoiceBySource"]["approvers"] == [
        {"position": 1, "status": "APPROVED", "user": {"displayName": "Adam Novak"}},
        {"position": 2, "status": "PENDING", "user": {"displayName": "Carla Mendes"}},
    ]
    assert bill.calls.count(APPROVERS) == 1


@pytest.mark.parametrize(
    "rows",
    [
        [{"obj": {"id": "x"}}],
        [{"obj": None}],
        [{"obj": []}],
        ["x"],
        {"obj": []},
        None,
    ],
    ids=str,
)
def test_rows_of_neither_form_are_not_understood(rows: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        wire.parse_rows(shapes.ApproverRow)(success(rows))


def test_a_member_that_is_called_obj_is_no_wrapping_unless_it_is_an_object() -> None:
    row = json.loads(sample("approvers"))["response_data"][0]

    found = wire.parse_rows(shapes.ApproverRow)(success([{**row, "obj": "x"}]))

    assert [one.id for one in found] == ["0ba01DEMODEMODEMODE1"]


# The tables of values.


@pytest.mark.parametrize(
    ("value", "status", "state", "shown"),
    [
        ("0", InvoiceStatus.UNASSIGNED, ApprovalState.UNKNOWN, "Unassigned"),
        ("1", InvoiceStatus.PENDING_APPROVAL, ApprovalState.PENDING, "Assigned"),
        ("4", InvoiceStatus.PENDING_APPROVAL, ApprovalState.PENDING, "Approving"),
        ("3", InvoiceStatus.APPROVED, ApprovalState.APPROVED, "Approved"),
        ("5", InvoiceStatus.REJECTED, ApprovalState.REJECTED, "Denied"),
        *(
            (other, InvoiceStatus.UNKNOWN, ApprovalState.UNKNOWN, other)
            for other in ("2", "6", "9", "", "01", "Approved", "3 ", "-3")
        ),
    ],
)
def test_each_approval_status_means_what_is_documented_and_no_other_anything(
    value: str, status: InvoiceStatus, state: ApprovalState, shown: str
) -> None:
    """6.1, C1: 5 is denied; any unknown value is never an approval."""
    found = record(approvalStatus=value)

    assert (found.status, found.approval_state, found.source_status) == (
        status,
        state,
        shown,
    )


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("0", InvoiceStatus.PAID),
        *((other, InvoiceStatus.APPROVED) for other in ("1", "2", "4", "5", "9", "")),
    ],
)
def test_only_what_is_paid_in_full_is_paid(value: str, status: InvoiceStatus) -> None:
    """6.1."""
    found = record(approvalStatus="3", paymentStatus=value)

    assert (found.status, found.approval_state) == (status, ApprovalState.APPROVED)


def test_a_vendor_credit_has_no_payment() -> None:
    found = record(Entity.VENDOR_CREDIT, approvalStatus="3", paymentStatus=...)

    assert found.status is InvoiceStatus.APPROVED


@pytest.mark.parametrize("payment", ["0", "1"])
@pytest.mark.parametrize("approval", ["0", "1", "3", "5"])
def test_what_is_deleted_is_archived_before_all(payment: str, approval: str) -> None:
    found = record(isActive="2", paymentStatus=payment, approvalStatus=approval)

    assert found.status is InvoiceStatus.ARCHIVED


@pytest.mark.parametrize(
    ("value", "status", "is_decided"),
    [
        ("5", ApproverStatus.UPCOMING, False),
        ("0", ApproverStatus.PENDING, False),
        ("1", ApproverStatus.PENDING, False),
        ("2", ApproverStatus.SKIPPED, False),
        ("3", ApproverStatus.REJECTED, True),
        ("4", ApproverStatus.APPROVED, True),
        ("6", ApproverStatus.SKIPPED, False),
        *(
            (other, ApproverStatus.UNKNOWN, False)
            for other in ("7", "9", "", "04", "Approved")
        ),
    ],
)
def test_each_status_of_an_approver_means_what_is_documented(
    value: str, status: ApproverStatus, is_decided: bool
) -> None:
    """5.5."""
    found = wire.approver_record(approver(status=value), BILL_ID, None)

    assert found.told_status is status
    assert (found.decided_at is not None) is is_decided


def test_an_approver_who_decided_may_lack_the_time() -> None:
    """5.5: null before the first change."""
    row = approver(status="4", statusChangedDate=None)

    assert wire.approver_record(row, BILL_ID, None).decided_at is None


def test_a_place_counts_from_one() -> None:
    rows = [approver(sortOrder=at) for at in (0, 1, 6)]

    assert [wire.approver_record(row, BILL_ID, None).position for row in rows] == [
        1,
        2,
        7,
    ]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("0", InvoiceKind.BILL),
        ("1", InvoiceKind.VENDOR_CREDIT),
        ("2", None),
        ("", None),
    ],
)
def test_a_policy_applies_to_what_its_type_says(
    value: str, kind: InvoiceKind | None
) -> None:
    assert wire.policy_record(policy("1", type=value)).applies_to is kind


@pytest.mark.parametrize(
    ("flag", "is_active"), [("1", True), ("2", False), ("3", False)]
)
def test_a_policy_is_in_use_where_it_says_so(flag: str, is_active: bool) -> None:
    assert wire.policy_record(policy("1", is_active=flag)).is_active is is_active


def test_the_name_of_a_policy_is_never_composed() -> None:
    """The issue: the provider's own generated `name` is shown."""
    assert wire.policy_record(policy("1", name="")).name is None
    assert wire.policy_record(policy("1")).name is None
    assert wire.policy_record(policy("1", name="x")).name == "x"


# Unassigned, and C5.


@pytest.mark.parametrize(
    ("tiers", "state", "minimum"),
    [
        (None, ApprovalState.UNKNOWN, None),
        ([], ApprovalState.NOT_REQUIRED, None),
        ([policy("125.51")], ApprovalState.NOT_REQUIRED, None),
        ([policy("125.50", min_num_approvers=2)], ApprovalState.PENDING, 2),
        ([policy("125.49", min_num_approvers=3)], ApprovalState.PENDING, 3),
        ([policy("0", is_active="2")], ApprovalState.NOT_REQUIRED, None),
        ([policy("0", type="1")], ApprovalState.NOT_REQUIRED, None),
        ([policy("0", type="9")], ApprovalState.NOT_REQUIRED, None),
        (
            [
                policy("100", min_num_approvers=2),
                policy("0", min_num_approvers=1),
                policy("200", min_num_approvers=3),
            ],
            ApprovalState.PENDING,
            2,
        ),
    ],
)
def test_what_unassigned_means_depends_on_the_policies(
    tiers: list[shapes.Policy] | None, state: ApprovalState, minimum: int | None
) -> None:
    """4.4, C5: an amount that equals the threshold reaches it."""
    found = record(approvalStatus="0", tiers=tiers)

    assert (found.approval_state, found.minimum_approvers) == (state, minimum)


def test_an_unknown_amount_reaches_no_threshold() -> None:
    assert wire.applicable_tier([policy("0")], Entity.BILL, None) is None
    found = record(approvalStatus="0", amount=None, tiers=[policy("0")])
    assert found.approval_state is ApprovalState.NOT_REQUIRED


@pytest.mark.parametrize("value", ["1", "3", "4", "5"])
def test_policies_change_nothing_of_what_is_assigned(value: str) -> None:
    alone = record(approvalStatus=value)
    under = record(approvalStatus=value, tiers=[policy("0")])

    assert under.approval_state is alone.approval_state


# Amounts, times, and references to nothing.


@pytest.mark.parametrize(
    "text", ["0.00", "125.50", "125.5", "-20.00", "9007199254740993.01", "1e3", "0.1"]
)
def test_amounts_are_exact(text: str) -> None:
    """1.2: a JSON number, which is never a float here."""
    body = (
        b'{"response_status":0,"response_data":[{"id":"x","createdTime":"'
        b'2026-03-02T10:00:00.000+0000","amount":%s,"dueAmount":%s,"billLineItems":'
        b'[{"amount":%s,"quantity":%s,"unitPrice":%s,"description":""}]}]}'
    ) % ((text.encode(),) * 5)
    (row,) = wire.parse_rows(shapes.Approvable)(body)

    found = wire.invoice_record(row, Entity.BILL, vendors={}, tiers=None)

    assert (found.total, found.amount_due) == (money(text), money(text))
    assert str(found.total and found.total.amount) == str(Decimal(text))
    assert wire.line_records(row) == [
        LineRecord(
            description=None,
            quantity=Decimal(text),
            unit_price=money(text),
            total=money(text),
        )
    ]


@pytest.mark.parametrize("form", ["%s", '{"obj":%s}'])
@pytest.mark.parametrize("text", ["2500.00", "0.10", "9007199254740993.01"])
def test_amounts_of_a_single_object_are_exact_in_both_forms(
    text: str, form: str
) -> None:
    """1.2, 3.1."""
    inner = (
        f'{{"id":"app01DEMODEMODEMODE1","type":"0","amountThreshold":{text},'
        '"minNumApprovers":1,"isActive":"1"}'
    )
    body = '{"response_status":0,"response_data":%s}' % (form % inner)

    found = wire.policy_record(wire.parse_one(shapes.Policy)(body.encode()))

    assert str(found.amount_threshold and found.amount_threshold.amount) == text


@pytest.mark.parametrize("text", ["1e400", "-1e400", "1e-400"])
def test_a_number_that_is_no_amount_is_refused(text: str) -> None:
    row = shapes.Approvable(id="x", created_time="x", amount=Decimal(text))

    with pytest.raises(ValueError, match="amount"):
        wire.line_records(
            shapes.Approvable(
                id="x",
                created_time="x",
                bill_line_items=[shapes.Line(amount=row.amount)],
            )
        )


def test_amounts_leave_as_numbers() -> None:
    call = wire.create_call("Crud/Create/ApprovalPolicy", {"x": Decimal("2500.10")})

    assert call.form == {"data": '{"x":2500.10}'}


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2026-03-02T10:15:00.007+0000", timedelta()),
        ("2026-03-02T10:15:00.007Z", timedelta()),
        ("2026-03-02T10:15:00.007+00:00", timedelta()),
        ("2026-03-02T02:15:00.007-0800", timedelta(hours=-8)),
    ],
)
def test_times_keep_their_offset(text: str, offset: timedelta) -> None:
    found = wire.parse_instant(text)

    assert found == datetime(2026, 3, 2, 10, 15, 0, 7000, UTC)
    assert found.utcoffset() == offset


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-03-02",
        "2026-03-02T10:15:00.000",
        "0001-01-01T00:00:00.000+0000",
        "9999-12-31T00:00:00.000+0000",
        "2026-02-30T10:15:00.000+0000",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        wire.parse_instant(text)


@given(
    st.datetimes(
        min_value=datetime(1900, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(2999, 12, 30),  # noqa: DTZ001 - hypothesis adds the zone
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
    )
)
def test_an_instant_is_written_as_it_is_read(moment: datetime) -> None:
    """1.2: milliseconds, and `+0000`; finer parts are cut off."""
    text = wire.instant_text(moment)

    assert len(text) == len("2026-03-02T10:15:00.007+0000")
    assert text.endswith("+0000")
    assert timedelta() <= moment - wire.parse_instant(text) < timedelta(milliseconds=1)


@pytest.mark.parametrize("reference", ["0" * 20, None, ...])
def test_a_reference_to_nothing_is_nothing(reference: Any) -> None:
    """1.2: twenty zeros, not null."""
    found = record(vendorId=reference, related=...)

    assert found.counterparty is None
    assert found.title == "INV-7"


@pytest.mark.parametrize(
    ("related", "vendors", "name"),
    [
        ({"vendorId": {"name": "Told"}}, {VENDOR_ID: "Read"}, "Told"),
        (..., {VENDOR_ID: "Read"}, "Read"),
        ({}, {VENDOR_ID: "Read"}, "Read"),
        (..., {}, None),
        (..., {VENDOR_ID: None}, None),
        ({"vendorId": {"name": ""}}, {}, None),
        ({"vendorId": {}}, {}, None),
    ],
)
def test_a_vendors_name_is_told_or_read_and_never_made_up(
    related: Any, vendors: dict[str, str | None], name: str | None
) -> None:
    found = record(related=related, vendors=vendors)

    assert found.counterparty == CounterpartyRecord(source_id=VENDOR_ID, name=name)


@pytest.mark.parametrize(
    ("entity", "members", "title"),
    [
        (Entity.BILL, {}, "Demo Paper Ltd · INV-7"),
        (Entity.BILL, {"related": ...}, "INV-7"),
        (Entity.BILL, {"invoiceNumber": ""}, "Demo Paper Ltd"),
        (Entity.BILL, {"invoiceNumber": None, "related": ...}, "Bill"),
        (
            Entity.VENDOR_CREDIT,
            {"invoiceNumber": ..., "refNumber": "VC-1"},
            "Demo Paper Ltd · VC-1",
        ),
        (
            Entity.VENDOR_CREDIT,
            {"invoiceNumber": ..., "related": ...},
            "Vendor credit",
        ),
    ],
)
def test_a_title_is_what_is_known(
    entity: Entity, members: dict[str, Any], title: str
) -> None:
    assert record(entity, **members).title == title


def test_a_vendor_credit_has_its_own_date_and_no_due_date() -> None:
    found = record(
        Entity.VENDOR_CREDIT,
        invoiceDate=...,
        dueDate=...,
        dueAmount=...,
        creditDate="2026-03-05",
    )

    assert (found.kind, found.issue_date, found.due_date, found.amount_due) == (
        InvoiceKind.VENDOR_CREDIT,
        date(2026, 3, 5),
        None,
        None,
    )


def test_a_row_of_the_least_members_is_read() -> None:
    body = success([{"id": BILL_ID, "createdTime": "2026-03-02T10:15:00.000+0000"}])
    (row,) = wire.parse_rows(shapes.Approvable)(body)

    found = wire.invoice_record(row, Entity.BILL, vendors={}, tiers=None)

    assert (found.title, found.number, found.total, found.status) == (
        "Bill",
        None,
        None,
        InvoiceStatus.UNKNOWN,
    )
    assert wire.line_records(row) is None


@pytest.mark.parametrize(
    ("user", "name", "email"),
    [
        (None, None, None),
        (shapes.User(id=AMY), None, None),
        (shapes.User(id=AMY, first_name="Amy", email=""), "Amy", None),
        (shapes.User(id=AMY, first_name="", last_name="Lee"), "Lee", None),
        (shapes.User(id=AMY, first_name="Amy", last_name="Lee"), "Amy Lee", None),
    ],
)
def test_a_person_is_shown_as_far_as_they_are_known(
    user: shapes.User | None, name: str | None, email: str | None
) -> None:
    assert wire.user_record(AMY, user) == UserRecord(
        source_id=AMY, display_name=name, email=email
    )


# Ids.


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        (BILL_ID, Entity.BILL),
        ("vcr01DEMODEMODEMODE1", Entity.VENDOR_CREDIT),
        # The prefix of vendor credits is known second-hand only.
        ("xyz01DEMODEMODEMODE1", Entity.VENDOR_CREDIT),
        ("0" * 20, None),
        (AMY, None),
        ("00801DEMODEMODEMODEM", None),
        (VENDOR_ID, None),
        ("bli01DEMODEMODEMODE1", None),
        ("app01DEMODEMODEMODE1", None),
        ("apa01DEMODEMODEMODE1", None),
        ("0ca01DEMODEMODEMODE1", None),
        ("bac01DEMODEMODEMODE1", None),
        ("0ba01DEMODEMODEMODE1", None),
        ("0po01DEMODEMODEMODE1", None),
        (BILL_ID[:-1], None),
        (BILL_ID + "1", None),
        ("00n01DEMODEMO,MODE1A", None),
        ("00n01DEMODEMO MODE1A", None),
        ("00n01DEMODEMODEMODÉ1", None),
        ("00n01DEMODEMODEMOD\u06611", None),
        ("", None),
    ],
)
def test_an_id_tells_what_it_names(text: str, entity: Entity | None) -> None:
    """1.2: twenty letters and digits, whose first three are the entity's."""
    assert entity_of(text) is entity
    if entity is not None:
        assert is_id(text)


# Between the simulator and the wire.


async def test_amounts_are_exact_from_end_to_end(
    client: Client, bill_simulator: BillSimulator
) -> None:
    made = add_bill(
        bill_simulator.state,
        "2026-11-02T17:30:00.000+0000",
        amount=Decimal("90071992547409.93"),
        due_amount=Decimal("0.10"),
    )

    body = await client.execute(
        "query ($id: ID!) { invoiceBySource(provider: BILL, sourceId: $id) {"
        " total { amount currency } amountDue { amount } tax { amount }"
        " lines { quantity unitPrice { amount } total { amount } } } }",
        {"id": made.id},
    )

    assert body["data"]["invoiceBySource"] == {
        "total": {"amount": "90071992547409.93", "currency": None},
        "amountDue": {"amount": "0.10"},
        "tax": None,
        "lines": [
            {
                "quantity": str(line.quantity),
                "unitPrice": {"amount": str(line.unit_price)},
                "total": {"amount": str(line.amount)},
            }
            for line in made.bill_line_items
        ],
    }
