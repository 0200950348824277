"""Webhooks: what changed is queued, and delivered when somebody fetches it (8.2)."""

import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

import msgspec

from gateway.providers.productive.simulator.documents import render_resource
from gateway.providers.productive.simulator.kinds import KINDS
from gateway.providers.productive.simulator.names import WEBHOOK_LOGS
from gateway.providers.productive.simulator.objects import Target, Webhook, WebhookLog
from gateway.providers.productive.simulator.replies import time_text
from gateway.providers.productive.simulator.rules import Change
from gateway.providers.productive.simulator.shape import View
from gateway.providers.productive.simulator.state import State
from gateway.providers.productive.simulator.switches import ProductiveSwitches

# New, updated, deleted (8.2).
EVENT_IDS: dict[str, dict[Change, int]] = {
    "booking": {"create": 17, "update": 18, "delete": 19},
    "time_entry": {"create": 7, "update": 8, "delete": 9},
    "expense": {"create": 21, "update": 22, "delete": 23},
}
WORKING, ISSUES = 1, 2
RETRIES = 12
_TOLD_AFTER = 3
_SPREAD = timedelta(hours=48) / RETRIES
_EVERY_12_HOURS = timedelta(hours=12)
_OK, _OK_END = 200, 300


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a receiver."""

    url: str
    headers: dict[str, str]
    body: bytes


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that waits for its time; *attempt* 0 is the first."""

    webhook_id: str
    body: bytes
    due_at: datetime
    attempt: int = 0


class Service(Protocol):
    """What the webhooks belong to."""

    switches: ProductiveSwitches
    webhook_target: str | None

    @property
    def state(self) -> State:
        """What the service holds."""

    def now(self) -> datetime:
        """Return the time."""


Sender = Callable[[Delivery], Awaitable[int | None]]


class Webhooks:
    """The outbox.

    Attributes:
        outbox: What waits, oldest first.
        told: The webhooks whose owner was told that deliveries fail.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self.outbox: list[Pending] = []
        self.told: list[str] = []

    def forget(self) -> None:
        """Drop what waits."""
        self.outbox.clear()
        self.told.clear()

    def queue(self, change: Change, target: Target, at: datetime) -> None:
        """Make a delivery for each webhook that wants to know of *change*.

        Under a lag it is due, and tells of the target, as soon as readers are told.
        """
        shown_at = max(at, target.shown_at or at)
        event_id = EVENT_IDS[target.kind][change]
        body: bytes | None = None
        for webhook in self._service.state.webhooks.values():
            is_meant = (
                webhook.organization_id == target.organization_id
                and webhook.event_id == event_id
                and webhook.deactivated_at is None
            )
            if is_meant and self._url(webhook) is not None:
                body = body or self._body(change, target, shown_at)
                one = Pending(webhook_id=webhook.id, body=body, due_at=shown_at)
                self.outbox.append(one)

    async def deliver(self, send: Sender) -> int:
        """Send what is due and return how many requests went out.

        *send* returns the status of the receiver's answer; None is no answer.
        """
        now = self._service.now()
        due = [one for one in self.outbox if one.due_at <= now]
        self.outbox = [one for one in self.outbox if one.due_at > now]
        due.sort(key=lambda one: one.due_at)
        if self._service.switches.webhook_reordered:
            due.reverse()
        copies = 2 if self._service.switches.webhook_duplicates else 1
        sent = 0
        for one in due:
            webhook = self._service.state.webhooks.get(one.webhook_id)
            if webhook is None or webhook.deactivated_at is not None:
                continue
            url = self._url(webhook)
            if url is None:
                continue
            delivery = self._delivery(webhook, url, one, now)
            codes = [await send(delivery) for _ in range(copies)]
            sent += copies
            self._record(webhook, one, codes, now)
        return sent

    def _url(self, webhook: Webhook) -> str | None:
        return webhook.target_url or self._service.webhook_target

    def _body(self, change: Change, target: Target, at: datetime) -> bytes:
        view = View(state=self._service.state, switches=self._service.switches, now=at)
        kind = KINDS[target.type]
        told = {
            "event": f"{change}_{target.kind}",
            "item_type": target.kind,
            "item_id": int(target.id),
            "created": time_text(at),
            "object": {
                "data": render_resource(target, kind, frozenset(), {}, view),
                "included": [],
            },
        }
        return msgspec.json.encode(told)

    @staticmethod
    def _delivery(webhook: Webhook, url: str, one: Pending, now: datetime) -> Delivery:
        stamp = str(int(now.timestamp()))
        signature = sign(webhook.signature_token, stamp, one.body)
        return Delivery(
            url=url,
            headers={
                "Content-Type": "application/json",
                **webhook.custom_headers,
                "Productive-Signature": f"t={stamp}, s={signature}",
            },
            body=one.body,
        )

    def _record(
        self, webhook: Webhook, one: Pending, codes: list[int | None], now: datetime
    ) -> None:
        payload: dict[str, Any] = msgspec.json.decode(one.body)
        state = self._service.state
        for code in codes:
            log = WebhookLog(
                id=state.next_id(WEBHOOK_LOGS),
                organization_id=webhook.organization_id,
                webhook_id=webhook.id,
                created_at=now,
                retry_attempt=one.attempt,
                response_code=code,
                payload=payload,
            )
            state.webhook_logs[log.id] = log
        if any(code is not None and _OK <= code < _OK_END for code in codes):
            webhook.failures_in_a_row, webhook.state_id = 0, WORKING
            return
        self._fail(webhook, one, now)

    def _fail(self, webhook: Webhook, one: Pending, now: datetime) -> None:
        """Try again later; the owner hears of it, and at last it is switched off."""
        webhook.failures_in_a_row += 1
        webhook.retry_attempts += 1
        if webhook.failures_in_a_row == _TOLD_AFTER:
            webhook.state_id = ISSUES
            self.told.append(webhook.id)
        if one.attempt == RETRIES:
            webhook.deactivated_at = now
            return
        is_spread = self._service.switches.webhook_retries == "spread_48_hours"
        wait = _SPREAD if is_spread else _EVERY_12_HOURS
        again = msgspec.structs.replace(one, attempt=one.attempt + 1, due_at=now + wait)
        self.outbox.append(again)


def sign(token: str, stamp: str, body: bytes) -> str:
    """Return the hex of HMAC-SHA256 over the stamp, a point and the body (8.2)."""
    message = stamp.encode() + b"." + body
    return hmac.new(token.encode(), message, sha256).hexdigest()
