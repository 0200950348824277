"""`expectedVersion`: what is decided is what was looked at, or nothing is sent."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.sandbox import Sandbox
from tests.schema.documents import InvoiceId
from tests.support import Client, RecordingTransport, writes

WAITING = """
query ($providers: [ProviderName!]) {
  viewer {
    approvals(first: 100, filter: {providers: $providers}) {
      nodes { id sourceId version viewerActions }
    }
  }
}
"""
DECIDED = """
  outcome
  approvable { version }
  userErrors { code message field provider }
"""
APPROVE = f"""
mutation ($input: ApproveInput!) {{ approve(input: $input) {{ {DECIDED} }} }}
"""
REJECT = f"""
mutation ($input: RejectInput!) {{ reject(input: $input) {{ {DECIDED} }} }}
"""
STALE = {
    "code": "STALE",
    "message": "It is not as it was when `expectedVersion` was read. Look at it again, "
    "and decide with its `version` of now. Nothing was sent.",
    "field": ["input", "expectedVersion"],
}
Change = Callable[[Sandbox, str], None]


def change_ottimate(sandbox: Sandbox, source_id: str) -> None:
    simulator = sandbox.simulators[ProviderName.OTTIMATE]
    assert isinstance(simulator, OttimateSimulator)
    total = simulator.state.invoices[source_id].total
    assert total is not None
    simulator.state.invoices[source_id].total = total + Decimal("0.01")


def change_bill(sandbox: Sandbox, source_id: str) -> None:
    simulator = sandbox.simulators[ProviderName.BILL]
    assert isinstance(simulator, BillSimulator)
    simulator.state.bills[source_id].amount += Decimal("0.01")


def change_accounteer(sandbox: Sandbox, source_id: str) -> None:
    simulator = sandbox.simulators[ProviderName.ACCOUNTEER]
    assert isinstance(simulator, AccounteerSimulator)
    document = simulator.state.documents("invoice").get(
        source_id
    ) or simulator.state.documents("purchase").get(source_id)
    assert document is not None
    document.total_amount += Decimal("0.01")


CHANGES: dict[str, Change] = {
    "OTTIMATE": change_ottimate,
    "BILL": change_bill,
    "ACCOUNTEER": change_accounteer,
}


@pytest.fixture
def upstreams(
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    accounteer: RecordingTransport,
) -> dict[str, RecordingTransport]:
    return {"OTTIMATE": ottimate, "BILL": bill, "ACCOUNTEER": accounteer}


async def find_waiting(client: Client, provider: str) -> dict[str, Any]:
    """Return the last that the default person may approve with a provider.

    The first of Accounteer's are in a period that is closed.
    """
    body = await client.execute(WAITING, {"providers": [provider]})
    assert list(body) == ["data"], body
    found: dict[str, Any] = next(
        one
        for one in reversed(body["data"]["viewer"]["approvals"]["nodes"])
        if "APPROVE" in one["viewerActions"]
    )
    return found


@pytest.mark.parametrize("provider", CHANGES)
async def test_what_was_looked_at_is_approved(
    client: Client, upstreams: dict[str, RecordingTransport], provider: str
) -> None:
    one = await find_waiting(client, provider)
    upstreams[provider].clear()

    body = await client.execute(
        APPROVE, {"input": {"id": one["id"], "expectedVersion": one["version"]}}
    )

    assert body["data"]["approve"] == {
        "outcome": "APPLIED",
        "approvable": {"version": one["version"]},
        "userErrors": [],
    }
    assert len(writes(upstreams[provider])) == 1


@pytest.mark.parametrize("provider", CHANGES)
async def test_what_was_changed_since_is_stale_and_nothing_is_sent(
    client: Client,
    upstreams: dict[str, RecordingTransport],
    sandbox: Sandbox,
    provider: str,
) -> None:
    one = await find_waiting(client, provider)
    CHANGES[provider](sandbox, one["sourceId"])

    body = await client.execute(
        APPROVE, {"input": {"id": one["id"], "expectedVersion": one["version"]}}
    )

    payload = body["data"]["approve"]
    assert payload["outcome"] == "REFUSED"
    assert payload["userErrors"] == [{**STALE, "provider": provider}]
    assert payload["approvable"]["version"] != one["version"]
    assert writes(upstreams[provider]) == []


@pytest.mark.parametrize("provider", CHANGES)
async def test_a_version_that_never_was_is_stale(
    client: Client, upstreams: dict[str, RecordingTransport], provider: str
) -> None:
    one = await find_waiting(client, provider)

    for version in ("", "1.", one["version"].lower() + "x", "2" + one["version"][1:]):
        body = await client.execute(
            APPROVE, {"input": {"id": one["id"], "expectedVersion": version}}
        )

        assert body["data"]["approve"]["userErrors"] == [
            {**STALE, "provider": provider}
        ]
    assert writes(upstreams[provider]) == []


async def test_a_rejection_holds_the_version_too(
    client: Client, bill: RecordingTransport, sandbox: Sandbox
) -> None:
    one = await find_waiting(client, "BILL")
    change_bill(sandbox, one["sourceId"])

    body = await client.execute(
        REJECT, {"input": {"id": one["id"], "expectedVersion": one["version"]}}
    )

    assert body["data"]["reject"]["userErrors"] == [{**STALE, "provider": "BILL"}]
    assert writes(bill) == []


@pytest.mark.parametrize("provider", CHANGES)
async def test_sent_again_after_it_was_applied_it_is_already_applied(
    client: Client, upstreams: dict[str, RecordingTransport], provider: str
) -> None:
    one = await find_waiting(client, provider)
    wanted = {"input": {"id": one["id"], "expectedVersion": one["version"]}}
    first = await client.execute(APPROVE, wanted)
    assert first["data"]["approve"]["outcome"] == "APPLIED"
    upstreams[provider].clear()

    body = await client.execute(APPROVE, wanted)

    # Ottimate does not tell that the person has approved while others have yet to.
    assert body["data"]["approve"]["outcome"] == "ALREADY_APPLIED"
    assert body["data"]["approve"]["approvable"]["version"] == one["version"]
    assert "STALE" not in str(body)


async def test_the_read_before_an_approval_is_made_anew(
    client: Client,
    ottimate: RecordingTransport,
    invoice_id: InvoiceId,
    source_id: Callable[[str], str],
) -> None:
    one = source_id("INV-1002")
    version = await client.execute(
        "query ($id: ID!) { invoice(id: $id) { version } }",
        {"id": invoice_id("INV-1002")},
    )
    ottimate.clear()

    await client.execute(
        "mutation ($input: ApproveInput!) { approve(input: $input) { outcome } }",
        {
            "input": {
                "id": invoice_id("INV-1002"),
                "expectedVersion": version["data"]["invoice"]["version"],
            }
        },
    )

    assert ottimate.calls == [
        "GET /invoices",
        f"GET /invoices/{one}",
        f"POST /invoices/{one}/approve",
    ]
    assert ottimate.rounds == 2


async def test_an_invoice_that_is_not_there_is_not_stale(
    client: Client, upstreams: dict[str, RecordingTransport]
) -> None:
    ids = {
        "OTTIMATE": encode_id("Invoice", ProviderName.OTTIMATE, "none"),
        "BILL": encode_id("Invoice", ProviderName.BILL, "00n" + "0" * 17),
        "ACCOUNTEER": encode_id(
            "Invoice", ProviderName.ACCOUNTEER, "0" * 40, "purchases"
        ),
    }
    for provider, id_ in ids.items():
        body = await client.execute(
            APPROVE, {"input": {"id": id_, "expectedVersion": "1.x"}}
        )

        (error,) = body["data"]["approve"]["userErrors"]
        assert (error["code"], error["provider"]) == ("NOT_FOUND", provider)
        assert writes(upstreams[provider]) == []
