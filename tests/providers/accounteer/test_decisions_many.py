"""Several decisions at once, and what the log has of each."""

import pytest
from structlog.testing import capture_logs

from tests.providers.accounteer.calls import BODIES, approve_call, graph_id, sent
from tests.providers.accounteer.deciding import DECIDE, Office


async def test_several_are_decided_each_for_itself(office: Office) -> None:
    good, late, odd = (
        office.draft("invoice"),
        office.draft("purchase", status="approved"),
        office.draft("purchase", status="in_review"),
    )
    wanted = [{"id": graph_id(one), "decision": "APPROVE"} for one in (good, late, odd)]

    body = await office.client.execute(DECIDE, {"input": {"decisions": wanted}})

    results = body["data"]["decide"]["results"]
    assert [one["outcome"] for one in results] == [
        "APPLIED",
        "ALREADY_APPLIED",
        "REFUSED",
    ]
    office.check_sent_once(good)


async def test_many_are_decided_a_few_at_a_time(office: Office) -> None:
    made = [office.draft("invoice") for _ in range(10)]
    wanted = [{"id": graph_id(one), "decision": "APPROVE"} for one in made]

    body = await office.client.execute(DECIDE, {"input": {"decisions": wanted}})

    results = body["data"]["decide"]["results"]
    assert [one["outcome"] for one in results] == ["APPLIED"] * 10
    assert sorted(sent(office.accounteer)) == sorted(
        (approve_call(one), BODIES["invoice"]) for one in made
    )
    # Each is read, and sent, before many others are.
    assert office.accounteer.most_in_flight <= 2


@pytest.mark.parametrize("versioned", [True, False])
async def test_the_log_says_who_decided_on_what_they_saw(
    office: Office, versioned: bool
) -> None:
    """6.4, 5: Accounteer records the application alone."""
    draft = office.draft("invoice")
    seen = await office.look(draft, person="controller")
    expected = seen["version"] if versioned else None

    with capture_logs() as logs:
        await office.send(draft, person="controller", expectedVersion=expected)

    [line] = [one for one in logs if one["event"] == "decision"]
    assert line == {
        "event": "decision",
        "log_level": "info",
        "decision": "approve",
        "subject": line["subject"],
        "provider": "ACCOUNTEER",
        "target": graph_id(draft),
        "force": None,
        "expected_version": expected,
        "outcome": "APPLIED",
        "version": seen["version"],
    }
    assert "controller" in line["subject"]
