"""Answers to a decision that prove nothing: pages, strangers, and half a document."""

import json
from typing import Any

import httpx
import pytest

from gateway.providers.productive.simulator import situations as ids
from tests.providers.productive.calls import Intercept, answers
from tests.providers.productive.deciding import (
    BOTH,
    OUTCOMES,
    UNCHANGED,
    Office,
    refusal,
)
from tests.support import (
    FakeTime,
    Handler,
    lose,
    writes,
)


@BOTH
async def test_a_route_that_is_absent_is_not_supported(
    office: Office, mutation: str
) -> None:
    for answer in (
        answers(404, {"errors": [{"title": "Route Not Found"}]}),
        answers(404, b"<h1>Not Found</h1>"),
        answers(405, {"errors": []}),
        answers(501, b""),
    ):
        office.productive.clear()
        call = office.call(mutation, ids.BOOKING_ANY)
        office.productive.interceptors[call] = answer

        told = await office.send(mutation, id=office.id(ids.BOOKING_ANY))

        message = f"This Productive organization has no such call. {UNCHANGED}"
        assert told["userErrors"] == refusal("UNSUPPORTED", message)
        assert told["approvable"]["approvalState"] == "PENDING"
        assert writes(office.productive) == [call]


def document(source_id: str, **attributes: Any) -> bytes:
    plain = {"target_type": "booking", "approved_at": None, "rejected_at": None}
    data = {"id": source_id, "type": "approval_statuses"}
    return json.dumps({"data": {**data, "attributes": plain | attributes}}).encode()


def strange_answers(row_id: str, mutation: str) -> list[bytes]:
    """Return successes that do not show this duty decided so."""
    told = "2026-11-02T19:00:00.000+01:00"
    is_approval = mutation == "approve"
    done = {"approved_at" if is_approval else "rejected_at": told}
    other = {"rejected_at" if is_approval else "approved_at": told}
    return [
        b"",
        b"{}",
        b"null",
        b"[]",
        b'{"data": null}',
        b'{"data": []}',
        b"\xff",
        b"[" * 5000,
        document("99999", **done),
        document(row_id),
        document(row_id, **other),
        document(row_id, **done, **other),
        document(row_id, **{next(iter(done)): "yesterday"}),
        document(row_id, **{next(iter(done)): "2026-11-02T19:00:00"}),
        json.dumps({"data": {"id": row_id, "type": "approval_statuses"}}).encode(),
        json.dumps({"errors": [{"title": "Conflict error"}]}).encode(),
    ]


@BOTH
@pytest.mark.parametrize("place", range(16))
async def test_a_success_that_does_not_show_the_decision_proves_nothing(
    office: Office, mutation: str, place: int
) -> None:
    state = office.state()
    row_id = office.row(ids.BOOKING_ANY).id
    content = strange_answers(row_id, mutation)[place]
    call = office.call(mutation, ids.BOOKING_ANY)
    office.productive.interceptors[call] = answers(200, content)

    answer = await office.send(mutation, id=office.id(ids.BOOKING_ANY))

    assert (answer["outcome"], answer["userErrors"]) == ("UNKNOWN", [])
    assert writes(office.productive) == [call]
    assert office.state() == state


@BOTH
@pytest.mark.parametrize("status", [302, 409, 422, 500, 502, 503, 504])
async def test_a_page_under_any_status_proves_nothing(
    office: Office, mutation: str, status: int
) -> None:
    """What stands in front of Productive does not know what Productive did."""
    call = office.call(mutation, ids.BOOKING_ANY)

    async def do_and_hide(request: httpx.Request, upstream: Handler) -> httpx.Response:
        await upstream(request)
        return httpx.Response(status, content=b"<h1>Sorry</h1>")

    office.productive.interceptors[call] = do_and_hide

    answer = await office.send(mutation, id=office.id(ids.BOOKING_ANY))

    assert (answer["outcome"], answer["userErrors"]) == ("APPLIED", [])
    assert writes(office.productive) == [call]


@BOTH
@pytest.mark.parametrize(
    "answer",
    [
        answers(401, {"errors": [{"code": "invalid_auth_token"}]}),
        answers(403, {"errors": [{"code": "access_denied"}]}),
        answers(404, {"errors": [{"code": "record_not_found"}]}),
        answers(500, {"errors": [{"title": "Server Error"}]}),
        answers(200, b"<h1>Maintenance</h1>"),
        answers(200, b"[" * 5000),
    ],
    ids=["token", "denied", "absent", "error", "page", "too deep"],
)
async def test_a_read_back_that_fails_leaves_a_lost_answer_unknown(
    office: Office, mutation: str, answer: Intercept
) -> None:
    row = office.row(ids.BOOKING_ANY)

    async def lose_and_close(
        request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        office.productive.interceptors[f"GET /approval_statuses/{row.id}"] = answer
        return await lose(request, upstream)

    call = office.call(mutation, ids.BOOKING_ANY)
    office.productive.interceptors[call] = lose_and_close

    body = await office.client.execute(
        OUTCOMES[mutation], {"input": {"id": office.id(ids.BOOKING_ANY)}}
    )

    assert body == {"data": {mutation: {"outcome": "UNKNOWN", "userErrors": []}}}
    assert writes(office.productive) == [call]


@BOTH
@pytest.mark.parametrize(
    "told",
    [
        # Decided so, by nobody; decided both ways.
        {"actual_approver_id": None},
        {"is_both": True},
    ],
)
async def test_a_row_that_does_not_tell_who_decided_proves_nothing(
    office: Office, time: FakeTime, mutation: str, told: dict[str, Any]
) -> None:
    row = office.row(ids.BOOKING_ANY)

    async def spoil(request: httpx.Request, upstream: Handler) -> httpx.Response:
        await upstream(request)
        if "is_both" in told:
            row.approved_at = row.rejected_at = time.instant
        else:
            row.actual_approver_id = None
        raise httpx.ReadTimeout("lost", request=request)

    call = office.call(mutation, ids.BOOKING_ANY)
    office.productive.interceptors[call] = spoil

    body = await office.client.execute(
        OUTCOMES[mutation], {"input": {"id": office.status_id(ids.BOOKING_ANY)}}
    )

    assert body == {"data": {mutation: {"outcome": "UNKNOWN", "userErrors": []}}}
    assert writes(office.productive) == [call]
