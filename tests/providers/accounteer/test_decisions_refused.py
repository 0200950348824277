"""Approvals that Accounteer refuses: why, and that nothing became of them."""

from collections.abc import Callable

import pytest

from gateway.providers.accounteer.simulator.situations import (
    INVOICE_CLOSED,
    INVOICE_WITHOUT_LINES,
    INVOICE_ZERO,
    OTHER_INVOICE,
    PURCHASE_CLOSED,
    PURCHASE_WITHOUT_LINES,
    PURCHASE_ZERO,
)
from tests.providers.accounteer.calls import (
    Row,
    after,
    answers,
    approve_call,
    before,
    fault,
    fault_of,
    read_call,
    sent,
)
from tests.providers.accounteer.deciding import (
    ABSENT,
    FORESTALLED,
    NOT_TAKEN,
    UNCHANGED,
    Office,
    capabilities,
    error,
    payload,
    shown,
)
from tests.support import never_leaves

KINDS = pytest.mark.parametrize("kind", ["invoice", "purchase"])


@pytest.mark.parametrize(
    "source_id",
    [
        INVOICE_WITHOUT_LINES,
        INVOICE_ZERO,
        INVOICE_CLOSED,
        PURCHASE_WITHOUT_LINES,
        PURCHASE_ZERO,
        PURCHASE_CLOSED,
    ],
)
async def test_what_accounteer_does_not_take_is_a_conflict(
    office: Office, source_id: str
) -> None:
    """6.3: no lines, a zero total, a closed period."""
    draft = office.document(source_id)

    answer = await office.send(draft)

    assert answer == payload(
        "REFUSED", shown(draft, "DRAFT", "APPROVE"), error("CONFLICT", NOT_TAKEN)
    )
    office.check_sent_once(draft)
    assert draft.status == "draft"
    # A refusal of one document says nothing of the others.
    assert "APPROVE" in await capabilities(office)


@KINDS
@pytest.mark.parametrize("status", [400, 409, 415, 422])
async def test_any_no_to_a_draft_is_a_conflict(
    office: Office, kind: str, status: int
) -> None:
    """3.4: the status alone decides, and no word of theirs is shown."""
    draft = office.draft(kind)
    body = {"status": status, "error": "invalid_state", "message": "SECRET"}
    office.accounteer.interceptors[approve_call(draft)] = answers(status, body)

    answer = await office.send(draft)

    assert answer["userErrors"] == [error("CONFLICT", NOT_TAKEN)]
    office.check_sent_once(draft)


@KINDS
@pytest.mark.parametrize("versioned", [True, False])
async def test_what_another_changes_and_approves_meanwhile_is_a_conflict(
    office: Office, kind: str, versioned: bool
) -> None:
    """It was sent, so that it is not told as what was refused before."""
    draft = office.draft(kind)
    expected = (await office.look(draft))["version"] if versioned else None

    def forestall() -> None:
        office.simulator.state.reprice(draft, 999)
        draft.status = "approved"

    office.accounteer.interceptors[approve_call(draft)] = before(forestall)

    answer = await office.send(draft, expectedVersion=expected)

    assert answer == payload(
        "REFUSED", shown(draft, "APPROVED"), error("CONFLICT", FORESTALLED)
    )
    office.check_sent_once(draft)


@KINDS
async def test_what_is_gone_is_not_found(office: Office, kind: str) -> None:
    draft = office.draft(kind)
    del office.simulator.state.documents(draft.kind)[draft.id]

    answer = await office.send(draft)

    assert answer == payload(
        "REFUSED", None, error("NOT_FOUND", ABSENT, ["input", "id"])
    )
    office.check_nothing_sent(draft)


async def test_what_is_anothers_is_not_found(office: Office) -> None:
    document = office.simulator.state.invoices[OTHER_INVOICE]

    answer = await office.send(document)

    assert answer == payload(
        "REFUSED", None, error("NOT_FOUND", ABSENT, ["input", "id"])
    )
    office.check_nothing_sent(document)


@KINDS
async def test_what_goes_under_the_approval_is_not_found_any_more(
    office: Office, kind: str
) -> None:
    draft = office.draft(kind)
    documents = office.simulator.state.documents(draft.kind)
    office.accounteer.interceptors[approve_call(draft)] = before(
        lambda: documents.pop(draft.id)
    )

    answer = await office.send(draft)

    message = f"There is no such invoice for this account any more. {UNCHANGED}"
    assert answer == payload(
        "REFUSED", None, error("NOT_FOUND", message, ["input", "id"])
    )
    office.check_sent_once(draft)


@KINDS
async def test_a_limit_that_is_spent_is_a_fault_after_which_sending_is_safe(
    office: Office, switch_accounteer: Callable[..., None], kind: str
) -> None:
    switch_accounteer(fault="throttled", fault_calls=(f"approve_{kind}",))
    draft = office.draft(kind)

    body = await office.fail(draft)

    assert body["data"] == {"approve": None}
    assert fault_of(body) == fault(
        "UPSTREAM_RATE_LIMITED", retryable=True, retryAfterSeconds=1
    )
    office.check_sent_once(draft)
    assert draft.status == "draft"


@KINDS
async def test_a_token_that_is_refused_is_a_fault_after_which_sending_is_safe(
    office: Office, switch_accounteer: Callable[..., None], kind: str
) -> None:
    switch_accounteer(fault="unauthorised", fault_calls=(f"approve_{kind}",))
    draft = office.draft(kind)

    body = await office.fail(draft)

    assert fault_of(body) == fault("UPSTREAM_AUTH_FAILED", retryable=True)
    # There is no other token to send it with.
    office.check_sent_once(draft)
    assert draft.status == "draft"


@KINDS
async def test_a_call_that_never_left_is_a_fault_after_which_sending_is_safe(
    office: Office, kind: str
) -> None:
    draft = office.draft(kind)
    office.accounteer.interceptors[approve_call(draft)] = never_leaves

    body = await office.fail(draft)

    assert fault_of(body) == fault("UPSTREAM_UNAVAILABLE", retryable=True)
    office.check_sent_once(draft)
    assert draft.status == "draft"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"<html>", 200, "UPSTREAM_RESPONSE_INVALID"),
        (b"", 200, "UPSTREAM_RESPONSE_INVALID"),
        ({"id": "f" * 40, "status": "draft"}, 200, "UPSTREAM_RESPONSE_INVALID"),
        (b"", 500, "UPSTREAM_UNAVAILABLE"),
        (b"", 302, "UPSTREAM_RESPONSE_INVALID"),
    ],
)
async def test_what_cannot_be_read_first_is_not_approved(
    office: Office, body: bytes | Row, status: int, code: str
) -> None:
    """6.4, 1: the last check is on a fresh read, and without it nothing is sent."""
    draft = office.draft("invoice")
    office.accounteer.interceptors[read_call(draft)] = answers(status, body)

    answer = await office.fail(draft)

    assert answer["data"] == {"approve": None}
    assert fault_of(answer) == fault(code, retryable=True)
    office.check_nothing_sent(draft)


async def test_another_document_than_was_asked_for_is_not_approved(
    office: Office,
) -> None:
    draft, other = office.draft("invoice"), office.draft("invoice")
    other_body = {"id": other.id, "status": "draft", "date_created": "2026-10-20"}
    office.accounteer.interceptors[read_call(draft)] = answers(200, other_body)

    body = await office.fail(draft)

    assert fault_of(body) == fault("UPSTREAM_RESPONSE_INVALID", retryable=True)
    office.check_nothing_sent(draft)
    assert other.status == "draft"


async def test_a_refusal_that_cannot_be_explained_is_a_fault_and_sent_once(
    office: Office,
) -> None:
    draft = office.draft("invoice", items=())

    def go_down() -> None:
        office.accounteer.interceptors[read_call(draft)] = answers(500, b"")

    office.accounteer.interceptors[approve_call(draft)] = after(go_down)

    body = await office.fail(draft)

    assert fault_of(body) == fault("UPSTREAM_UNAVAILABLE", retryable=True)
    assert sent(office.accounteer)[0][0] == approve_call(draft)
    office.check_sent_once(draft)
