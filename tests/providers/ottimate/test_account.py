"""Signing in to Ottimate, its tokens, and the limits of a key."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import ValidationError

from gateway.connector import Account, Connector, invoices_of
from gateway.domain import InvoiceFilter, QuotaRecord
from gateway.errors import (
    UpstreamAuthError,
    UpstreamError,
    UpstreamRateLimitedError,
    UpstreamResponseError,
    UpstreamUnavailableError,
)
from gateway.providers.ottimate import PROVIDER
from gateway.providers.ottimate.account import OttimateSettings
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.sandbox import Sandbox
from gateway.upstream import Deadline
from tests.providers.contract import open_connector
from tests.support import Client, FakeTime, Handler, RecordingTransport

TOKEN = "POST /oauth/token"
SOURCES = "{ sources { ok error { code } quota { limit remaining resetsAt } } }"
LIST = "{ invoices(first: 1, filter: {providers: [OTTIMATE]}) { nodes { number } } }"
SECRETS = ("sandbox-api-key", "sandbox-controller-secret", "sandbox-clerk-secret")


class SignIns:
    """Records the sign-ins, and lets a test answer them."""

    def __init__(self, ottimate: RecordingTransport) -> None:
        self.requests: list[httpx.Request] = []
        self.tokens: list[str] = []
        self.answer: Callable[[], httpx.Response] | None = None
        ottimate.interceptors[TOKEN] = self._record

    async def _record(
        self, request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        self.requests.append(request)
        if self.answer is not None:
            return self.answer()
        response = await upstream(request)
        body = await response.aread()
        if response.status_code == 200:
            self.tokens.append(httpx.Response(200, content=body).json()["access_token"])
        return httpx.Response(response.status_code, content=body)


@pytest.fixture
def sign_ins(ottimate: RecordingTransport) -> SignIns:
    return SignIns(ottimate)


@pytest.fixture
def connect(
    sandbox: Sandbox, time: FakeTime, ottimate: RecordingTransport
) -> Callable[..., Connector]:
    def connect(**settings: Any) -> Connector:
        return open_connector(PROVIDER, sandbox, time, transport=ottimate, **settings)

    return connect


@pytest.fixture
def account(sandbox: Sandbox, time: FakeTime, ottimate: RecordingTransport) -> Account:
    values = sandbox.settings(PROVIDER)
    section = OttimateSettings.model_validate(values)
    upstream = PROVIDER.open_upstream(section, time.clock, ottimate)
    return PROVIDER.open_account(section, upstream)


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "api.ottimate.com/v1", "", "https://", "https://[", "https://a b"],
)
@pytest.mark.parametrize("name", ["base_url", "token_url"])
def test_a_url_of_another_scheme_is_refused(
    sandbox: Sandbox, name: str, url: str
) -> None:
    values = sandbox.settings(PROVIDER)

    with pytest.raises(ValidationError, match="begins with https"):
        OttimateSettings.model_validate({**values, name: url})


@pytest.mark.parametrize("name", ["api_key", "client_secret"])
@pytest.mark.parametrize("secret", ["a b", "a\n", "schlüssel"])
def test_a_secret_that_no_header_can_carry_is_refused_and_not_shown(
    sandbox: Sandbox, name: str, secret: str
) -> None:
    values = sandbox.settings(PROVIDER)

    with pytest.raises(ValidationError, match="ASCII text without spaces") as refused:
        OttimateSettings.model_validate({**values, name: secret})

    assert secret not in str(refused.value.errors(include_input=False))


async def test_a_sign_in_sends_the_documented_form(
    client: Client, sign_ins: SignIns
) -> None:
    await client.execute(LIST)

    request = sign_ins.requests[0]
    assert len(sign_ins.requests) == 1
    assert request.method == "POST"
    assert request.url.path == "/ottimate/v1/oauth/token"
    assert request.headers["x-api-key"] == "sandbox-api-key"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in request.headers
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["sandbox-controller"],
        "client_secret": ["sandbox-controller-secret"],
        "scope": ["accounts.can_access_dashboard"],
    }


async def test_every_call_carries_the_key_and_the_token(
    client: Client,
    sign_ins: SignIns,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
) -> None:
    found = await client.execute(
        "{ invoices(first: 2, filter: {providers: [OTTIMATE]}) "
        "{ nodes { id approvers { id } lines { quantity } } }"
        " sources { capabilities } }"
    )
    invoice = found["data"]["invoices"]["nodes"][1]["id"]
    await client.run("Approve", {"input": {"id": invoice}})

    methods = {call.split()[0] for call in ottimate.calls}
    assert methods == {"GET", "POST", "DELETE"}
    for request in ottimate.requests:
        assert request.headers["x-api-key"] == "sandbox-api-key"
        assert request.headers["authorization"] == f"Bearer {sign_ins.tokens[0]}"
        assert not any(secret in str(request.url) for secret in SECRETS)


async def test_many_requests_at_once_share_one_sign_in(
    client: Client, ottimate: RecordingTransport
) -> None:
    bodies = await asyncio.gather(*(client.execute(LIST) for _ in range(20)))

    assert all("errors" not in body for body in bodies)
    assert ottimate.sign_ins == 1
    assert len(ottimate.calls) == 20


async def test_a_sign_in_may_be_at_another_host(
    connect: Callable[..., Connector], ottimate: RecordingTransport
) -> None:
    """C5: the token's address differs between the pages."""
    urls: list[str] = []

    async def record(request: httpx.Request, upstream: Handler) -> httpx.Response:
        urls.append(str(request.url))
        return await upstream(request)

    ottimate.interceptors["POST /ottimate/oauth/token"] = record
    token_url = "http://auth.internal/ottimate/oauth/token"
    connector = connect(token_url=token_url)

    await connector.check()

    assert urls == [token_url]
    assert ottimate.calls == ["GET /invoices"]


@pytest.mark.parametrize(
    ("seconds", "renewed_after"),
    [(31_536_000, 31_535_940), (3600, 3540), (100, 90), (10, 9)],
)
async def test_a_token_is_renewed_shortly_before_its_end(
    client: Client,
    ottimate: RecordingTransport,
    switch: Callable[..., None],
    time: FakeTime,
    seconds: int,
    renewed_after: int,
) -> None:
    """C4: `expires_in` of the reply is obeyed."""
    switch(token_seconds=seconds)
    await client.execute(LIST)

    time.advance(renewed_after - 0.5)
    await client.execute(LIST)
    assert ottimate.sign_ins == 1
    time.advance(0.5)
    await client.execute(LIST)

    assert ottimate.sign_ins == 2
    assert len(ottimate.calls) == 3


async def test_a_token_that_ended_early_is_renewed_and_the_call_sent_once_more(
    client: Client,
    sign_ins: SignIns,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
) -> None:
    await client.execute(LIST)
    simulator.reset()
    ottimate.clear()

    body = await client.execute(LIST)

    assert body == {"data": {"invoices": {"nodes": [{"number": "INV-1001"}]}}}
    assert ottimate.calls == ["GET /invoices"] * 2
    assert [one.headers["authorization"] for one in ottimate.requests] == [
        f"Bearer {token}" for token in sign_ins.tokens
    ]
    assert len(set(sign_ins.tokens)) == 2


async def test_many_calls_with_an_ended_token_share_one_renewal(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    await client.execute(LIST)
    simulator.reset()
    ottimate.clear()

    bodies = await asyncio.gather(*(client.execute(LIST) for _ in range(10)))

    assert all("errors" not in body for body in bodies)
    assert ottimate.sign_ins == 1
    assert len(ottimate.calls) == 20


async def test_a_write_with_an_ended_token_is_sent_once_more_and_works_once(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    found = await client.execute(
        '{ invoices(filter: {search: "INV-1002", providers: [OTTIMATE]}) {nodes{id}} }'
    )
    key = found["data"]["invoices"]["nodes"][0]["id"]
    invoice = simulator.state.numbered("INV-1002")
    call = f"POST /invoices/{invoice.id}/approve"

    async def end_tokens(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if ottimate.calls.count(call) == 1:
            simulator._pipeline.tokens.forget()
        return await upstream(request)

    ottimate.interceptors[call] = end_tokens

    body = await client.run("Approve", {"input": {"id": key}})

    assert body["data"]["approve"]["outcome"] == "APPLIED"
    assert ottimate.calls.count(call) == 2
    assert [one.reason for one in invoice.history].count("approved") == 1


@pytest.mark.parametrize("form", ["error_response", "oauth"])
@pytest.mark.parametrize("setting", ["client_secret", "client_id", "grant_type"])
async def test_a_refused_sign_in_is_a_fault_of_ours_in_both_forms(
    connect: Callable[..., Connector],
    ottimate: RecordingTransport,
    switch: Callable[..., None],
    form: str,
    setting: str,
) -> None:
    """2.2: 400 and 401, as ErrorResponse and in the plain form of OAuth."""

    async def garble(request: httpx.Request, upstream: Handler) -> httpx.Response:
        content = request.content.replace(setting.encode(), b"other", 1)
        return await upstream(
            httpx.Request(
                request.method,
                request.url,
                content=content,
                headers={
                    "X-Api-Key": request.headers["X-Api-Key"],
                    "Content-Type": request.headers["Content-Type"],
                },
            )
        )

    switch(token_error_form=form)
    connector = connect(**({} if setting == "grant_type" else {setting: "wrong"}))
    if setting == "grant_type":
        ottimate.interceptors["POST /oauth/token"] = garble

    with pytest.raises(UpstreamAuthError) as refused:
        await connector.check()

    assert refused.value.extensions == {
        "code": "UPSTREAM_AUTH_FAILED",
        "retryable": False,
        "provider": "OTTIMATE",
    }
    assert (ottimate.sign_ins, ottimate.calls) == (1, [])


async def test_a_key_that_ottimate_does_not_know_is_a_fault_of_ours(
    connect: Callable[..., Connector], ottimate: RecordingTransport
) -> None:
    connector = connect(api_key="wrong")

    with pytest.raises(UpstreamAuthError):
        await connector.check()

    assert (ottimate.sign_ins, ottimate.calls) == (1, [])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, content=b""), UpstreamResponseError),
        (httpx.Response(200, content=b"<html>"), UpstreamResponseError),
        (httpx.Response(200, json={"access_token": "x"}), UpstreamResponseError),
        (httpx.Response(404, content=b"<html>"), UpstreamAuthError),
        (httpx.Response(503), UpstreamUnavailableError),
    ],
)
async def test_a_sign_in_that_fails_otherwise_says_so(
    connect: Callable[..., Connector],
    sign_ins: SignIns,
    ottimate: RecordingTransport,
    answer: httpx.Response,
    error: type[UpstreamError],
) -> None:
    sign_ins.answer = lambda: httpx.Response(answer.status_code, content=answer.content)

    with pytest.raises(error):
        await connect().check()

    assert ottimate.calls == []


async def test_a_sign_in_that_failed_is_tried_by_the_next_request(
    client: Client, sign_ins: SignIns
) -> None:
    sign_ins.answer = lambda: httpx.Response(401)
    refused = await client.execute(SOURCES)
    sign_ins.answer = None

    body = await client.execute(SOURCES)

    assert refused["data"]["sources"][0]["error"] == {"code": "UPSTREAM_AUTH_FAILED"}
    assert body["data"]["sources"][0]["ok"]


async def test_persons_never_share_a_token(
    client: Client, sign_ins: SignIns, ottimate: RecordingTransport
) -> None:
    query = (
        "{{ {name}: invoices(first: 5, filter: {{providers: [OTTIMATE]}}) "
        "{{ nodes {{ approvers {{ id }} }} }} "
        'mark: invoices(filter: {{search: "mark-{name}"}}) {{ nodes {{ id }} }} }}'
    )

    persons = ["controller", "clerk"] * 6
    bodies = await asyncio.gather(
        *(
            client.execute(query.format(name=person), person=person)
            for person in persons
        )
    )

    assert all("errors" not in body for body in bodies)
    owners = {
        token: parse_qs(request.content.decode())["client_id"][0]
        for token, request in zip(sign_ins.tokens, sign_ins.requests, strict=True)
    }
    assert sorted(owners.values()) == ["sandbox-clerk", "sandbox-controller"]
    marked = {
        person: {
            owners[one.headers["authorization"].removeprefix("Bearer ")]
            for one in ottimate.requests
            if one.url.params.get("search") == f"mark-{person}"
        }
        for person in ("controller", "clerk")
    }
    assert marked == {"controller": {"sandbox-controller"}, "clerk": {"sandbox-clerk"}}
    used = [one.headers["authorization"] for one in ottimate.requests]
    # Six times each: a list that is marked, a list, and its approvers.
    assert {used.count(f"Bearer {token}") for token in owners} == {6 * 7}


async def test_what_one_person_may_not_see_is_not_seen_through_another(
    client: Client, simulator: OttimateSimulator
) -> None:
    invoice = simulator.state.numbered("INV-1014")
    query = (
        f'{{ a: invoiceBySource(provider: OTTIMATE, sourceId: "{invoice.id}") {{id}} }}'
    )

    mine, theirs = await asyncio.gather(
        client.execute(query, person="controller"),
        client.execute(query, person="clerk"),
    )

    assert mine["data"]["a"] is not None
    assert theirs == {"data": {"a": None}}


# Limits (3.5).


async def test_a_throttled_read_is_tried_again_after_a_while(
    client: Client,
    ottimate: RecordingTransport,
    switch: Callable[..., None],
    time: FakeTime,
) -> None:
    switch(fault="throttled", fault_times=2)

    body = await client.execute(LIST)

    assert "errors" not in body
    assert ottimate.calls == ["GET /invoices"] * 3
    assert len(time.slept) == 2
    assert 1 <= time.slept[0] <= 2
    assert 2 <= time.slept[1] <= 3


def throttles(times: int, retry_after: str) -> Callable[[httpx.Request, Handler], Any]:
    left = [times]

    async def throttle(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if left[0] == 0:
            return await upstream(request)
        left[0] -= 1
        return httpx.Response(
            429,
            json={"message": "Too Many Requests"},
            headers={"Retry-After": retry_after},
        )

    return throttle


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("3", 3), ("0", 0), ("Mon, 02 Nov 2026 18:00:04 GMT", 4)],
)
async def test_a_told_wait_is_kept(
    client: Client,
    ottimate: RecordingTransport,
    time: FakeTime,
    retry_after: str,
    seconds: int,
) -> None:
    ottimate.interceptors["GET /invoices"] = throttles(1, retry_after)

    body = await client.execute(LIST)

    assert "errors" not in body
    assert time.slept == [seconds]


async def test_a_told_wait_beyond_the_time_of_the_request_is_told_on(
    client: Client, ottimate: RecordingTransport, time: FakeTime
) -> None:
    ottimate.interceptors["GET /invoices"] = throttles(1, "40")

    body = await client.execute(LIST)
    again = await client.execute(LIST)

    assert time.slept == []
    assert body["errors"][0]["extensions"]["retryAfterSeconds"] == 40
    assert "errors" not in again


async def test_a_spent_day_stops_every_call_until_midnight(
    client: Client,
    ottimate: RecordingTransport,
    switch: Callable[..., None],
    time: FakeTime,
) -> None:
    """3.5: on "Limit Exceeded" stop until 00:00 UTC; every call counts."""
    switch(day_quota=3)
    for _ in range(2):
        assert "errors" not in await client.execute(LIST)
    ottimate.clear()

    body = await client.execute(LIST)

    extensions = body["errors"][0]["extensions"]
    del extensions["requestId"]
    assert extensions == {
        "code": "UPSTREAM_RATE_LIMITED",
        "retryable": True,
        "provider": "OTTIMATE",
        "retryAfterSeconds": 6 * 3600,
    }
    assert ottimate.calls == ["GET /invoices"]
    assert time.slept == []

    ottimate.clear()
    time.advance(3600.5)
    for query in (LIST, LIST, SOURCES):
        body = await client.execute(query)
    assert body["data"]["sources"][0] == {
        "ok": False,
        "error": {"code": "UPSTREAM_RATE_LIMITED"},
        "quota": {
            "limit": 10_000,
            "remaining": 0,
            "resetsAt": "2026-11-03T00:00:00+00:00",
        },
    }
    later = await client.execute(LIST)
    assert later["errors"][0]["extensions"]["retryAfterSeconds"] == 5 * 3600
    assert (ottimate.calls, ottimate.sign_ins) == ([], 0)

    time.advance(5 * 3600)
    body = await client.execute(SOURCES)
    assert body["data"]["sources"][0] == {
        "ok": True,
        "error": None,
        "quota": {
            "limit": 10_000,
            "remaining": None,
            "resetsAt": "2026-11-04T00:00:00+00:00",
        },
    }


async def test_a_spent_day_stops_writes_before_they_are_sent(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    switch: Callable[..., None],
) -> None:
    found = await client.execute(
        '{ invoices(filter: {search: "INV-1002", providers: [OTTIMATE]}) {nodes{id}} }'
    )
    key = found["data"]["invoices"]["nodes"][0]["id"]
    switch(fault="spent")
    await client.execute(LIST)
    switch(fault="none")
    ottimate.clear()

    body = await client.run("Approve", {"input": {"id": key}})

    assert body["data"] == {"approve": None}
    assert body["errors"][0]["extensions"]["code"] == "UPSTREAM_RATE_LIMITED"
    assert ottimate.calls == []
    assert simulator.state.numbered("INV-1002").status == "pending-approval"


async def test_a_day_that_is_spent_by_signing_in_is_spent_too(
    client: Client, ottimate: RecordingTransport, switch: Callable[..., None]
) -> None:
    """3.5: token calls count too."""
    switch(day_quota=0)

    first = await client.execute(SOURCES)
    second = await client.execute(SOURCES)

    # Productive counts its own calls.
    quotas = [body["data"]["sources"][2].pop("quota") for body in (first, second)]
    assert [one["remaining"] for one in quotas] == [3999, 3998]
    assert first == second
    assert first["data"]["sources"][0]["error"] == {"code": "UPSTREAM_RATE_LIMITED"}
    assert first["data"]["sources"][0]["quota"]["remaining"] == 0
    assert (ottimate.sign_ins, ottimate.calls) == (1, [])


async def test_a_day_that_ends_soon_is_waited_for(
    client: Client,
    ottimate: RecordingTransport,
    switch: Callable[..., None],
    time: FakeTime,
) -> None:
    await client.execute(LIST)
    time.advance(6 * 3600 - 10)
    switch(fault="spent", fault_times=1)

    body = await client.execute(LIST)

    assert "errors" not in body
    assert time.slept == [10]
    assert len(ottimate.calls) == 3


async def test_a_request_knows_the_quota_without_a_call(
    account: Account, time: FakeTime, ottimate: RecordingTransport
) -> None:
    connector = account.connect(Deadline(25, time.clock))

    quota = connector.get_quota()

    midnight = (time.instant + timedelta(days=1)).replace(hour=0, minute=0)
    assert quota == QuotaRecord(limit=10_000, remaining=None, resets_at=midnight)
    assert (ottimate.sign_ins, ottimate.calls) == (0, [])


async def test_connectors_of_one_account_share_its_standing(
    account: Account, time: FakeTime, ottimate: RecordingTransport, switch: Any
) -> None:
    first, second = (account.connect(Deadline(25, time.clock)) for _ in range(2))
    await first.check()
    await second.check()
    assert ottimate.sign_ins == 1
    switch(fault="spent")

    with pytest.raises(UpstreamRateLimitedError):
        await first.check()

    quota = second.get_quota()
    assert quota is not None
    assert quota.remaining == 0
    with pytest.raises(UpstreamRateLimitedError):
        await invoices_of(PROVIDER.name, second).count_invoices(InvoiceFilter())
    assert len(ottimate.calls) == 3
