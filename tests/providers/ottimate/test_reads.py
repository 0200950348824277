"""Ottimate's reads by id: batches, approvers, details, and what each costs."""

from collections.abc import Callable

import httpx
import pytest

from gateway.domain import ProviderName, encode_id
from gateway.errors import UpstreamResponseError
from gateway.providers.ottimate.connector import OttimateConnector
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.upstream import UpstreamPolicy
from tests.providers.ottimate.reading import graph_id
from tests.support import (
    Client,
    Handler,
    RecordingTransport,
)


async def test_ids_are_asked_for_a_hundred_at_a_time(
    connector: OttimateConnector,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
) -> None:
    keys = [invoice.id for invoice in simulator.state.newest_first()][:250]

    found = await connector.invoices.get_invoices(keys)

    assert list(found) == [
        key
        for at in (0, 100, 200)
        for key in [one.id for one in simulator.state.newest_first()]
        if key in keys[at : at + 100]
    ]
    assert ottimate.calls == ["GET /invoices"] * 3
    assert [ottimate.params(at) for at in range(3)] == [
        {"invoice_ids": ",".join(keys[at : at + 100]), "page": "1", "limit": "100"}
        for at in (0, 100, 200)
    ]
    assert ottimate.rounds == 1


async def test_ids_are_all_answered_also_where_pages_are_smaller_than_was_asked(
    connector: OttimateConnector,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
) -> None:
    """3.2: a limit over the maximum is clamped, and the maximum may differ."""
    keys = [invoice.id for invoice in simulator.state.newest_first()][:100]

    async def clamp(request: httpx.Request, upstream: Handler) -> httpx.Response:
        request.url = request.url.copy_set_param("limit", "40")
        return await upstream(request)

    ottimate.interceptors["GET /invoices"] = clamp

    found = await connector.invoices.get_invoices([*keys, "unknown"][1:])

    assert list(found) == keys[1:]
    assert [one.url.params["page"] for one in ottimate.requests] == ["1", "2", "3"]


async def test_a_request_asks_for_each_invoice_once_and_all_together(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    keys = [simulator.state.numbered(f"INV-10{one}").id for one in (10, 11, 12)]
    asked = [*keys, keys[0], "unknown"]
    fields = "\n".join(
        f'a{at}: invoiceBySource(provider: OTTIMATE, sourceId: "{key}") {{ number }}'
        for at, key in enumerate(asked)
    )

    body = await client.execute(f"{{ {fields} }}")

    assert body == {
        "data": {
            "a0": {"number": "INV-1010"},
            "a1": {"number": "INV-1011"},
            "a2": {"number": "INV-1012"},
            "a3": {"number": "INV-1010"},
            "a4": None,
        }
    }
    assert ottimate.calls == ["GET /invoices"]
    assert ottimate.params(0) == {
        "invoice_ids": ",".join([*keys, "unknown"]),
        "page": "1",
        "limit": "100",
    }


async def test_a_filter_by_id_that_is_ignored_is_noticed(
    connector: OttimateConnector,
    simulator: OttimateSimulator,
    switch: Callable[..., None],
) -> None:
    """5.2: it would make every other invoice look absent."""
    switch(invoice_ids_filter=False)

    with pytest.raises(UpstreamResponseError):
        await connector.invoices.get_invoices([simulator.state.numbered("INV-1026").id])
    with pytest.raises(UpstreamResponseError):
        await connector.invoices.get_invoices(["unknown"])


async def test_a_filter_by_id_that_is_ignored_is_an_error_and_never_a_null(
    client: Client, simulator: OttimateSimulator, switch: Callable[..., None]
) -> None:
    switch(invoice_ids_filter=False)
    key = simulator.state.numbered("INV-1026").id

    body = await client.execute(
        f'{{ invoiceBySource(provider: OTTIMATE, sourceId: "{key}") {{ id }} }}'
    )

    assert [error["extensions"]["code"] for error in body["errors"]] == [
        "UPSTREAM_RESPONSE_INVALID"
    ]


UNASKABLE = [
    "",
    ".",
    "..",
    "...",
    "a/b",
    "../approvers",
    "a\\b",
    "a,b",
    "a?x=1",
    "a#b",
    "a%2Fb",
    "a&limit=1",
    "a;b",
    "a b",
    " ",
    "a\nb",
    "a\x00b",
    "a\u2028b",
    "a\u00a0b",
    "x" * 201,
]


async def test_an_id_that_could_leave_its_place_is_never_sent(
    connector: OttimateConnector, ottimate: RecordingTransport
) -> None:
    assert await connector.invoices.get_invoices(UNASKABLE) == {}
    assert await connector.invoices.get_approvers(UNASKABLE) == {}
    assert await connector.invoices.get_invoice_details(UNASKABLE) == {}

    assert ottimate.calls == []
    assert ottimate.sign_ins == 0


async def test_an_id_that_could_leave_its_place_is_left_out_of_the_others(
    connector: OttimateConnector,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
) -> None:
    known = simulator.state.numbered("INV-1001").id

    found = await connector.invoices.get_invoices([*UNASKABLE, known])

    assert list(found) == [known]
    assert ottimate.params(0)["invoice_ids"] == known


@pytest.mark.parametrize("type_name", ["Invoice", "Approver", "Policy"])
async def test_a_forged_id_reaches_no_upstream(
    client: Client, ottimate: RecordingTransport, type_name: str
) -> None:
    for key in UNASKABLE:
        forged = encode_id(type_name, ProviderName.OTTIMATE, key, key)

        body = await client.execute(
            "query ($id: ID!) { node(id: $id) { id } }", {"id": forged}
        )

        assert body == {"data": {"node": None}}
    assert ottimate.calls == []


@pytest.mark.parametrize("key", ["ü", "a+b", "a:b@c", "-", "~!*'()", "a.b", "👍"])
async def test_any_other_id_keeps_its_place(
    connector: OttimateConnector, ottimate: RecordingTransport, key: str
) -> None:
    assert await connector.invoices.get_invoices([key]) == {}
    assert await connector.invoices.get_approvers([key]) == {}

    assert ottimate.params(0)["invoice_ids"] == key
    assert ottimate.calls[1] == f"GET /invoices/{key}/approvers"
    raw_path = ottimate.requests[1].url.raw_path.decode("ascii")
    assert raw_path.count("/") == "/ottimate/v1/invoices/x/approvers".count("/")


async def test_approvers_of_a_page_cost_a_call_each_in_a_second_round(
    client: Client, ottimate: RecordingTransport
) -> None:
    await client.execute("{ sources { ok } }")
    ottimate.clear()

    body = await client.execute(
        "{ invoices(first: 20, filter: {providers: [OTTIMATE]}) "
        "{ nodes { sourceId approvers { id } policies { id } } }}"
    )

    keys = [node["sourceId"] for node in body["data"]["invoices"]["nodes"]]
    assert len(keys) == 20
    assert ottimate.calls[0] == "GET /invoices"
    assert ottimate.calls[1:] == [f"GET /invoices/{key}/approvers" for key in keys]
    assert ottimate.rounds == 2
    assert ottimate.most_in_flight == 20


async def test_no_more_calls_are_under_way_than_the_policy_has(
    client: Client, ottimate: RecordingTransport
) -> None:
    body = await client.execute(
        "{ invoices(first: 100, filter: {providers: [OTTIMATE]}) "
        "{ nodes { approvers { id } } } }"
    )

    assert len(body["data"]["invoices"]["nodes"]) == 100
    assert ottimate.calls[:2] == ["GET /invoices"] * 2
    assert len(ottimate.calls) == 2 + 100
    assert ottimate.most_in_flight == UpstreamPolicy().in_flight < 100


async def test_lines_and_history_cost_one_call_for_each_invoice_and_only_if_asked(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    await client.execute(
        "{ invoices(first: 3, filter: {providers: [OTTIMATE]}) "
        "{ nodes { number attachments { url } } } }"
    )
    assert ottimate.calls == ["GET /invoices"]
    ottimate.clear()

    body = await client.execute(
        "{ invoices(first: 3, filter: {providers: [OTTIMATE]}) "
        "{ nodes { sourceId lines { description }"
        " history { event message user { sourceId } } } } }"
    )

    nodes = body["data"]["invoices"]["nodes"]
    assert ottimate.calls == [
        "GET /invoices",
        *(f"GET /invoices/{node['sourceId']}" for node in nodes),
    ]
    assert ottimate.params(1) == {"expand": "history"}
    for node in nodes:
        invoice = simulator.state.invoices[node["sourceId"]]
        assert [line["description"] for line in node["lines"]] == [
            item.name for item in invoice.items
        ]
        assert node["history"] == [
            {
                "event": entry.reason,
                "message": entry.message or None,
                "user": None
                if entry.user_id is None
                else {"sourceId": str(entry.user_id)},
            }
            for entry in invoice.history
        ]


async def test_lines_that_ottimate_leaves_out_are_null(
    client: Client, switch: Callable[..., None]
) -> None:
    """C13."""
    switch(items_in_detail=False)

    body = await client.execute(
        "{ invoices(first: 1, filter: {providers: [OTTIMATE]}) "
        "{ nodes { lines { quantity } history { event } } } }"
    )

    node = body["data"]["invoices"]["nodes"][0]
    assert "errors" not in body
    assert node["lines"] is None
    assert node["history"][0] == {"event": "uploaded"}


async def test_details_of_an_invoice_that_is_gone_are_null(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    gone = simulator.state.numbered("INV-1001")

    async def vanish(request: httpx.Request, upstream: Handler) -> httpx.Response:
        answer = await upstream(request)
        simulator.state.invoices.pop(gone.id, None)
        return answer

    ottimate.interceptors["GET /invoices"] = vanish

    body = await client.execute(
        "{ invoices(first: 1, filter: {providers: [OTTIMATE]}) "
        "{ nodes { number lines { quantity } history { event }"
        " approvers { id } policies { id } progress { rule } } } }"
    )

    assert body == {
        "data": {
            "invoices": {
                "nodes": [
                    {
                        "number": "INV-1001",
                        "lines": None,
                        "history": None,
                        "approvers": None,
                        "policies": None,
                        "progress": None,
                    }
                ]
            }
        }
    }


async def test_what_was_written_is_never_read_back_from_the_cache(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    switch: Callable[..., None],
) -> None:
    """6.4: the single read can be five minutes stale."""
    switch(stale_read_seconds=300)
    invoice = simulator.state.numbered("INV-1002")
    await client.execute(
        "query ($id: ID!) { node(id: $id) { ... on Invoice { history { event } } } }",
        {"id": graph_id(invoice)},
    )
    assert f"GET /invoices/{invoice.id}" in ottimate.calls
    ottimate.clear()

    body = await client.run("Approve", {"input": {"id": graph_id(invoice)}})

    assert body["data"]["approve"]["outcome"] == "APPLIED"
    assert body["data"]["approve"]["approvable"]["sourceStatus"] == "ready-for-export"
    assert ottimate.calls.count(f"POST /invoices/{invoice.id}/approve") == 1
    assert f"GET /invoices/{invoice.id}" not in ottimate.calls
    assert ottimate.calls.index(f"POST /invoices/{invoice.id}/approve") < len(
        ottimate.calls
    ) - 1 - ottimate.calls[::-1].index("GET /invoices")
