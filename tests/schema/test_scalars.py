"""Amounts and instants, as text in and out."""

from typing import Any

import httpx
import pytest

from tests.support import Client, Handler, RecordingTransport

LIST = """
query ($filter: InvoiceFilter) { invoices(filter: $filter) { nodes { number } } }
"""


@pytest.mark.parametrize("value", ["31200.75", 31200.75, "3.120075E4"])
async def test_an_amount_may_be_text_or_a_number(client: Client, value: object) -> None:
    body = await client.execute(
        LIST,
        {"filter": {"minimumTotal": value, "maximumTotal": value, "search": "INV-1"}},
    )

    assert body == {"data": {"invoices": {"nodes": [{"number": "INV-1006"}]}}}


@pytest.mark.parametrize("value", ["", "a lot", "NaN", "Infinity", True, [], {}])
async def test_what_is_no_amount_is_refused_before_any_call(
    client: Client, ottimate: RecordingTransport, value: Any
) -> None:
    body = await client.execute(LIST, {"filter": {"minimumTotal": value}})

    (error,) = body["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert 'Decimal takes decimal text such as "12.50"' in error["message"]
    assert ottimate.calls == []


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "2026-02-03",
        "2026-02-03T09:05:11",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        5,
    ],
)
async def test_what_is_no_instant_is_refused_before_any_call(
    client: Client, ottimate: RecordingTransport, value: Any
) -> None:
    body = await client.execute(LIST, {"filter": {"updatedSince": value}})

    (error,) = body["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "DateTime takes RFC 3339 text with an offset" in error["message"]
    assert ottimate.calls == []


async def test_an_amount_never_turns_to_an_exponent(
    client: Client, ottimate: RecordingTransport
) -> None:
    async def rewrite(request: httpx.Request, upstream: Handler) -> httpx.Response:
        response = await upstream(request)
        body = await response.aread()
        return httpx.Response(200, content=body.replace(b"842.1,", b"8.421E+2,"))

    ottimate.interceptors["GET /invoices"] = rewrite

    body = await client.execute(
        '{ invoices(filter: {search: "INV-1002"}) { nodes { total { amount } } } }'
    )

    assert body["data"]["invoices"]["nodes"] == [{"total": {"amount": "842.1"}}]
