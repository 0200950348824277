"""Several operations in one request."""

import asyncio

import httpx
import pytest

from gateway.settings import LimitSettings, Settings
from tests.support import Client, Handler, RecordingTransport

NAME = {"query": "{ __typename }"}
NUMBER = {
    "query": (
        "query Number { invoices(first: 1, filter: {providers: [OTTIMATE]}) "
        "{ nodes { number } } }"
    )
}
APPROVE = (
    "mutation ($id: ID!) { approve(input: {id: $id}) { outcome "
    "approvable { approvalState } } }"
)


async def post(client: Client, *operations: object) -> httpx.Response:
    return await client.http.post("/graphql", json=list(operations))


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    (error,) = response.json()["errors"]
    return response.status_code, error["extensions"]["code"], error["message"]


async def test_batches_are_off(client: Client, ottimate: RecordingTransport) -> None:
    assert refusal(await post(client, NUMBER, NUMBER)) == (
        400,
        "BATCHING_NOT_ENABLED",
        "Send one operation: batches are not taken here.",
    )
    assert refusal(await post(client, NUMBER))[1] == "BATCHING_NOT_ENABLED"
    assert ottimate.calls == []


class TestOn:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(limits=LimitSettings(batch=3))

    async def test_each_operation_has_its_answer_in_order(self, client: Client) -> None:
        response = await post(
            client, NAME, {"query": "{"}, {"query": "{ a: __typename }"}
        )

        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        first, second, third = response.json()
        assert first == {"data": {"__typename": "Query"}}
        assert second["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
        assert third == {"data": {"a": "Query"}}

    @pytest.mark.parametrize("count", [0, 4])
    async def test_a_batch_is_bounded(
        self, client: Client, ottimate: RecordingTransport, count: int
    ) -> None:
        assert refusal(await post(client, *[NUMBER] * count)) == (
            400,
            "BATCH_LIMIT_EXCEEDED",
            f"A batch has 1 to 3 operations, not {count}.",
        )
        assert ottimate.calls == []

    async def test_queries_run_side_by_side(
        self, client: Client, ottimate: RecordingTransport
    ) -> None:
        await client.execute(NUMBER["query"])
        ottimate.clear()

        response = await post(client, NUMBER, NUMBER, NUMBER)

        assert len({str(one) for one in response.json()}) == 1
        assert ottimate.calls == ["GET /invoices"] * 3
        assert ottimate.rounds == 1

    async def test_mutations_never_run_side_by_side(
        self, client: Client, ottimate: RecordingTransport
    ) -> None:
        found = await client.execute(
            "{ invoices(first: 2, filter: {providers: [OTTIMATE], states: [PENDING]}) "
            "{ nodes { id sourceId } } }"
        )
        rows = found["data"]["invoices"]["nodes"]
        ottimate.clear()
        under_way: list[int] = []
        seen: list[int] = []

        async def watch(request: httpx.Request, upstream: Handler) -> httpx.Response:
            under_way.append(1)
            seen.append(len(under_way))
            await asyncio.sleep(0.01)
            response = await upstream(request)
            under_way.pop()
            return response

        for row in rows:
            name = f"POST /invoices/{row['sourceId']}/approve"
            ottimate.interceptors[name] = watch
        response = await post(
            client,
            *({"query": APPROVE, "variables": {"id": row["id"]}} for row in rows),
            NAME,
        )

        first, second, third = response.json()
        assert first["data"]["approve"]["outcome"] == "APPLIED"
        assert second["data"]["approve"]["outcome"] == "APPLIED"
        assert third == {"data": {"__typename": "Query"}}
        assert seen == [1, 1]

    async def test_a_batch_has_no_place_under_an_id(
        self, client: Client, ottimate: RecordingTransport
    ) -> None:
        response = await client.http.post("/graphql/one", json=[NUMBER])

        assert refusal(response) == (
            400,
            "BAD_REQUEST",
            "A batch is sent to /graphql itself.",
        )
        assert ottimate.calls == []

    async def test_what_is_no_request_ends_the_batch(
        self, client: Client, ottimate: RecordingTransport
    ) -> None:
        assert refusal(await post(client, NUMBER, 7)) == (
            400,
            "BAD_REQUEST",
            "This is no GraphQL request: Expected `object`, got `int`.",
        )
        assert ottimate.calls == []

    async def test_a_subscription_has_no_place_in_it(self, client: Client) -> None:
        response = await post(
            client, NAME, {"query": "subscription { approvalChanged { cause } }"}
        )

        first, second = response.json()
        assert first == {"data": {"__typename": "Query"}}
        assert second["errors"][0]["message"] == (
            "A subscription has an answer of its own, not a batch's."
        )
