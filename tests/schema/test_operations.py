"""The frontends' operations, as they stand, against the real application."""

from tests.support import Client, RecordingTransport


async def test_invoice_approvers_shows_the_documented_records(client: Client) -> None:
    found = await client.execute(
        '{ invoices(first: 1, filter: {search: "INV-1001"}) { nodes { id sourceId } } }'
    )
    invoice = found["data"]["invoices"]["nodes"][0]

    body = await client.run(
        "InvoiceApprovers", {"provider": "OTTIMATE", "sourceId": invoice["sourceId"]}
    )
    shown = body["data"]["invoiceBySource"]
    approvers = shown.pop("approvers")
    assert shown == {
        "id": invoice["id"],
        "number": "INV-1001",
        "status": "PENDING_APPROVAL",
        "sourceStatus": "pending-approval",
        "approvedAt": None,
        "approvalState": "PENDING",
    }
    assert [{**one, "id": None} for one in approvers] == [
        {
            "id": None,
            "sourceId": "pbjappr_e1e7eb2cf7cf11f080d40eff1c63a64d",
            "isManual": False,
            "addedAt": "2026-11-02T06:03:00.551204-08:00",
            "status": "UNKNOWN",
            "user": {
                "sourceId": "138872",
                "email": "api_user@example.com",
                "displayName": "API User",
            },
            "policy": {
                "sourceId": "plcy_e00205b8f7cf11f0b0300eff1c63a64d",
                "name": "Minimum Approvals",
            },
        },
        {
            "id": None,
            "sourceId": "pbjappr_c1f04ec4f7a011f0ac5f0eff1c63a64d",
            "isManual": True,
            "addedAt": "2026-11-02T06:05:00.551204-08:00",
            "status": "UNKNOWN",
            "user": {
                "sourceId": "136597",
                "email": "peter@example.com",
                "displayName": "Peter",
            },
            "policy": None,
        },
    ]


async def test_a_page_of_twenty_costs_one_list_and_a_call_for_each_invoice(
    client: Client, ottimate: RecordingTransport
) -> None:
    body = await client.run("InvoiceList", {"first": 20})

    assert len(body["data"]["invoices"]["edges"]) == 20
    assert ottimate.calls[0] == "GET /invoices"
    assert len(ottimate.calls) == 21
    assert ottimate.rounds == 2
