"""Ottimate's JSON: documented samples, and what its sources dispute."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.domain import (
    ApprovalState,
    ApproverRecord,
    ApproverStatus,
    AttachmentRecord,
    CounterpartyRecord,
    HistoryRecord,
    InvoiceDetailsRecord,
    InvoiceKind,
    InvoiceRecord,
    InvoiceStatus,
    LineRecord,
    MoneyRecord,
    PolicyRecord,
    ProviderName,
    UserRecord,
    encode_id,
)
from gateway.providers.ottimate import shapes, wire
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.providers.ottimate.simulator.state import STATUSES
from tests.providers.ottimate.test_simulator_desk import Desk
from tests.support import Client, Handler, RecordingTransport

SAMPLES = Path(__file__).parent / "samples"
PACIFIC = timezone(timedelta(hours=-8))
INVOICE_ID = "6f1c0a52-3d8e-4b7a-9c55-2e0b7d94a1f3"
OTTIMATE = ProviderName.OTTIMATE


class Sample(msgspec.Struct, forbid_unknown_fields=True):
    """A documented sample; *body* is kept to the letter."""

    source: str
    body: msgspec.Raw


def sample(name: str) -> bytes:
    """Return the body of a sample, as its file spells it."""
    text = (SAMPLES / f"{name}.json").read_bytes()
    return bytes(msgspec.json.decode(text, type=Sample).body)


def changed(body: bytes, **changes: Any) -> bytes:
    """Return a body of one object with other members; ``...`` leaves one out."""
    members = {**json.loads(body), **changes}
    kept = {name: value for name, value in members.items() if value is not ...}
    return json.dumps(kept).encode()


def row(**changes: Any) -> InvoiceRecord:
    """Return the record of the documented list item with other members."""
    page = json.loads(sample("invoices"))
    item = changed(json.dumps(page["results"][0]).encode(), **changes)
    body = b'{"count":1,"results":[' + item + b"]}"
    return wire.parse_invoices(body).invoices[0]


def approval(**changes: Any) -> ApproverRecord:
    """Return the record of the documented manual approver with other members."""
    listed = json.loads(sample("approvers_empty_policy"))
    item = changed(json.dumps(listed["approvers"][1]).encode(), **changes)
    return wire.parse_approvers(b'{"approvers":[' + item + b"]}", INVOICE_ID)[0]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_every_sample_names_its_source() -> None:
    sources = [
        msgspec.json.decode(path.read_bytes(), type=Sample).source
        for path in sorted(SAMPLES.glob("*.json"))
    ]

    assert len(sources) == 12
    assert all(source.startswith("Wire notes ") for source in sources)


def test_the_documented_list_item_is_read_whole() -> None:
    page = wire.parse_invoices(sample("invoices"))

    assert page == wire.InvoicePage(
        count=1,
        invoices=[
            InvoiceRecord(
                id=encode_id("Invoice", OTTIMATE, INVOICE_ID),
                provider=OTTIMATE,
                source_id=INVOICE_ID,
                kind=InvoiceKind.INVOICE,
                title="Northside Produce · HK-10077",
                number="HK-10077",
                status=InvoiceStatus.PENDING_APPROVAL,
                source_status="pending-approval",
                counterparty=CounterpartyRecord(
                    source_id=None, name="Northside Produce"
                ),
                location_name="Pier 4",
                total=MoneyRecord(amount=Decimal("6120.5"), currency="USD"),
                tax=MoneyRecord(amount=Decimal("0.0"), currency="USD"),
                amount_due=MoneyRecord(amount=Decimal("6120.5"), currency="USD"),
                issue_date=date(2026, 1, 30),
                due_date=date(2026, 3, 1),
                created_at=datetime(2026, 2, 1, 8, 11, 9, 551204, PACIFIC),
                updated_at=datetime(2026, 2, 2, 10, 0, 0, 1, PACIFIC),
                approved_at=None,
                url="https://dashboard.ottimate.example/invoices/48210377",
                attachments=[
                    AttachmentRecord(
                        name=None, url="https://cdn.ottimate.example/i/9001.pdf"
                    )
                ],
                approval_state=ApprovalState.PENDING,
                approvers_status=ApproverStatus.UNKNOWN,
            )
        ],
    )
    invoice = page.invoices[0]
    assert invoice.total is not None
    assert str(invoice.total.amount) == "6120.5"
    assert invoice.created_at.utcoffset() == timedelta(hours=-8)
    assert invoice.updated_at is not None
    assert invoice.updated_at.isoformat() == "2026-02-02T10:00:00.000001-08:00"


@pytest.mark.parametrize("form", ["approvers_empty_policy", "approvers_null_policy"])
def test_the_documented_approvers_are_read_whole_in_both_forms(form: str) -> None:
    """C3: a manual approver has a policy of empty text, or none."""
    by_policy = "pbjappr_0c5be0d2fd1311f0a4c20242ac120002"
    by_hand = "pbjappr_5e41a9f8fd2011f08d3c0242ac120002"
    policy_id = "plcy_9a77c2e0fd1011f0b1e90242ac120002"

    records = wire.parse_approvers(sample(form), INVOICE_ID)

    assert records == [
        ApproverRecord(
            id=encode_id("Approver", OTTIMATE, by_policy, INVOICE_ID),
            provider=OTTIMATE,
            source_id=by_policy,
            invoice_source_id=INVOICE_ID,
            user=UserRecord(
                source_id="140213", display_name="Ana Pires", email="ana@harbor.example"
            ),
            policy=PolicyRecord(
                id=encode_id("Policy", OTTIMATE, policy_id, INVOICE_ID),
                provider=OTTIMATE,
                source_id=policy_id,
                name="Over 5k",
            ),
            is_manual=False,
            added_at=datetime(2026, 2, 1, 8, 12, 44, 120931, PACIFIC),
            told_status=None,
            decided_at=None,
        ),
        ApproverRecord(
            id=encode_id("Approver", OTTIMATE, by_hand, INVOICE_ID),
            provider=OTTIMATE,
            source_id=by_hand,
            invoice_source_id=INVOICE_ID,
            user=UserRecord(
                source_id="140377", display_name="Lee", email="lee@harbor.example"
            ),
            policy=None,
            is_manual=True,
            added_at=datetime(2026, 2, 2, 9, 30, 1, 4410, PACIFIC),
            told_status=None,
            decided_at=None,
        ),
    ]
    offsets = {record.added_at.utcoffset() for record in records if record.added_at}
    assert offsets == {timedelta(hours=-8)}


def test_the_documented_token_is_read() -> None:
    assert wire.parse_token(sample("token")) == shapes.Token(
        access_token="q7Vd0cKxW2mYtB5nHs8LaPz4RfUj1e", expires_in=31_536_000
    )
    assert "q7Vd0c" not in repr(wire.parse_token(sample("token")))


def test_the_assumed_answer_to_an_added_approver_is_read() -> None:
    added = wire.parse_added_approver(sample("approver_added"))

    assert added == "pbjappr_5e41a9f8fd2011f08d3c0242ac120002"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"null", b"[]", b"{}", b'{"approver": null}', b'{"approver": 1}'],
)
def test_any_other_answer_to_an_added_approver_hides_its_id(body: bytes) -> None:
    assert wire.parse_added_approver(body) is None


@pytest.mark.parametrize("form", ["application", "validation", "front", "oauth"])
def test_errors_are_read_in_every_documented_form(form: str) -> None:
    body = sample(f"error_{form}")

    assert wire.parse_object(body) == json.loads(body)


@pytest.mark.parametrize("body", [b"", b"<html>", b'"text"', b"[1]", b"null", b"{"])
def test_an_error_of_no_form_has_no_members(body: bytes) -> None:
    assert wire.parse_object(body) == {}


def shape(value: object) -> object:
    """Return the keys and types of JSON; every dimension and date is alike."""
    if isinstance(value, dict):
        return {
            name: dict if name == "dimensions" else shape(one)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [shape(one) for one in value]
    return type(value)


def documented(name: str) -> Any:
    return json.loads(sample(name))


async def test_the_simulators_list_has_the_documented_shape(desk: Desk) -> None:
    query = f"/invoices?invoice_ids={desk.invoice('INV-1003').id}"
    # The documented invoice was changed by a person.
    await desk.on("PATCH", "INV-1003", json={"notes": "x"})
    wanted = documented("invoices")

    answer = (await desk.call("GET", query)).json()

    assert shape(answer) == shape(wanted)


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("empty_object", "approvers_empty_policy"),
        ("null", "approvers_null_policy"),
    ],
)
async def test_the_simulators_approvers_have_the_documented_shape(
    desk: Desk, form: str, name: str
) -> None:
    desk.switch(manual_policy=form)

    answer = await desk.on("GET", "INV-1001", "/approvers")

    assert shape(answer.json()) == shape(documented(name))


async def test_the_simulators_writes_answer_in_the_documented_shapes(
    desk: Desk,
) -> None:
    body = {"approver_id": "140213"}
    added = await desk.on("POST", "INV-1002", "/approvers", json=body)
    record = added.json()["approver"]["id"]
    removed = await desk.on(
        "DELETE", "INV-1002", "/approvers", params={"approval_id": record}
    )
    approved = await desk.on("POST", "INV-1002", "/approve")
    flagged = await desk.on("POST", "INV-1002", "/flag", json={})

    assert shape(added.json()) == shape(documented("approver_added"))
    assert removed.json() == documented("approver_removed")
    assert shape(approved.json()) == shape(documented("approved"))
    assert shape(flagged.json()) == shape(documented("flagged"))
    for answer, name in ((approved, "approved"), (flagged, "flagged")):
        assert answer.json()["message"] == documented(name)["message"]
        assert (
            answer.json()["invoice"]["status"] == documented(name)["invoice"]["status"]
        )


async def test_the_simulators_errors_and_tokens_have_the_documented_shapes(
    desk: Desk,
) -> None:
    token = await desk.token_call()
    absent = await desk.call("GET", "/invoices/none")
    invalid = await desk.on("POST", "INV-1002", "/approvers", json={})
    front = await desk.call("GET", "/invoices", headers={"X-Api-Key": "unknown"})
    desk.switch(token_error_form="oauth")
    oauth = await desk.token_call(client_secret="wrong")

    assert shape(token.json()) == shape(documented("token"))
    assert len(token.json()["access_token"]) == len(documented("token")["access_token"])
    assert shape(absent.json()) == shape(documented("error_application"))
    assert absent.json()["code"] == documented("error_application")["code"]
    assert shape(invalid.json()) == shape(documented("error_validation"))
    assert invalid.json()["message"] == documented("error_validation")["message"]
    assert front.json() == documented("error_front")
    assert shape(oauth.json()) == shape(documented("error_oauth"))
    assert oauth.json()["error"] == documented("error_oauth")["error"]


# What the sources dispute (section 0.1 of the notes), in both forms.


@pytest.mark.parametrize("source_id", [INVOICE_ID, "48210377", "0048210377"])
def test_an_id_is_kept_as_it_stands(source_id: str) -> None:
    """C2: opaque text; a UUID in one place, digits in another."""
    found = row(id=source_id)

    assert found.source_id == source_id
    assert found.id == encode_id("Invoice", OTTIMATE, source_id)


def test_an_approvers_user_id_is_text_in_both_forms() -> None:
    """3.4: text of digits here, a number in history; compare as text."""
    as_text = approval(approver={"id": "140377"})
    as_number = approval(approver={"id": 140377})

    assert as_text == as_number
    assert as_text.user == UserRecord(source_id="140377", display_name=None, email=None)


@pytest.mark.parametrize(
    "policy",
    [
        ...,
        None,
        {},
        {"id": None, "name": None},
        {"id": "", "name": ""},
        {"id": "", "name": "Over 5k"},
    ],
)
def test_a_record_without_a_policys_id_was_added_by_hand(policy: object) -> None:
    """C3: null, missing, or an empty id."""
    record = approval(policy=policy)

    assert (record.policy, record.is_manual) == (None, True)


@pytest.mark.parametrize("name", [..., None, ""])
def test_a_policy_may_have_no_name(name: object) -> None:
    policy = {"id": "plcy_1", "name": name}
    if name is ...:
        del policy["name"]

    record = approval(policy=policy)

    assert record.policy is not None
    assert (record.policy.source_id, record.policy.name) == ("plcy_1", None)
    assert not record.is_manual


@pytest.mark.parametrize(
    ("expires_in", "scope"),
    [
        (31_536_000, "accounts.can_access_dashboard"),
        (3600, "accounts.can_access_dashboard another.scope"),
        ("3600", ...),
        (3599.5, None),
    ],
)
def test_a_token_lasts_as_long_as_it_says(expires_in: object, scope: object) -> None:
    """C4: the examples disagree, so the reply decides."""
    body = changed(sample("token"), expires_in=expires_in, scope=scope)

    assert wire.parse_token(body).expires_in == float(str(expires_in))


@pytest.mark.parametrize("missing", ["access_token", "expires_in"])
def test_a_token_without_its_text_or_its_lifetime_is_not_understood(
    missing: str,
) -> None:
    with pytest.raises(msgspec.ValidationError):
        wire.parse_token(changed(sample("token"), **{missing: ...}))


@pytest.mark.parametrize(
    ("members", "number"),
    [
        ({"invoice_number": "A", "number": ...}, "A"),
        ({"invoice_number": ..., "number": "B"}, "B"),
        ({"invoice_number": None, "number": "B"}, "B"),
        ({"invoice_number": "A", "number": "B"}, "A"),
        ({"invoice_number": ...}, None),
        ({"invoice_number": None}, None),
        ({"invoice_number": ""}, None),
    ],
)
def test_a_number_is_read_under_either_name(
    members: dict[str, Any], number: str | None
) -> None:
    """C8: `invoice_number` in the list, `number` in the single read."""
    found = row(**members)

    assert found.number == number
    title = f"Northside Produce · {number}" if number else "Northside Produce"
    assert found.title == title


@pytest.mark.parametrize("approved_date", [None, "", ...])
def test_no_date_of_approval_is_none_in_both_forms(approved_date: object) -> None:
    assert row(approved_date=approved_date).approved_at is None
    assert row(approved_date="2026-02-03T09:05:11.204913-08:00").approved_at == (
        datetime(2026, 2, 3, 9, 5, 11, 204913, PACIFIC)
    )


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", None, ..., 2])
def test_a_version_does_not_matter(version: object) -> None:
    expected = wire.parse_invoices(sample("invoices"))

    body = changed(sample("invoices"), version=version)

    assert wire.parse_invoices(body) == expected


@pytest.mark.parametrize("items", [None, ...])
def test_lines_that_are_not_told_are_none(items: object) -> None:
    """C13: the reference's single read has no `items`."""
    body = changed(b'{"id":"1","currency":"USD"}', items=items)

    details = wire.parse_details(body)

    assert details == InvoiceDetailsRecord(lines=None, history=None)
    assert wire.parse_details(b'{"id":"1","items":[]}').lines == []


def test_unknown_members_are_ignored() -> None:
    """3.4: unknown fields may appear at any time."""
    assert row(surprise={"a": [1]}) == row()
    assert approval(surprise=None) == approval()


def test_the_single_read_adds_lines_and_history_oldest_first() -> None:
    body = b"""{"id": "1", "currency": "EUR",
      "items": [
        {"id": 3300001, "name": "Romaine 24ct", "sku": null, "quantity": 40,
         "price": 22.5, "extended_price": 900.0},
        {"id": 3300002}],
      "history": [
        {"id": 2, "date": "2026-02-02T01:00:00+02:00", "reason": "flagged",
         "message": "price", "user": {"id": 140213, "email": "ap@harbor.example",
         "first_name": "Ana", "last_name": "Pires"}},
        {"id": 1, "date": "2026-02-01T22:30:00Z", "reason": "uploaded",
         "message": "", "user": null},
        {"id": 3, "date": "2026-02-03T00:00:00.5-08:00",
         "user": {"first_name": "", "last_name": ""}}]}"""

    details = wire.parse_details(body)

    assert details == InvoiceDetailsRecord(
        lines=[
            LineRecord(
                description="Romaine 24ct",
                quantity=Decimal(40),
                unit_price=MoneyRecord(amount=Decimal("22.5"), currency="EUR"),
                total=MoneyRecord(amount=Decimal("900.0"), currency="EUR"),
            ),
            LineRecord(description=None, quantity=None, unit_price=None, total=None),
        ],
        history=[
            HistoryRecord(
                at=datetime(2026, 2, 1, 22, 30, tzinfo=UTC),
                event="uploaded",
                user=None,
                message=None,
            ),
            HistoryRecord(
                at=datetime(2026, 2, 2, 1, tzinfo=timezone(timedelta(hours=2))),
                event="flagged",
                user=UserRecord(
                    source_id="140213",
                    display_name="Ana Pires",
                    email="ap@harbor.example",
                ),
                message="price",
            ),
            HistoryRecord(
                at=datetime(2026, 2, 3, 0, 0, 0, 500_000, PACIFIC),
                event=None,
                user=UserRecord(source_id=None, display_name=None, email=None),
                message=None,
            ),
        ],
    )
    assert details.history is not None
    assert [event.at.isoformat() for event in details.history] == [
        "2026-02-01T22:30:00+00:00",
        "2026-02-02T01:00:00+02:00",
        "2026-02-03T00:00:00.500000-08:00",
    ]


STATUS_TABLE = {
    "processing": ("PROCESSING", "UNKNOWN", "UPCOMING"),
    "incomplete": ("INCOMPLETE", "UNKNOWN", "UPCOMING"),
    "needs-attention": ("NEEDS_ATTENTION", "UNKNOWN", "UPCOMING"),
    "pending-approval": ("PENDING_APPROVAL", "PENDING", "UNKNOWN"),
    "approved": ("APPROVED", "APPROVED", "UNKNOWN"),
    "ready-for-export": ("APPROVED", "APPROVED", "UNKNOWN"),
    "exported": ("EXPORTED", "APPROVED", "UNKNOWN"),
    "archived": ("ARCHIVED", "UNKNOWN", "UNKNOWN"),
    # C11: an older page spells with underscores; hyphens only.
    "pending_approval": ("UNKNOWN", "UNKNOWN", "UNKNOWN"),
    "a-status-of-tomorrow": ("UNKNOWN", "UNKNOWN", "UNKNOWN"),
    "": ("UNKNOWN", "UNKNOWN", "UNKNOWN"),
}


@pytest.mark.parametrize("status", STATUS_TABLE)
def test_a_status_is_kept_and_says_no_more_than_it_proves(status: str) -> None:
    found = row(status=status)

    assert found.source_status == status
    assert (
        found.status.value,
        found.approval_state.value,
        found.approvers_status.value,
    ) == STATUS_TABLE[status]


def test_every_documented_status_is_in_the_table() -> None:
    assert set(STATUSES) <= set(STATUS_TABLE)


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("invoice", "INVOICE"),
        ("credit_memo", "CREDIT_MEMO"),
        ("other", "UNKNOWN"),
        ("new", "UNKNOWN"),
        (None, "UNKNOWN"),
        (..., "UNKNOWN"),
    ],
)
def test_a_kind_is_one_of_ours_or_unknown(type_: object, kind: str) -> None:
    assert row(type=type_).kind == kind


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("pending", ApproverStatus.PENDING),
        ("approved", ApproverStatus.APPROVED),
        ("delegated", ApproverStatus.UNKNOWN),
        (None, None),
        (..., None),
    ],
)
def test_a_status_of_an_approver_is_told_or_none(
    status: object, told: ApproverStatus | None
) -> None:
    """5.9: a client uses such a field when it is there."""
    record = approval(status=status, approved_date="2026-02-03T10:00:00Z")

    assert record.told_status is told
    assert record.decided_at == datetime(2026, 2, 3, 10, tzinfo=UTC)
    assert approval(status=status, approved_date=None).decided_at is None


BARE = {
    "id": "1",
    "status": "incomplete",
    "created_at": "2026-02-01T16:11:09Z",
}


@pytest.mark.parametrize("absent", [..., None])
def test_an_invoice_may_have_its_required_members_alone(absent: object) -> None:
    names = documented("invoices")["results"][0].keys() - BARE.keys()

    found = row(**{**dict.fromkeys(names, absent), **BARE})

    assert found == InvoiceRecord(
        id=encode_id("Invoice", OTTIMATE, "1"),
        provider=OTTIMATE,
        source_id="1",
        kind=InvoiceKind.UNKNOWN,
        title="Invoice",
        number=None,
        status=InvoiceStatus.INCOMPLETE,
        source_status="incomplete",
        counterparty=None,
        location_name=None,
        total=None,
        tax=None,
        amount_due=None,
        issue_date=None,
        due_date=None,
        created_at=datetime(2026, 2, 1, 16, 11, 9, tzinfo=UTC),
        updated_at=None,
        approved_at=None,
        url=None,
        attachments=[],
        approval_state=ApprovalState.UNKNOWN,
        approvers_status=ApproverStatus.UPCOMING,
    )


def test_empty_text_is_no_date() -> None:
    """Empty text stands for "none" in approver records, so perhaps elsewhere."""
    found = row(invoice_date="", due_date="", last_modified_date="")

    assert (found.issue_date, found.due_date, found.updated_at) == (None, None, None)
    assert approval(approved_date="").decided_at is None


@pytest.mark.parametrize("text", ["30.01.2026", "2026-02-30", "soon"])
@pytest.mark.parametrize(
    "member", ["invoice_date", "due_date", "last_modified_date", "approved_date"]
)
def test_a_date_of_another_form_is_not_understood(member: str, text: str) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError)):
        row(**{member: text})


def test_an_approver_is_asked_for_by_text() -> None:
    """5.10 (A!): the body's form."""
    assert wire.add_approver_body("140377") == {"approver_id": "140377"}


@pytest.mark.parametrize("name", ["approved", "approver_added", "approver_removed"])
def test_the_assumed_answers_acknowledge_a_write(name: str) -> None:
    assert wire.acknowledges(sample(name))


@pytest.mark.parametrize(
    ("body", "is_acknowledged"),
    [
        (b"", True),
        (b" \n", True),
        (b'{"success":true}', True),
        (b"{}", False),
        (b'{"message":"ok"}', False),
        (b"<html>", False),
        (b"[]", False),
        (b"\xff", False),
        (b"[" * 100_000, False),
    ],
)
def test_an_answer_of_something_in_between_acknowledges_nothing(
    body: bytes, is_acknowledged: bool
) -> None:
    assert wire.acknowledges(body) == is_acknowledged


@pytest.mark.parametrize("currency", [None, "", ...])
def test_an_amount_without_its_currency_stands(currency: object) -> None:
    found = row(currency=currency, ottimate_vendor_name="")

    assert found.total == MoneyRecord(amount=Decimal("6120.5"), currency=None)
    assert (found.counterparty, found.title) == (None, "HK-10077")


@pytest.mark.parametrize("member", ["id", "status", "created_at"])
@pytest.mark.parametrize("value", [..., None, 5])
def test_a_list_item_without_a_required_member_is_not_understood(
    member: str, value: object
) -> None:
    with pytest.raises(msgspec.ValidationError):
        row(**{member: value})


NAIVE = "2026-02-01T08:11:09.551204"


@pytest.mark.parametrize(
    "member", ["created_at", "approved_date", "last_modified_date"]
)
def test_a_time_without_an_offset_is_not_understood(member: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        row(**{member: NAIVE})


def test_a_time_without_an_offset_is_not_understood_elsewhere() -> None:
    with pytest.raises(msgspec.ValidationError):
        approval(created_date=NAIVE)
    with pytest.raises(msgspec.ValidationError):
        approval(approved_date=NAIVE)
    with pytest.raises(msgspec.ValidationError):
        wire.parse_details(f'{{"id":"1","history":[{{"date":"{NAIVE}"}}]}}'.encode())


@pytest.mark.parametrize(
    "text",
    [
        "0.1",
        "0.30000000000000004",
        "123456789012345.6789",
        "-6120.50",
        "1e3",
        "12",
        '"24.99"',
    ],
)
def test_an_amount_is_read_as_it_is_written(text: str) -> None:
    """3.4: never through binary floating point; some replies write text."""
    body = sample("invoices").replace(
        b'"total_amount": 6120.5', f'"total_amount": {text}'.encode()
    )

    total = wire.parse_invoices(body).invoices[0].total

    assert total is not None
    assert total.amount == Decimal(text.strip('"'))


def test_the_words_of_a_filter_are_those_of_the_records() -> None:
    for status in InvoiceStatus:
        words = [word for word in STATUSES if STATUS_TABLE[word][0] == status.value]
        assert wire.source_statuses([status], None) == words
    for state in ApprovalState:
        words = [word for word in STATUSES if STATUS_TABLE[word][1] == state.value]
        assert wire.source_statuses(None, [state]) == words
    assert wire.source_statuses(None, None) == list(STATUSES)
    assert wire.source_statuses([], None) == []
    both = wire.source_statuses([InvoiceStatus.EXPORTED], [ApprovalState.PENDING])
    assert both == []


# Through the whole application.

AMOUNTS = """
query ($search: String) {
  invoices(filter: {search: $search, providers: [OTTIMATE]}) {
    nodes {
      total { amount } tax { amount } amountDue { amount }
      lines { quantity unitPrice { amount } total { amount } }
    }
  }
}
"""

amounts = st.decimals(
    min_value=Decimal(-10) ** 9,
    max_value=Decimal(10) ** 9,
    places=4,
    allow_nan=False,
    allow_infinity=False,
)


def json_text(amount: Decimal) -> str:
    """Return how a JSON number without a trailing zero too many writes *amount*."""
    text = format(amount.normalize(), "f")
    return text if "." in text else f"{text}.0"


@given(total=amounts, tax=amounts, outstanding=amounts, price=amounts)
@hypothesis_settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_every_amount_arrives_as_it_was_written(
    client: Client,
    simulator: OttimateSimulator,
    total: Decimal,
    tax: Decimal,
    outstanding: Decimal,
    price: Decimal,
) -> None:
    invoice = simulator.state.numbered("INV-1001")
    invoice.total, invoice.tax, invoice.outstanding = total, tax, outstanding
    invoice.items = invoice.items[:1]
    invoice.items[0].price, invoice.items[0].quantity = price, Decimal("2.5")

    body = await client.execute(AMOUNTS, {"search": "INV-1001"})

    assert body["data"]["invoices"]["nodes"] == [
        {
            "total": {"amount": json_text(total)},
            "tax": {"amount": json_text(tax)},
            "amountDue": {"amount": json_text(outstanding)},
            "lines": [
                {
                    "quantity": "2.5",
                    "unitPrice": {"amount": json_text(price)},
                    "total": {"amount": json_text(price * Decimal("2.5"))},
                }
            ],
        }
    ]


TIMES = """
query ($id: ID!) {
  invoiceBySource(provider: OTTIMATE, sourceId: $id) {
    createdAt
    updatedAt
    approvedAt
    approvers { addedAt decidedAt }
    history { at }
  }
}
"""


async def test_times_keep_the_offset_that_ottimate_gave(
    client: Client,
    simulator: OttimateSimulator,
    switch: Callable[..., None],
) -> None:
    switch(approver_status_field=True)
    invoice = simulator.state.numbered("INV-1024")

    body = await client.execute(TIMES, {"id": invoice.id})

    shown = body["data"]["invoiceBySource"]
    texts = [shown["createdAt"], shown["updatedAt"], shown["approvedAt"]]
    texts += [one[name] for one in shown["approvers"] for name in one]
    texts += [one["at"] for one in shown["history"]]
    assert all(text is None or text.endswith("-08:00") for text in texts)
    assert datetime.fromisoformat(texts[0]) == invoice.created_at
    assert datetime.fromisoformat(texts[1]) == invoice.modified_at
    assert datetime.fromisoformat(texts[2]) == invoice.approved_at
    assert len(shown["history"]) == len(invoice.history)


def spoils(member: bytes) -> Callable[[httpx.Request, Handler], Any]:
    """Return an interceptor that takes the offset from the times of *member*."""

    async def spoil(request: httpx.Request, upstream: Handler) -> httpx.Response:
        answer = await upstream(request)
        parts = (await answer.aread()).split(b'"' + member + b'":"')
        body = (b'"' + member + b'":"').join(
            part.replace(b'-08:00"', b'"', 1) if at else part
            for at, part in enumerate(parts)
        )
        return httpx.Response(answer.status_code, content=body)

    return spoil


async def test_a_time_without_an_offset_costs_its_own_field_alone(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    first = simulator.state.numbered("INV-1002")
    call = f"GET /invoices/{first.id}/approvers"
    ottimate.interceptors[call] = spoils(b"created_date")

    body = await client.execute(
        '{invoices(filter: {search: "INV-100", providers: [OTTIMATE]}, first: 2) {'
        "  nodes { number approvers { addedAt } lines { quantity } } } }"
    )

    shown = body["data"]["invoices"]["nodes"]
    assert [one["number"] for one in shown] == ["INV-1001", "INV-1002"]
    assert [one["approvers"] is None for one in shown] == [False, True]
    assert all(one["lines"] for one in shown)
    assert [
        (error["path"], error["extensions"]["code"]) for error in body["errors"]
    ] == [(["invoices", "nodes", 1, "approvers"], "UPSTREAM_RESPONSE_INVALID")]


async def test_a_time_without_an_offset_in_history_costs_the_single_read_alone(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    invoice = simulator.state.numbered("INV-1002")
    ottimate.interceptors[f"GET /invoices/{invoice.id}"] = spoils(b"date")

    body = await client.execute(TIMES, {"id": invoice.id})

    shown = body["data"]["invoiceBySource"]
    assert shown["history"] is None
    assert shown["createdAt"].endswith("-08:00")
    assert len(shown["approvers"]) == 1
    assert [error["path"] for error in body["errors"]] == [
        ["invoiceBySource", "history"]
    ]
    assert body["errors"][0]["extensions"]["code"] == "UPSTREAM_RESPONSE_INVALID"


async def test_a_time_without_an_offset_in_the_list_is_named_by_its_source(
    client: Client, ottimate: RecordingTransport
) -> None:
    ottimate.interceptors["GET /invoices"] = spoils(b"created_at")

    body = await client.execute(
        "{ invoices(first: 3, filter: {providers: [OTTIMATE]}) "
        "{ nodes { id } sources { ok error { code } } } }"
    )

    assert body["data"]["invoices"] == {
        "nodes": None,
        "sources": [{"ok": False, "error": {"code": "UPSTREAM_RESPONSE_INVALID"}}],
    }
    assert [error["extensions"]["code"] for error in body["errors"]] == [
        "UPSTREAM_RESPONSE_INVALID"
    ]


IN_BOTH_FORMS = """
query ($id: ID!) {
  invoiceBySource(provider: OTTIMATE, sourceId: $id) {
    number approvedAt lines { description } approvers { isManual policy { name } }
  }
}
"""


@pytest.mark.parametrize("manual_policy", ["empty_object", "null", "missing"])
@pytest.mark.parametrize("unset_approved_date", ["null", "missing"])
@pytest.mark.parametrize("items_in_detail", [True, False])
async def test_every_form_of_the_wire_gives_the_same_graph(
    client: Client,
    simulator: OttimateSimulator,
    switch: Callable[..., None],
    manual_policy: str,
    unset_approved_date: str,
    items_in_detail: bool,
) -> None:
    switch(
        manual_policy=manual_policy,
        unset_approved_date=unset_approved_date,
        items_in_detail=items_in_detail,
    )
    invoice = simulator.state.numbered("INV-1001")

    body = await client.execute(IN_BOTH_FORMS, {"id": invoice.id})

    lines = [{"description": item.name} for item in invoice.items]
    assert body == {
        "data": {
            "invoiceBySource": {
                "number": "INV-1001",
                "approvedAt": None,
                "lines": lines if items_in_detail else None,
                "approvers": [
                    {"isManual": False, "policy": {"name": "Minimum Approvals"}},
                    {"isManual": True, "policy": None},
                ],
            }
        }
    }


async def test_an_invoice_whose_id_is_digits_is_found_and_asked_about(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    """C2: an id is opaque text."""
    state = simulator.state
    invoice = state.numbered("INV-1001")
    del state.invoices[invoice.id]
    invoice.id = str(invoice.number_id)
    state.add(invoice)

    body = await client.execute(IN_BOTH_FORMS, {"id": invoice.id})

    assert body["data"]["invoiceBySource"]["number"] == "INV-1001"
    assert len(body["data"]["invoiceBySource"]["approvers"]) == 2
    assert sorted(ottimate.calls) == [
        "GET /invoices",
        f"GET /invoices/{invoice.id}",
        f"GET /invoices/{invoice.id}/approvers",
    ]


@pytest.mark.parametrize("form", ["integer", "upper_case"])
async def test_another_spelling_of_an_id_is_no_fault_and_costs_its_neighbours_nothing(
    client: Client, simulator: OttimateSimulator, form: str
) -> None:
    """C2: Ottimate answers to an integer id as well, and to any case of a UUID."""
    first, second = (simulator.state.numbered(f"INV-100{one}") for one in (1, 2))
    other = str(first.number_id) if form == "integer" else first.id.upper()

    body = await client.execute(
        "query ($a: ID!, $b: ID!) {"
        "  a: invoiceBySource(provider: OTTIMATE, sourceId: $a) { sourceId }"
        "  b: invoiceBySource(provider: OTTIMATE, sourceId: $b) { sourceId } }",
        {"a": other, "b": second.id},
    )

    assert "errors" not in body
    assert body["data"]["a"] in (None, {"sourceId": first.id})
    assert body["data"]["b"] == {"sourceId": second.id}
