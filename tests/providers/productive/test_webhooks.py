"""Productive's webhooks, from the change upstream to what is read again."""

import hmac
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.connector import Provider
from gateway.domain import ProviderName, encode_id
from gateway.providers.productive.simulator import Delivery, ProductiveSimulator
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.support import Client, FakeTime, Handler, RecordingTransport

PATH = "/webhooks/productive"
BOOKING = encode_id("Booking", ProviderName.PRODUCTIVE, "305")
APPROVE = "mutation ($input: ApproveInput!) { approve(input: $input) { outcome } }"


@pytest.fixture
def told(productive_simulator: ProductiveSimulator) -> ProductiveSimulator:
    """Return a simulator that tells of its changes."""
    productive_simulator.webhook_target = f"http://127.0.0.1{PATH}"
    return productive_simulator


@pytest.fixture
def deliver(client: Client, told: ProductiveSimulator) -> Callable[[], Any]:
    """Return what delivers all that is due, and tells the statuses of the answers."""

    async def deliver_due() -> list[int]:
        statuses = []

        async def send(delivery: Delivery) -> int:
            response = await client.http.post(
                delivery.url, content=delivery.body, headers=delivery.headers
            )
            statuses.append(response.status_code)
            return response.status_code

        await told.deliver(send)
        return statuses

    return deliver_due


def sign(body: bytes, time: FakeTime, token: str, *, age_seconds: int = 0) -> str:
    stamp = str(int(time.instant.timestamp()) - age_seconds)
    digest = hmac.new(token.encode(), stamp.encode() + b"." + body, sha256).hexdigest()
    return f"t={stamp}, s={digest}"


def body_of(item_type: str = "booking", item_id: object = 305, **more: object) -> bytes:
    told = {
        "event": f"update_{item_type}",
        "item_type": item_type,
        "item_id": item_id,
        "created": "2026-11-02T19:00:00.000+01:00",
        "object": {"data": {"id": "305", "type": "bookings"}},
    }
    return json.dumps({**told, **more}).encode()


@pytest.fixture
def post(
    client: Client, time: FakeTime, productive_simulator: ProductiveSimulator
) -> Callable[..., Any]:
    """Return what sends a delivery that is signed, unless a signature is given."""

    async def send(body: bytes, signature: str | None = None) -> httpx.Response:
        if signature is None:
            token = productive_simulator.webhook_tokens[0]
            signature = sign(body, time, token)
        return await client.http.post(
            PATH,
            content=body,
            headers={b"Productive-Signature": signature.encode("latin-1")},
        )

    return send


async def approve_booking(client: Client, productive: RecordingTransport) -> None:
    body = await client.execute(APPROVE, {"input": {"id": BOOKING}})
    assert body == {"data": {"approve": {"outcome": "APPLIED"}}}
    productive.clear()


class TestChanges:
    async def test_what_was_decided_is_read_again_and_taken(
        self,
        client: Client,
        productive: RecordingTransport,
        deliver: Callable[[], Any],
    ) -> None:
        await approve_booking(client, productive)

        with capture_logs() as logs:
            statuses = await deliver()

        assert statuses == [204]
        assert productive.calls == ["GET /bookings/305"]
        assert [one for one in logs if one["event"] == "change"] == [
            {
                "event": "change",
                "log_level": "info",
                "provider": "PRODUCTIVE",
                "upstream_event": "update_booking",
                "target_type": "BOOKING",
                "target": "305",
                "state": "APPROVED",
            }
        ]

    async def test_what_came_twice_is_read_once(
        self,
        client: Client,
        productive: RecordingTransport,
        deliver: Callable[[], Any],
        switch_productive: Callable[..., None],
    ) -> None:
        switch_productive(webhook_duplicates=True)
        await approve_booking(client, productive)

        assert await deliver() == [204, 204]
        assert productive.calls == ["GET /bookings/305"]

    async def test_what_came_late_is_read_as_it_stands_now(
        self,
        productive: RecordingTransport,
        deliver: Callable[[], Any],
        switch_productive: Callable[..., None],
        told: ProductiveSimulator,
        time: FakeTime,
    ) -> None:
        switch_productive(webhook_reordered=True)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(told.app), base_url="http://sandbox"
        ) as person:
            headers = {
                "X-Auth-Token": (told.credentials("auditor") or {})["token"],
                "X-Organization-Id": "900",
                "Content-Type": "application/vnd.api+json",
            }
            for note in ("first", "second"):
                attributes = {"note": note, "ended_on": f"2026-12-1{len(note)}"}
                time.advance(1)
                answer = await person.patch(
                    "/bookings/305",
                    json={"data": {"type": "bookings", "attributes": attributes}},
                    headers=headers,
                )
                assert answer.status_code == 200

        with capture_logs() as logs:
            assert await deliver() == [204, 204]

        states = [one["state"] for one in logs if one["event"] == "change"]
        assert states == ["PENDING", "PENDING"]
        assert productive.calls == ["GET /bookings/305"] * 2

    async def test_what_is_gone_is_taken(
        self, productive: RecordingTransport, post: Callable[..., Any]
    ) -> None:
        with capture_logs() as logs:
            response = await post(body_of(item_id=999_999, event="delete_booking"))

        assert response.status_code == 204
        assert productive.calls == ["GET /bookings/999999"]
        assert [one["state"] for one in logs if one["event"] == "change"] == [None]

    async def test_what_is_nothing_of_this_graph_is_passed_over(
        self, productive: RecordingTransport, post: Callable[..., Any]
    ) -> None:
        response = await post(body_of(item_type="task"))

        assert response.status_code == 204
        assert productive.calls == []

    @pytest.mark.parametrize("item_id", [305, "305"])
    async def test_an_id_is_a_number_or_text(
        self,
        item_id: object,
        productive: RecordingTransport,
        post: Callable[..., Any],
    ) -> None:
        assert (await post(body_of(item_id=item_id))).status_code == 204
        assert productive.calls == ["GET /bookings/305"]

    @pytest.mark.parametrize("item_id", ["../people/1", "", "1e9", -1])
    async def test_an_id_that_is_none_is_passed_over(
        self,
        item_id: object,
        productive: RecordingTransport,
        post: Callable[..., Any],
    ) -> None:
        assert (await post(body_of(item_id=item_id))).status_code == 204
        assert productive.calls == []


class TestRepetition:
    @pytest.mark.parametrize("retries", ["spread_48_hours", "every_12_hours"])
    async def test_what_could_not_be_read_is_told_again_until_it_is(
        self,
        retries: str,
        client: Client,
        productive: RecordingTransport,
        deliver: Callable[[], Any],
        switch_productive: Callable[..., None],
        time: FakeTime,
    ) -> None:
        """C11: twelve more over 48 hours, or every twelve hours."""
        switch_productive(webhook_retries=retries)
        await approve_booking(client, productive)

        async def fail(request: httpx.Request, upstream: Handler) -> httpx.Response:
            del upstream
            return httpx.Response(500, request=request)

        productive.interceptors["GET /bookings/305"] = fail
        assert await deliver() == [503]
        assert await deliver() == []

        productive.interceptors.clear()
        productive.clear()
        time.advance(12 * 3600)
        assert await deliver() == [204]
        assert productive.calls == ["GET /bookings/305"]
        time.advance(100 * 3600)
        assert await deliver() == []

    async def test_a_failure_says_that_it_may_pass(
        self, productive: RecordingTransport, post: Callable[..., Any]
    ) -> None:
        async def fail(request: httpx.Request, upstream: Handler) -> httpx.Response:
            del upstream
            return httpx.Response(500, text="upstream's secret", request=request)

        productive.interceptors["GET /bookings/305"] = fail

        response = await post(body_of())

        assert response.status_code == 503
        [error] = response.json()["errors"]
        assert error["message"] == "Productive is not available."
        assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
        assert error["extensions"]["retryable"] is True


class TestSignatures:
    async def test_any_of_the_tokens_verifies(
        self,
        time: FakeTime,
        post: Callable[..., Any],
        productive_simulator: ProductiveSimulator,
    ) -> None:
        body = body_of(item_type="task")
        for token in productive_simulator.webhook_tokens:
            assert (await post(body, sign(body, time, token))).status_code == 204

    async def test_the_space_after_the_comma_may_be_missing(
        self,
        time: FakeTime,
        post: Callable[..., Any],
        productive_simulator: ProductiveSimulator,
    ) -> None:
        body = body_of(item_type="task")
        signature = sign(body, time, productive_simulator.webhook_tokens[0])

        response = await post(body, signature.replace(", ", ","))

        assert response.status_code == 204

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda _: "",
            lambda _: "nonsense",
            lambda signature: signature.partition(",")[0],
            lambda signature: signature.partition(", ")[2],
            lambda signature: signature[:-1] + ("0" if signature[-1] != "0" else "1"),
            lambda signature: signature.replace("t=", "t=1"),
            lambda signature: f"{signature}é",
        ],
    )
    async def test_a_signature_that_is_none_is_refused_and_nothing_is_read(
        self,
        spoil: Callable[[str], str],
        time: FakeTime,
        post: Callable[..., Any],
        productive: RecordingTransport,
        productive_simulator: ProductiveSimulator,
    ) -> None:
        body = body_of()
        signature = sign(body, time, productive_simulator.webhook_tokens[0])

        with capture_logs() as logs:
            response = await post(body, spoil(signature))

        assert response.status_code == 401
        assert [one for one in logs if one["event"] == "webhook_refused"] == [
            {
                "event": "webhook_refused",
                "log_level": "warning",
                "code": "UNAUTHENTICATED",
                "reason": "The signature is none of the webhooks that this gateway "
                "knows.",
            }
        ]
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "UNAUTHENTICATED"
        assert productive.calls == []

    async def test_another_body_is_refused(
        self,
        time: FakeTime,
        post: Callable[..., Any],
        productive: RecordingTransport,
        productive_simulator: ProductiveSimulator,
    ) -> None:
        token = productive_simulator.webhook_tokens[0]
        signature = sign(body_of(), time, token)

        response = await post(body_of(item_id=306), signature)

        assert response.status_code == 401
        assert productive.calls == []

    @pytest.mark.parametrize(
        ("age_seconds", "status"), [(300, 204), (301, 401), (-300, 204), (-301, 401)]
    )
    async def test_a_delivery_is_good_for_five_minutes(
        self,
        age_seconds: int,
        status: int,
        time: FakeTime,
        post: Callable[..., Any],
        productive_simulator: ProductiveSimulator,
    ) -> None:
        body = body_of(item_type="task")
        token = productive_simulator.webhook_tokens[0]

        response = await post(body, sign(body, time, token, age_seconds=age_seconds))

        assert response.status_code == status


class TestRequests:
    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"{}", b"\xff", body_of(item_id=None), body_of(event=1)],
    )
    async def test_what_cannot_be_understood_is_refused(
        self, body: bytes, post: Callable[..., Any], productive: RecordingTransport
    ) -> None:
        response = await post(body)

        assert response.status_code == 400
        [error] = response.json()["errors"]
        assert error["message"] == "This is no delivery of Productive's."
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert productive.calls == []

    async def test_a_body_without_end_is_refused(
        self, post: Callable[..., Any]
    ) -> None:
        response = await post(b" " * 1_048_577)

        assert response.status_code == 413

    async def test_only_post_delivers(self, client: Client) -> None:
        response = await client.http.get(PATH)

        assert response.status_code == 405
        assert response.headers["allow"] == "POST"

    async def test_without_tokens_there_is_no_such_place(self, time: FakeTime) -> None:
        class Silent(Sandbox):
            """A sandbox whose webhooks lead nowhere."""

            def settings(self, provider: Provider) -> dict[str, str]:
                settings = super().settings(provider)
                return {k: v for k, v in settings.items() if k != "webhook_tokens"}

        app = create_app(Settings(), sandbox=Silent(time.clock), clock=time.clock)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as http:
            assert (await http.post(PATH, content=b"{}")).status_code == 404
