"""The one decision: an approval, sent once, with exactly the documented body."""

import asyncio
from collections.abc import Callable
from datetime import date

import msgspec
import pytest
from structlog.testing import capture_logs

from gateway.providers.accounteer.simulator.directory import (
    MORE_SUPPLIERS,
    SECOND_CLIENT,
)
from gateway.providers.accounteer.simulator.objects import Document
from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import (
    Row,
    approve_call,
    bare_id,
    before,
    contact_call,
    read_call,
)
from tests.providers.accounteer.deciding import (
    ABSENT,
    CHANGED_MEANWHILE,
    DECIDE,
    NO_DRAFT,
    STALE,
    Office,
    error,
    payload,
    shown,
)
from tests.providers.accounteer.reading import BY_SOURCE

KINDS = pytest.mark.parametrize("kind", ["invoice", "purchase"])


def reprice(state: State, document: Document) -> None:
    state.reprice(document, 101)


def add_line(state: State, document: Document) -> None:
    state.add_line(document, 0, title="Another")


def retitle(state: State, document: Document) -> None:
    line = document.items[0]
    document.items[0] = msgspec.structs.replace(line, title="Other work")


def redate(state: State, document: Document) -> None:
    document.date_issued = date(2026, 10, 21)


def defer(state: State, document: Document) -> None:
    document.date_due = date(2027, 1, 1)


def exchange(state: State, document: Document) -> None:
    document.currency = "USD"


def redirect(state: State, document: Document) -> None:
    document.contact_id = (
        SECOND_CLIENT
        if document.kind == "invoice"
        else MORE_SUPPLIERS["Halden Software"]
    )


def stale(message: str) -> Row:
    return error("STALE", message, ["input", "expectedVersion"])


EDITS = [reprice, add_line, retitle, redate, defer, exchange, redirect]


@KINDS
async def test_an_approval_is_one_read_and_one_write(office: Office, kind: str) -> None:
    draft = office.draft(kind)

    answer = await office.send(draft, clientMutationId="abc")

    assert draft.status == "approved"
    assert answer == {
        **payload("APPLIED", shown(draft, "APPROVED")),
        "clientMutationId": "abc",
    }
    office.check_sent_once(draft)
    # Before it a fresh read, after it what the payload shows.
    assert office.accounteer.calls == [
        read_call(draft),
        approve_call(draft),
        read_call(draft),
        contact_call(draft),
    ]
    [request] = [one for one in office.accounteer.requests if one.method == "POST"]
    assert request.headers["content-type"] == "application/json"
    assert request.url.query == b""


@KINDS
@pytest.mark.parametrize("versioned", [True, False])
async def test_an_id_without_a_collection_decides_nothing(
    office: Office, kind: str, versioned: bool
) -> None:
    """The graph never gives such an id out: it does not say what is meant."""
    draft = office.draft(kind)
    expected = (await office.look(draft))["version"] if versioned else None
    wanted = {"id": bare_id(draft), "decision": "APPROVE", "expectedVersion": expected}

    body = await office.client.execute(DECIDE, {"input": {"decisions": [wanted]}})

    field = ["input", "decisions", "0", "id"]
    assert body == {
        "data": {
            "decide": {
                "results": [
                    {
                        "outcome": "REFUSED",
                        "userErrors": [error("NOT_FOUND", ABSENT, field)],
                    }
                ],
                "userErrors": [],
            }
        }
    }
    assert office.accounteer.calls == []
    assert draft.status == "draft"


@KINDS
async def test_what_is_found_by_its_source_is_approved(
    office: Office, kind: str
) -> None:
    draft = office.draft(kind)
    found = await office.client.execute(BY_SOURCE, {"id": draft.id})
    office.accounteer.clear()

    answer = await office.send(draft, id=found["data"]["invoiceBySource"]["id"])

    assert answer["outcome"] == "APPLIED"
    office.check_sent_once(draft)


@KINDS
async def test_what_was_looked_at_is_approved(office: Office, kind: str) -> None:
    draft = office.draft(kind)
    seen = await office.look(draft)

    answer = await office.send(draft, expectedVersion=seen["version"])

    assert answer == payload("APPLIED", shown(draft, "APPROVED"))
    office.check_sent_once(draft)
    # The number that came with the approval is no part of what was looked at.
    assert draft.document_number != "-"
    assert (await office.look(draft))["version"] == seen["version"]


@KINDS
@pytest.mark.parametrize("edit", EDITS)
async def test_what_was_changed_since_the_look_is_not_approved(
    office: Office, kind: str, edit: Callable[[State, Document], None]
) -> None:
    """6.4, 1: the last check is on a fresh read."""
    draft = office.draft(kind)
    seen = await office.look(draft)
    edit(office.simulator.state, draft)

    answer = await office.send(draft, expectedVersion=seen["version"])

    assert answer == payload("REFUSED", shown(draft, "DRAFT", "APPROVE"), stale(STALE))
    office.check_nothing_sent(draft)


@KINDS
@pytest.mark.parametrize("status", ["approved", "paid"])
async def test_what_was_changed_and_approved_by_another_is_stale(
    office: Office, kind: str, status: str
) -> None:
    draft = office.draft(kind)
    seen = await office.look(draft)
    reprice(office.simulator.state, draft)
    draft.status = status

    answer = await office.send(draft, expectedVersion=seen["version"])

    assert (answer["outcome"], answer["userErrors"]) == (
        "REFUSED",
        [stale(STALE)],
    )
    office.check_nothing_sent(draft, status)


async def test_a_change_of_what_does_not_count_stops_no_approval(
    office: Office,
) -> None:
    draft = office.draft("invoice")
    seen = await office.look(draft)
    draft.reference, draft.date_updated = "PO-9", date(2026, 11, 2)
    draft.document_number = "INV-00001"

    answer = await office.send(draft, expectedVersion=seen["version"])

    assert answer["outcome"] == "APPLIED"
    office.check_sent_once(draft)


@pytest.mark.parametrize("expected", ["", "1.other", "0"])
async def test_a_version_that_is_none_is_stale(office: Office, expected: str) -> None:
    draft = office.draft("invoice")

    answer = await office.send(draft, expectedVersion=expected)

    assert answer["userErrors"] == [stale(STALE)]
    office.check_nothing_sent(draft)


@KINDS
@pytest.mark.parametrize("status", ["approved", "paid"])
@pytest.mark.parametrize("versioned", [True, False])
async def test_what_is_approved_already_is_not_sent(
    office: Office, kind: str, status: str, versioned: bool
) -> None:
    draft = office.draft(kind, status=status)
    seen = await office.look(draft)
    expected = {"expectedVersion": seen["version"]} if versioned else {}

    answer = await office.send(draft, **expected)

    assert answer == payload("ALREADY_APPLIED", shown(draft, status.upper()))
    office.check_nothing_sent(draft, status)


@KINDS
@pytest.mark.parametrize("status", ["in_review", "", "Draft", "sent", "void"])
async def test_a_status_that_is_not_known_is_not_approved(
    office: Office, kind: str, status: str
) -> None:
    """4.1: anything else is not approvable."""
    draft = office.draft(kind, status=status)

    answer = await office.send(draft)

    assert answer == payload(
        "REFUSED", shown(draft, "UNKNOWN"), error("CONFLICT", NO_DRAFT)
    )
    office.check_nothing_sent(draft, status)
    assert office.accounteer.calls[0] == read_call(draft)


@KINDS
async def test_who_comes_second_finds_it_approved(office: Office, kind: str) -> None:
    draft = office.draft(kind)

    answers = await asyncio.gather(office.send(draft), office.send(draft))

    outcomes = sorted(one["outcome"] for one in answers)
    assert outcomes == ["ALREADY_APPLIED", "APPLIED"]
    assert [one["userErrors"] for one in answers] == [[], []]
    # Within one gateway the second waits for the first, and needs no call.
    office.check_sent_once(draft)


async def test_who_comes_second_may_be_let_through(
    office: Office, switch_accounteer: Callable[..., None]
) -> None:
    """5.4: 200 with the unchanged object, for exactly this body."""
    switch_accounteer(lenient_double_approve=True)
    draft = office.draft("invoice")

    def forestall() -> None:
        draft.status = "approved"

    office.accounteer.interceptors[approve_call(draft)] = before(forestall)

    answer = await office.send(draft)

    assert answer == payload("APPLIED", shown(draft, "APPROVED"))
    office.check_sent_once(draft)


@KINDS
@pytest.mark.parametrize("code", [409, 422])
async def test_what_another_approves_meanwhile_is_applied_already(
    office: Office, switch_accounteer: Callable[..., None], kind: str, code: int
) -> None:
    switch_accounteer(state_refusal_status=code)
    draft = office.draft(kind)

    def forestall() -> None:
        draft.status = "approved"

    office.accounteer.interceptors[approve_call(draft)] = before(forestall)

    answer = await office.send(draft)

    assert answer == payload("ALREADY_APPLIED", shown(draft, "APPROVED"))
    office.check_sent_once(draft)


@KINDS
@pytest.mark.parametrize("versioned", [True, False])
async def test_what_is_changed_under_the_approval_is_told_of(
    office: Office,
    switch_accounteer: Callable[..., None],
    kind: str,
    versioned: bool,
) -> None:
    """6.3: the edited version is approved, and the API gives no guard."""
    switch_accounteer(fault="edited_before_approve")
    draft = office.draft(kind)
    seen = await office.look(draft)
    expected = {"expectedVersion": seen["version"]} if versioned else {}

    with capture_logs() as logs:
        answer = await office.send(draft, **expected)

    assert answer == payload(
        "APPLIED", shown(draft, "APPROVED"), error("CONFLICT", CHANGED_MEANWHILE)
    )
    office.check_sent_once(draft)
    [line] = [one for one in logs if one["event"] == "decision"]
    now = (await office.look(draft))["version"]
    assert now != seen["version"]
    assert (line["outcome"], line["code"], line["version"]) == (
        "APPLIED",
        "CONFLICT",
        now,
    )


@KINDS
@pytest.mark.parametrize("code", [200, 201, 202])
async def test_any_success_with_the_document_is_one(
    office: Office, switch_accounteer: Callable[..., None], kind: str, code: int
) -> None:
    switch_accounteer(approve_status_code=code, document_number_at_approval="dash")
    draft = office.draft(kind)

    answer = await office.send(draft)

    assert answer == payload("APPLIED", shown(draft, "APPROVED"))
    assert 0.0 not in office.time.slept
    office.check_sent_once(draft)
