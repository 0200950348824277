"""The wiring: what stands behind the gateway, its deadline, its end."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway.app import configured_providers, create_app, describe_providers
from gateway.domain import ProviderName
from gateway.providers import PROVIDERS
from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.sandbox import Sandbox
from gateway.settings import LimitSettings, Settings, read_settings
from tests.support import Client, FakeTime, Handler, RecordingTransport

INTROSPECTION = "{ __schema { queryType { name } } }"
LIST = (
    "{ invoices(first: 1, filter: {providers: [OTTIMATE]}) { totalCount } "
    "sources { provider ok } }"
)
LISTED = {
    "data": {
        "invoices": {"totalCount": 350},
        "sources": [
            {"provider": "OTTIMATE", "ok": True},
            {"provider": "BILL", "ok": True},
            {"provider": "PRODUCTIVE", "ok": True},
            {"provider": "ACCOUNTEER", "ok": True},
        ],
    }
}
PENDING = (
    "{ invoices(first: 1, filter: {states: [PENDING], providers: [OTTIMATE]}) "
    "{ nodes { id sourceId } } }"
)
APPROVE = "mutation($id: ID!) { approve(input: {id: $id}) { outcome } }"
LIVE = "Live: Ottimate, BILL, Productive, Accounteer. Decisions made here are real."
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Settings:
    """Settings with every provider configured; what carries them is the sandbox."""
    for provider in PROVIDERS:
        for key, value in sandbox.settings(provider).items():
            monkeypatch.setenv(f"GATEWAY_{provider.key}__{key}".upper(), value)
    return read_settings({one.key: one.settings for one in PROVIDERS})


@pytest.fixture
def transports(
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
    accounteer: RecordingTransport,
) -> dict[ProviderName, RecordingTransport]:
    return {
        ProviderName.OTTIMATE: ottimate,
        ProviderName.BILL: bill,
        ProviderName.PRODUCTIVE: productive,
        ProviderName.ACCOUNTEER: accounteer,
    }


@asynccontextmanager
async def serve(
    settings: Settings,
    transports: Mapping[ProviderName, RecordingTransport],
    **more: Any,
) -> AsyncIterator[Client]:
    app = create_app(settings, transports=transports, **more)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        yield Client(http)


class TestRealProviders:
    """Where a provider is configured, the sandbox stays out."""

    @pytest.fixture
    async def client(
        self,
        real: Settings,
        transports: dict[ProviderName, RecordingTransport],
        time: FakeTime,
    ) -> AsyncIterator[Client]:
        async with serve(real, transports, clock=time.clock) as client:
            yield client

    async def test_they_answer(
        self,
        client: Client,
        ottimate: RecordingTransport,
        bill: RecordingTransport,
        productive: RecordingTransport,
        accounteer: RecordingTransport,
    ) -> None:
        assert await client.execute(LIST) == LISTED
        assert ottimate.calls == ["GET /invoices"] * 2
        assert bill.calls == ["POST /GetSessionInfo.json"]
        assert productive.calls == ["GET /approval_statuses"]
        assert accounteer.calls == ["GET /invoices"]

    async def test_one_alone_is_the_whole_graph(
        self,
        real: Settings,
        transports: dict[ProviderName, RecordingTransport],
        ottimate: RecordingTransport,
        productive: RecordingTransport,
        accounteer: RecordingTransport,
    ) -> None:
        settings = real.model_copy(
            update={"ottimate": None, "productive": None, "accounteer": None}
        )

        async with serve(settings, transports) as client:
            body = await client.execute(
                "{ invoices(first: 1) { nodes { provider } sources { provider } } "
                "sources { provider } }"
            )

        assert body == {
            "data": {
                "invoices": {
                    "nodes": [{"provider": "BILL"}],
                    "sources": [{"provider": "BILL"}],
                },
                "sources": [{"provider": "BILL"}],
            }
        }
        assert ottimate.calls == productive.calls == accounteer.calls == []
        assert describe_providers(settings, None) == (
            "Live: BILL. Decisions made here are real."
        )

    async def test_who_calls_makes_no_difference_where_nobody_is_known(
        self, client: Client, ottimate: RecordingTransport, bill: RecordingTransport
    ) -> None:
        bodies = [
            await client.execute(LIST, person=person)
            for person in (None, "nobody", "controller")
        ]

        assert bodies == [LISTED] * 3
        assert (ottimate.sign_ins, bill.sign_ins) == (1, 1)

    async def test_introspection_is_off(
        self, client: Client, ottimate: RecordingTransport
    ) -> None:
        body = await client.execute(INTROSPECTION)

        assert [error["message"] for error in body["errors"]] == [
            (
                "GraphQL introspection has been disabled, but the requested query "
                "contained the field '__schema'."
            ),
            (
                "GraphQL introspection has been disabled, but the requested query "
                "contained the field 'queryType'."
            ),
        ][: len(body["errors"])]
        assert {error["extensions"]["code"] for error in body["errors"]} == {
            "GRAPHQL_VALIDATION_FAILED"
        }
        assert "data" not in body
        assert ottimate.calls == []

    async def test_the_name_of_a_type_is_no_introspection(self, client: Client) -> None:
        assert await client.execute("{ __typename }") == {
            "data": {"__typename": "Query"}
        }

    async def test_messages_suggest_no_names(self, client: Client) -> None:
        body = await client.execute("{ invoicez { id } }")

        assert [error["message"] for error in body["errors"]] == [
            "Cannot query field 'invoicez' on type 'Query'."
        ]

    async def test_there_is_no_page(self, client: Client) -> None:
        headers = {"Accept": BROWSER}
        answer = await client.http.get(
            "/graphql", params={"query": "{ __typename }"}, headers=headers
        )

        assert answer.json() == {"data": {"__typename": "Query"}}
        assert (await client.http.get("/", headers=headers)).status_code == 404

    async def test_exploration_can_be_turned_on(
        self, real: Settings, transports: dict[ProviderName, RecordingTransport]
    ) -> None:
        settings = real.model_copy(update={"introspection": True, "graphiql": True})

        async with serve(settings, transports) as client:
            body = await client.execute(INTROSPECTION)
            page = await client.http.get("/graphql", headers={"Accept": BROWSER})

        assert body == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert LIVE in page.text

    def test_they_are_described(self, real: Settings) -> None:
        assert configured_providers(real) == list(PROVIDERS)
        assert describe_providers(real, None) == LIVE

    def test_the_sandbox_is_described_whatever_is_configured(
        self, real: Settings, sandbox: Sandbox
    ) -> None:
        assert describe_providers(real, sandbox) == (
            "Sandbox: Ottimate, BILL, Productive, Accounteer. Nothing here is real."
        )


async def test_over_the_sandbox_introspection_is_on(client: Client) -> None:
    assert await client.execute(INTROSPECTION) == {
        "data": {"__schema": {"queryType": {"name": "Query"}}}
    }


async def test_over_the_sandbox_messages_suggest_names(client: Client) -> None:
    body = await client.execute("{ invoicez { id } }")

    [error] = body["errors"]
    assert error["message"].startswith(
        "Cannot query field 'invoicez' on type 'Query'. Did you mean 'invoice"
    )


class TestWithoutIntrospection:
    """GATEWAY_INTROSPECTION=false, over the sandbox too."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(introspection=False)

    @pytest.mark.parametrize(
        "query", [INTROSPECTION, '{ __type(name: "Invoice") { name } }']
    )
    async def test_the_schema_cannot_be_read(self, client: Client, query: str) -> None:
        body = await client.execute(query)

        assert "data" not in body
        assert {error["extensions"]["code"] for error in body["errors"]} == {
            "GRAPHQL_VALIDATION_FAILED"
        }


async def test_the_sandbox_carries_itself_without_other_transports() -> None:
    app = create_app(Settings(), sandbox=Sandbox())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        body = await Client(http).execute(LIST)

    assert body == LISTED


async def test_without_a_provider_nothing_can_be_asked() -> None:
    app = create_app(read_settings({one.key: one.settings for one in PROVIDERS}))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        client = Client(http)
        sources = await client.execute("{ sources { provider } }")
        one = await client.execute(
            '{ invoiceBySource(provider: OTTIMATE, sourceId: "x") { id } }'
        )

    assert sources == {"data": {"sources": []}}
    assert one["data"] == {"invoiceBySource": None}
    assert [error["message"] for error in one["errors"]] == [
        "This gateway is not connected to OTTIMATE."
    ]


class TestDeadline:
    """GATEWAY_LIMITS__DEADLINE_SECONDS ends the reads of an operation, no write."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(limits=LimitSettings(deadline_seconds=0.05))

    @pytest.mark.parametrize("call", ["GET /invoices", "POST /oauth/token"])
    async def test_a_provider_that_never_answers_costs_its_own_field(
        self,
        settings: Settings,
        sandbox: Sandbox,
        transports: dict[ProviderName, RecordingTransport],
        call: str,
    ) -> None:
        async def never(request: httpx.Request, send: Handler) -> httpx.Response:
            del request, send
            await asyncio.Event().wait()
            raise AssertionError

        transports[ProviderName.OTTIMATE].interceptors[call] = never
        query = '{ a: invoiceBySource(provider: OTTIMATE, sourceId: "x") { id } b: %s }'

        async with (
            asyncio.timeout(5),
            serve(settings, transports, sandbox=sandbox) as it,
        ):
            body = await it.execute(query % "__typename")

        [error] = body["errors"]
        request_id = error["extensions"].pop("requestId")
        assert error == {
            "message": "The provider did not answer in time.",
            "locations": [{"line": 1, "column": 3}],
            "path": ["a"],
            "extensions": {
                "code": "UPSTREAM_TIMEOUT",
                "retryable": True,
                "provider": "OTTIMATE",
            },
        }
        assert body["data"] == {"a": None, "b": "Query"}
        assert body["extensions"] == {"requestId": request_id}

    async def test_a_list_names_the_provider_that_never_answers(
        self,
        sandbox: Sandbox,
        transports: dict[ProviderName, RecordingTransport],
        accounteer_simulator: AccounteerSimulator,
    ) -> None:
        async def never(request: httpx.Request, send: Handler) -> httpx.Response:
            del request, send
            await asyncio.Event().wait()
            raise AssertionError

        # More than two calls take Accounteer a second.
        accounteer_simulator.state.invoices.clear()
        accounteer_simulator.state.purchases.clear()
        # The other providers answer in time, on a slow machine too.
        settings = Settings(limits=LimitSettings(deadline_seconds=0.4))
        transports[ProviderName.OTTIMATE].interceptors["GET /invoices"] = never
        query = (
            "{ invoices(first: 1) { totalCount nodes { number } "
            "sources { provider ok error { code } } } }"
        )

        async with (
            asyncio.timeout(5),
            serve(settings, transports, sandbox=sandbox) as it,
        ):
            body = await it.execute(query)

        assert body == {
            "data": {
                "invoices": {
                    "totalCount": None,
                    "nodes": [{"number": "BILL-1001"}],
                    "sources": [
                        {
                            "provider": "OTTIMATE",
                            "ok": False,
                            "error": {"code": "UPSTREAM_TIMEOUT"},
                        },
                        {"provider": "BILL", "ok": True, "error": None},
                        {"provider": "ACCOUNTEER", "ok": True, "error": None},
                    ],
                }
            }
        }

    async def test_a_slow_write_outlives_it(
        self,
        settings: Settings,
        sandbox: Sandbox,
        transports: dict[ProviderName, RecordingTransport],
        ottimate: RecordingTransport,
    ) -> None:
        async def slow(request: httpx.Request, send: Handler) -> httpx.Response:
            await asyncio.sleep(0.1)
            return await send(request)

        async with (
            asyncio.timeout(5),
            serve(settings, transports, sandbox=sandbox) as it,
        ):
            found = await it.execute(PENDING)
            [invoice] = found["data"]["invoices"]["nodes"]
            call = f"POST /invoices/{invoice['sourceId']}/approve"
            ottimate.interceptors[call] = slow
            body = await it.execute(APPROVE, {"id": invoice["id"]})

        assert body == {"data": {"approve": {"outcome": "APPLIED"}}}
        assert ottimate.calls.count(call) == 1


async def test_the_process_ends_after_the_write_that_is_under_way(
    sandbox: Sandbox,
    transports: dict[ProviderName, RecordingTransport],
    ottimate: RecordingTransport,
    time: FakeTime,
) -> None:
    app = create_app(
        Settings(), sandbox=sandbox, transports=transports, clock=time.clock
    )
    arrived, opened = asyncio.Event(), asyncio.Event()
    finished = []

    async def wait(request: httpx.Request, send: Handler) -> httpx.Response:
        arrived.set()
        await opened.wait()
        response = await send(request)
        finished.append(response.status_code)
        return response

    async with asyncio.timeout(5):
        async with (
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
            ) as http,
            app.router.lifespan_context(app),
        ):
            client = Client(http)
            found = await client.execute(PENDING)
            [invoice] = found["data"]["invoices"]["nodes"]
            call = f"POST /invoices/{invoice['sourceId']}/approve"
            ottimate.interceptors[call] = wait
            caller = asyncio.create_task(client.execute(APPROVE, {"id": invoice["id"]}))
            await arrived.wait()
            caller.cancel()
            await asyncio.wait({caller})
            assert finished == []
            asyncio.get_running_loop().call_soon(opened.set)

    assert finished == [200]
