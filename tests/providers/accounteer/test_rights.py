"""Who may approve: what refusals and approvals teach, and for how long."""

from collections.abc import Callable

import pytest

from gateway.sandbox import Sandbox
from tests.providers.accounteer.calls import answers, approve_call
from tests.providers.accounteer.deciding import (
    ABSENT,
    NO_CALL,
    NOT_LET,
    Office,
    capabilities,
    error,
    payload,
    shown,
)
from tests.support import FakeTime

KINDS = pytest.mark.parametrize("kind", ["invoice", "purchase"])


@KINDS
async def test_who_may_only_read_is_told_so_and_offered_nothing_after(
    office: Office, kind: str
) -> None:
    draft = office.draft(kind)
    other = office.draft("purchase" if kind == "invoice" else "invoice")
    assert (await office.look(draft, person="buyer"))["viewerActions"] == ["APPROVE"]

    answer = await office.send(draft, person="buyer")

    assert answer == payload(
        "REFUSED", shown(draft, "DRAFT"), error("FORBIDDEN", NOT_LET)
    )
    office.check_sent_once(draft)
    assert draft.status == "draft"
    # The other collection is another scope, of which nothing was seen.
    assert (await office.look(other, person="buyer"))["viewerActions"] == ["APPROVE"]
    assert await capabilities(office, "buyer") == [
        "READ_INVOICES",
        "APPROVE",
        "READ_QUEUE",
    ]
    # And another person's token is another's.
    assert (await office.look(draft))["viewerActions"] == ["APPROVE"]


async def test_who_may_approve_neither_has_no_such_capability(office: Office) -> None:
    for kind in ("invoice", "purchase"):
        await office.send(office.draft(kind), person="buyer")

    assert await capabilities(office, "buyer") == ["READ_INVOICES", "READ_QUEUE"]
    assert await capabilities(office) == ["READ_INVOICES", "APPROVE", "READ_QUEUE"]


async def test_what_was_seen_of_a_right_is_forgotten_after_an_hour(
    office: Office, time: FakeTime
) -> None:
    draft = office.draft("invoice")
    await office.send(draft, person="buyer")
    seen = []

    for seconds in (0, 3500, 200):
        time.advance(seconds)
        seen.append((await office.look(draft, person="buyer"))["viewerActions"])

    assert seen == [[], [], ["APPROVE"]]


async def test_an_approval_that_works_shows_that_the_right_is_there(
    office: Office, sandbox: Sandbox
) -> None:
    draft, second = office.draft("invoice"), office.draft("invoice")
    refused = answers(403, {"error": "forbidden"})
    office.accounteer.interceptors[approve_call(draft)] = refused
    await office.send(draft)
    assert (await office.look(second))["viewerActions"] == []

    answer = await office.send(second)

    assert answer["outcome"] == "APPLIED"
    assert (await office.look(draft))["viewerActions"] == ["APPROVE"]


@pytest.mark.parametrize(
    ("seconds", "actions"), [(0, ["APPROVE"]), (3500, ["APPROVE"]), (3600, [])]
)
async def test_one_that_is_refused_hides_none_while_others_were_approved(
    office: Office, time: FakeTime, seconds: int, actions: list[str]
) -> None:
    """It may be this one alone; what was seen is believed for an hour."""
    good, bad, other = (office.draft("invoice") for _ in range(3))
    await office.send(good)
    time.advance(seconds)
    refused = answers(403, {"error": "forbidden"})
    office.accounteer.interceptors[approve_call(bad)] = refused

    answer = await office.send(bad)

    assert answer == payload(
        "REFUSED", shown(bad, "DRAFT", *actions), error("FORBIDDEN", NOT_LET)
    )
    assert (await office.look(other))["viewerActions"] == actions


async def test_who_may_not_see_a_purchase_may_not_approve_it(office: Office) -> None:
    draft = office.draft("purchase")

    answer = await office.send(draft, person="clerk")

    # Out of reach and absent are one to who asks.
    assert answer == payload(
        "REFUSED", None, error("NOT_FOUND", ABSENT, ["input", "id"])
    )
    office.check_nothing_sent(draft)


async def test_who_may_not_see_purchases_approves_invoices(office: Office) -> None:
    draft = office.draft("invoice")

    answer = await office.send(draft, person="clerk")

    assert (answer["outcome"], answer["userErrors"]) == ("APPLIED", [])
    office.check_sent_once(draft)


@pytest.mark.parametrize("absence", ["absent_404", "absent_405"])
async def test_a_call_that_is_absent_was_asked_and_is_offered_no_more(
    office: Office, switch_accounteer: Callable[..., None], absence: str
) -> None:
    """5.11: that there is a POST for purchases is documented, its path is not."""
    switch_accounteer(purchase_approve=absence)
    draft, invoice = office.draft("purchase"), office.draft("invoice")

    answer = await office.send(draft)

    assert answer == payload(
        "REFUSED", shown(draft, "DRAFT"), error("UNSUPPORTED", NO_CALL)
    )
    office.check_sent_once(draft)
    assert draft.status == "draft"
    assert (await office.look(invoice))["viewerActions"] == ["APPROVE"]
    assert "APPROVE" in await capabilities(office)


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_an_invoices_call_that_is_absent_is_told_so_too(
    office: Office, status: int
) -> None:
    draft = office.draft("invoice")
    office.accounteer.interceptors[approve_call(draft)] = answers(status, b"")

    answer = await office.send(draft)

    assert answer == payload(
        "REFUSED", shown(draft, "DRAFT"), error("UNSUPPORTED", NO_CALL)
    )
    office.check_sent_once(draft)


# Faults after which the approval surely did not happen.
