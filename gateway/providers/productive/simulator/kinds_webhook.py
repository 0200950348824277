"""The resource types of webhooks and of the log of their deliveries (8.2)."""

from typing import Any

from gateway.providers.productive.simulator import filters
from gateway.providers.productive.simulator.names import WEBHOOK_LOGS, WEBHOOKS
from gateway.providers.productive.simulator.objects import Webhook, WebhookLog
from gateway.providers.productive.simulator.replies import time_text
from gateway.providers.productive.simulator.shape import (
    ORGANIZATION,
    Kind,
    View,
    one,
)


def _webhook_attributes(webhook: Webhook, view: View) -> dict[str, Any]:
    return {
        "name": webhook.name,
        "target_url": webhook.target_url or view.webhook_target,
        "event_id": webhook.event_id,
        "type_id": webhook.type_id,
        "state_id": webhook.state_id,
        "custom_headers": webhook.custom_headers,
        "signature_token": webhook.signature_token,
        "deactivated_at": time_text(webhook.deactivated_at),
        "retry_attempts": webhook.retry_attempts,
    }


WEBHOOK = Kind(
    type=WEBHOOKS,
    attributes=_webhook_attributes,
    relations={"organization": ORGANIZATION},
    filters={
        "id": filters.ids("id"),
        "event_id": filters.numbers("event_id"),
        "state_id": filters.numbers("state_id"),
        "type_id": filters.numbers("type_id"),
    },
)


def _log_attributes(log: WebhookLog, _view: View) -> dict[str, Any]:
    return {
        "created_at": time_text(log.created_at),
        "retry_attempt": log.retry_attempt,
        "response_code": log.response_code,
        "payload": log.payload,
    }


def _day_filters() -> dict[str, Any]:
    after = filters.times("created_at")
    return {
        "after": type(after)(
            parse=after.parse, values=after.values, ops=("eq",), plain="gt_eq"
        ),
        "before": type(after)(
            parse=after.parse, values=after.values, ops=("eq",), plain="lt_eq"
        ),
    }


WEBHOOK_LOG = Kind(
    type=WEBHOOK_LOGS,
    attributes=_log_attributes,
    relations={"organization": ORGANIZATION, "webhook": one(WEBHOOKS, "webhook_id")},
    filters={
        "webhook_id": filters.ids("webhook_id"),
        "retry_attempt": filters.numbers("retry_attempt"),
        **_day_filters(),
    },
)
