"""What the gateway tells of BILL's quota: 20,000 calls in a clock hour (1.5)."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.connector import Connector
from gateway.domain import QuotaRecord
from gateway.providers.bill import PROVIDER
from gateway.sandbox import Sandbox
from gateway.upstream import Deadline
from tests.providers.bill.signing_in import ONE, SignIns, fault_of, spent
from tests.support import Client, FakeTime, RecordingTransport

SOURCE = "{ provider ok error { code } asOf quota { limit remaining resetsAt } }"
SOURCES = f"{{ sources {SOURCE} }}"
VIEWER = f"{{ viewer {{ sources {SOURCE} }} }}"
LISTS = (
    f"{{ invoices(first: 1, filter: {{providers: [BILL]}}) {{ sources {SOURCE} }} }}",
    f"{{ policies(first: 1) {{ sources {SOURCE} }} }}",
)
EVERYWHERE = pytest.mark.parametrize(
    "query",
    [SOURCES, VIEWER, *LISTS],
    ids=["sources", "viewer", "invoices", "policies"],
)
EIGHTEEN = "2026-11-02T18:00:00+00:00"
NINETEEN = "2026-11-02T19:00:00+00:00"
TWENTY = "2026-11-02T20:00:00+00:00"

Switch = Callable[..., None]


def told(body: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer tells of BILL, wherever its sources are."""
    value = body["data"]
    while isinstance(value, dict):
        value = value.get("sources") or next(iter(value.values()))
    [found] = [one for one in value if one.pop("provider") == "BILL"]
    assert isinstance(found, dict)
    return found


def quota(remaining: int | None, resets_at: str) -> dict[str, Any]:
    return {"limit": 20_000, "remaining": remaining, "resetsAt": resets_at}


@pytest.fixture
def connector(sandbox: Sandbox, time: FakeTime, bill: RecordingTransport) -> Connector:
    section = PROVIDER.settings.model_validate(sandbox.settings(PROVIDER))
    upstream = PROVIDER.open_upstream(section, time.clock, bill)
    account = PROVIDER.open_account(section, upstream)
    return account.connect(Deadline(25, time.clock))


@pytest.fixture(autouse=True)
def _time_stands_still(switch_accounteer: Switch) -> None:
    """Have Accounteer fail at once: what it has takes more than its second's calls."""
    switch_accounteer(fault="html")


@pytest.fixture
def sign_ins(bill: RecordingTransport) -> SignIns:
    return SignIns(bill)


@EVERYWHERE
async def test_what_is_left_is_not_told_while_there_is_any(
    client: Client, query: str
) -> None:
    body = await client.execute(query)

    assert "errors" not in body
    assert told(body) == {
        "ok": True,
        "error": None,
        "asOf": EIGHTEEN,
        "quota": quota(None, NINETEEN),
    }


@pytest.mark.parametrize("query", [SOURCES, VIEWER], ids=["sources", "viewer"])
@pytest.mark.parametrize("person", ["controller", "buyer"])
async def test_nothing_is_left_for_anybody_of_an_hour_that_is_spent(
    client: Client,
    bill: RecordingTransport,
    switch_bill: Switch,
    time: FakeTime,
    query: str,
    person: str,
) -> None:
    await client.execute(ONE)
    await client.execute(ONE, person="buyer")
    switch_bill(fault="spent", fault_times=1)
    await client.execute(ONE)
    bill.clear()

    time.advance(600)
    body = await client.execute(query, person=person)
    assert told(body) == {
        "ok": False,
        "error": {"code": "UPSTREAM_RATE_LIMITED"},
        "asOf": "2026-11-02T18:10:00+00:00",
        "quota": quota(0, NINETEEN),
    }
    assert (bill.sign_ins, bill.calls) == (0, [])

    time.advance(3000)
    body = await client.execute(query, person=person)
    assert told(body) == {
        "ok": True,
        "error": None,
        "asOf": NINETEEN,
        "quota": quota(None, TWENTY),
    }


async def test_the_call_that_finds_it_spent_tells_so_at_once(
    client: Client, switch_bill: Switch
) -> None:
    switch_bill(calls_per_hour=1)

    body = await client.execute(SOURCES)

    # The sign-in was the one call of this hour.
    assert told(body) == {
        "ok": False,
        "error": {"code": "UPSTREAM_RATE_LIMITED"},
        "asOf": EIGHTEEN,
        "quota": quota(0, NINETEEN),
    }


async def test_sign_ins_that_are_spent_take_nothing_from_the_calls(
    client: Client, switch_bill: Switch, sign_ins: SignIns
) -> None:
    """They have a limit of their own, which the graph does not show."""
    await client.execute(ONE)
    switch_bill(sign_ins_per_hour=1)
    refused = await client.execute(ONE, person="buyer")

    mine = told(await client.execute(SOURCES))
    theirs = told(await client.execute(SOURCES, person="buyer"))

    assert fault_of(refused) == spent(3600)
    assert sign_ins.names == ["controller", "buyer"]
    assert mine == {
        "ok": True,
        "error": None,
        "asOf": EIGHTEEN,
        "quota": quota(None, NINETEEN),
    }
    assert theirs == {
        "ok": False,
        "error": {"code": "UPSTREAM_RATE_LIMITED"},
        "asOf": EIGHTEEN,
        "quota": quota(None, NINETEEN),
    }


async def test_a_slot_that_is_taken_is_no_spent_quota(
    client: Client, switch_bill: Switch
) -> None:
    switch_bill(fault="busy")

    body = await client.execute(SOURCES)

    found = told(body)
    assert found["error"] == {"code": "UPSTREAM_RATE_LIMITED"}
    assert found["quota"]["remaining"] is None


@pytest.mark.parametrize(
    ("after_seconds", "resets_at"),
    [
        (0, NINETEEN),
        (0.001, NINETEEN),
        (0.75, NINETEEN),
        (1799.5, NINETEEN),
        (3599.5, NINETEEN),
        (3600, TWENTY),
        (6 * 3600 - 0.25, "2026-11-03T00:00:00+00:00"),
    ],
)
def test_it_is_granted_again_on_the_hour(
    connector: Connector,
    bill: RecordingTransport,
    time: FakeTime,
    after_seconds: float,
    resets_at: str,
) -> None:
    """RATE: "until the next clock hour starts", whatever the fraction of a second."""
    time.advance(after_seconds)

    found = connector.get_quota()

    assert found is not None
    assert found.resets_at is not None
    assert (found.limit, found.remaining) == (20_000, None)
    assert found.resets_at.isoformat() == resets_at
    assert (bill.sign_ins, bill.calls) == (0, [])


def test_it_is_known_without_a_call(
    connector: Connector, bill: RecordingTransport, time: FakeTime
) -> None:
    hour = time.instant.replace(hour=19)

    assert connector.get_quota() == QuotaRecord(
        limit=20_000, remaining=None, resets_at=hour
    )
    assert (bill.sign_ins, bill.calls) == (0, [])


async def test_who_only_reads_is_told_of_the_service_accounts_quota(
    client: Client, bill: RecordingTransport, sign_ins: SignIns, time: FakeTime
) -> None:
    read = told(await client.execute(SOURCES, person="visitor"))
    bill.clear()
    # Accounteer's calls of this second are not to be waited for.
    time.advance(1)
    waits = told(await client.execute(VIEWER, person="visitor"))

    assert sign_ins.names == ["gateway"]
    assert (read["ok"], read["quota"]) == (True, quota(None, NINETEEN))
    assert waits == {
        "ok": False,
        "error": {"code": "FORBIDDEN"},
        "asOf": "2026-11-02T18:00:01+00:00",
        "quota": quota(None, NINETEEN),
    }
    assert bill.calls == []
