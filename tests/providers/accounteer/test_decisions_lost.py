"""Approvals whose answer was lost: sent once, and settled by reading alone."""

from collections.abc import Callable

import httpx
import pytest
from structlog.testing import capture_logs

from tests.providers.accounteer.calls import (
    Row,
    answers,
    approve_call,
    read_call,
)
from tests.providers.accounteer.deciding import Office, payload, shown
from tests.support import Handler, lose, never_arrives

KINDS = pytest.mark.parametrize("kind", ["invoice", "purchase"])
# The waits before each look.
ALL_LOOKS = [0.0, 0.5, 1.5]


def settling(office: Office) -> list[float]:
    """Return the waits before looks; those of the limit are whole seconds."""
    return [one for one in office.time.slept if one in {0.0, 0.5, 1.5}]


@KINDS
@pytest.mark.parametrize("fault", ["lost_answer", "empty"])
async def test_an_approval_that_was_made_is_proven_by_reading(
    office: Office, switch_accounteer: Callable[..., None], kind: str, fault: str
) -> None:
    switch_accounteer(fault=fault, fault_calls=(f"approve_{kind}",))
    draft = office.draft(kind)

    answer = await office.send(draft)

    assert answer == payload("APPLIED", shown(draft, "APPROVED"))
    office.check_sent_once(draft)
    assert settling(office) == [0.0]


@KINDS
async def test_an_approval_that_was_made_is_proven_after_a_time_out(
    office: Office, kind: str
) -> None:
    draft = office.draft(kind)
    office.accounteer.interceptors[approve_call(draft)] = lose

    answer = await office.send(draft)

    assert answer == payload("APPLIED", shown(draft, "APPROVED"))
    office.check_sent_once(draft)


@KINDS
async def test_an_answer_without_a_body_is_settled_by_reading(
    office: Office, switch_accounteer: Callable[..., None], kind: str
) -> None:
    switch_accounteer(approve_status_code=204)
    draft = office.draft(kind)

    answer = await office.send(draft)

    assert answer == payload("APPLIED", shown(draft, "APPROVED"))
    office.check_sent_once(draft)


@KINDS
@pytest.mark.parametrize(
    "fault",
    [
        "timed_out",
        "html",
        "wrong_shape",
        "unavailable",
        "bad_gateway",
        "internal_error",
    ],
)
async def test_an_approval_that_reading_does_not_prove_is_unknown(
    office: Office, switch_accounteer: Callable[..., None], kind: str, fault: str
) -> None:
    """6.4, 6: never blind-retry."""
    switch_accounteer(fault=fault, fault_calls=(f"approve_{kind}",))
    draft = office.draft(kind)

    with capture_logs() as logs:
        answer = await office.send(draft)

    assert answer == payload("UNKNOWN", shown(draft, "DRAFT", "APPROVE"))
    office.check_sent_once(draft)
    assert settling(office) == ALL_LOOKS
    assert draft.status == "draft"
    [line] = [one for one in logs if one["event"] == "decision"]
    assert (line["outcome"], line["version"]) == (
        "UNKNOWN",
        (await office.look(draft))["version"],
    )


@KINDS
async def test_an_approval_that_never_arrived_is_unknown(
    office: Office, kind: str
) -> None:
    draft = office.draft(kind)
    office.accounteer.interceptors[approve_call(draft)] = never_arrives

    answer = await office.send(draft)

    assert (answer["outcome"], answer["userErrors"]) == ("UNKNOWN", [])
    office.check_sent_once(draft)
    assert settling(office) == ALL_LOOKS


async def test_an_approval_that_is_ignored_is_unknown(
    office: Office, switch_accounteer: Callable[..., None]
) -> None:
    """5.11: the page is unreadable; a 200 alone proves nothing."""
    switch_accounteer(purchase_approve="ignored")
    draft = office.draft("purchase")

    answer = await office.send(draft)

    assert answer == payload("UNKNOWN", shown(draft, "DRAFT", "APPROVE"))
    office.check_sent_once(draft)
    assert settling(office) == ALL_LOOKS


@KINDS
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "approved"},
        {"id": "f" * 40, "status": "approved", "date_created": "2026-10-20"},
        [{"status": "approved"}],
        b"null",
        b"\xff",
        b"[" * 10_000,
    ],
)
async def test_a_success_that_says_nothing_of_the_document_proves_nothing(
    office: Office, kind: str, body: Row | bytes
) -> None:
    draft = office.draft(kind)
    office.accounteer.interceptors[approve_call(draft)] = answers(200, body)

    answer = await office.send(draft)

    assert (answer["outcome"], answer["userErrors"]) == ("UNKNOWN", [])
    office.check_sent_once(draft)


@pytest.mark.parametrize("amount", [10**40, "NaN"])
async def test_a_success_with_an_odd_document_is_settled_by_reading(
    office: Office, amount: int | str
) -> None:
    draft = office.draft("invoice")

    async def approve(request: httpx.Request, upstream: Handler) -> httpx.Response:
        await upstream(request)
        return httpx.Response(
            200,
            json={
                "id": draft.id,
                "status": "approved",
                "date_created": "2026-10-20",
                "total_amount": amount,
            },
        )

    office.accounteer.interceptors[approve_call(draft)] = approve

    answer = await office.send(draft)

    assert answer == payload("APPLIED", shown(draft, "APPROVED"))
    office.check_sent_once(draft)


@KINDS
async def test_another_version_that_is_approved_is_no_proof(
    office: Office, kind: str
) -> None:
    """6.3: `approved` counts as done only with the content that the person saw."""
    draft = office.draft(kind)

    async def edit(request: httpx.Request, upstream: Handler) -> httpx.Response:
        office.simulator.state.reprice(draft, 999)
        return await lose(request, upstream)

    office.accounteer.interceptors[approve_call(draft)] = edit

    answer = await office.send(draft)

    assert answer == payload("UNKNOWN", shown(draft, "APPROVED"))
    office.check_sent_once(draft)
    assert settling(office) == ALL_LOOKS


@KINDS
@pytest.mark.parametrize("status", [500, 404, 403, 401, 302])
async def test_reading_back_that_fails_leaves_it_unknown(
    office: Office, kind: str, status: int
) -> None:
    draft = office.draft(kind)

    async def go_down(request: httpx.Request, upstream: Handler) -> httpx.Response:
        office.accounteer.interceptors[read_call(draft)] = answers(status, b"")
        return await lose(request, upstream)

    office.accounteer.interceptors[approve_call(draft)] = go_down

    body = await office.fail(draft)

    assert body["data"]["approve"]["outcome"] == "UNKNOWN"
    office.check_sent_once(draft)
    assert draft.status == "approved"


async def test_an_approval_that_shows_late_is_found(office: Office) -> None:
    draft = office.draft("invoice")
    looks = 0

    async def later(request: httpx.Request, upstream: Handler) -> httpx.Response:
        nonlocal looks
        looks += 1
        draft.status = "approved" if looks == 3 else draft.status
        return await upstream(request)

    office.accounteer.interceptors[read_call(draft)] = later
    office.accounteer.interceptors[approve_call(draft)] = never_arrives

    answer = await office.send(draft)

    assert answer["outcome"] == "APPLIED"
    # Before the approval, twice after it, and for what the payload shows.
    assert looks == 4
    office.check_sent_once(draft)


@KINDS
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_of_a_write_is_followed(
    office: Office, kind: str, status: int
) -> None:
    """6.4, 13."""
    draft, other = office.draft(kind), office.draft(kind)
    office.accounteer.interceptors[approve_call(draft)] = answers(
        status, b"", location=f"/accounteer/api/v0.1/{kind}s/{other.id}"
    )

    answer = await office.send(draft)

    assert (answer["outcome"], answer["userErrors"]) == ("UNKNOWN", [])
    office.check_sent_once(draft)
    assert (draft.status, other.status) == ("draft", "draft")
