"""Events and webhooks are kept by admins (5, 8.2)."""

from collections.abc import Mapping
from typing import Any

from gateway.providers.productive.simulator.asks import Ask
from gateway.providers.productive.simulator.directory import signature_token
from gateway.providers.productive.simulator.fields import Fields
from gateway.providers.productive.simulator.names import EVENTS, WEBHOOKS
from gateway.providers.productive.simulator.objects import Event, Webhook
from gateway.providers.productive.simulator.replies import (
    Reply,
    conflict,
    document_reply,
)

_ABSENCE_TYPES = ("time_off", "remote_work")
# 1 to 35, every one of them (8.2).
_EVENT_IDS = tuple(range(1, 36))


def _fields(ask: Ask) -> Fields:
    ask.require_admin()
    return Fields(ask.members(), ask.state, ask.organization_id)


def create_event(ask: Ask) -> Reply:
    """Answer ``POST /events``.

    Raises:
        ProductiveError: 400, 403, 422.
    """
    event = Event(id="", organization_id=ask.organization_id, name="")
    _set_event(event, _read_event(_fields(ask), event))
    event.id = ask.state.next_id(EVENTS)
    ask.state.events[event.id] = event
    return ask.show(event, EVENTS, 201)


def update_event(ask: Ask, object_id: str) -> Reply:
    """Answer ``PATCH /events/{id}``.

    Raises:
        ProductiveError: 400, 403, 404, 422.
    """
    fields, event = _fields(ask), ask.find(EVENTS, object_id)
    _set_event(event, _read_event(fields, event))
    return ask.show(event, EVENTS)


def delete_event(ask: Ask, object_id: str) -> Reply:
    """Answer ``DELETE /events/{id}``.

    Raises:
        ProductiveError: 403, 404, or 409 where bookings or workflows name it.
    """
    ask.require_admin()
    event: Event = ask.find(EVENTS, object_id)
    named = {
        *(one.event_id for one in ask.state.bookings.values()),
        *(one.event_id for one in ask.state.workflows.values()),
    }
    if event.id in named:
        raise conflict("event_in_use")
    del ask.state.events[event.id]
    return document_reply(None)


def archive_event(ask: Ask, object_id: str) -> Reply:
    """Answer ``PATCH /events/{id}/archive``.

    Raises:
        ProductiveError: 403, 404, or 409 where it is archived.
    """
    ask.require_admin()
    event: Event = ask.find(EVENTS, object_id)
    if event.archived_at is not None:
        raise conflict("event_already_archived")
    event.archived_at = ask.now
    return ask.show(event, EVENTS)


def _read_event(fields: Fields, event: Event) -> Mapping[str, Any]:
    absence_type = fields.text("absence_type", event.absence_type)
    if absence_type not in _ABSENCE_TYPES:
        fields.complain("absence_type", "is invalid")
    found = {
        "name": fields.text("name", event.name or None, required=not event.name),
        "absence_type": absence_type,
        "event_type_id": fields.whole("event_type_id", event.event_type_id),
        "color_id": fields.whole("color_id", event.color_id),
        "icon_id": fields.whole("icon_id", event.icon_id),
        "limitation_type_id": fields.whole(
            "limitation_type_id", event.limitation_type_id
        ),
        "half_day_bookings": fields.flag(
            "half_day_bookings", default=event.half_day_bookings
        ),
        "sync_personal_integrations": fields.flag(
            "sync_personal_integrations", default=event.sync_personal_integrations
        ),
    }
    fields.check()
    return found


def _set_event(event: Event, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(event, name, value)


def create_webhook(ask: Ask) -> Reply:
    """Answer ``POST /webhooks``; the service makes the signature token.

    Raises:
        ProductiveError: 400, 403, 422.
    """
    fields = _fields(ask)
    name = fields.needed_text("name")
    target_url = fields.needed_text("target_url")
    event_id = fields.needed_whole("event_id", *_EVENT_IDS)
    type_id = fields.whole("type_id", 1, allowed=(1, 2))
    attributes = ask.members().get("attributes")
    headers = attributes.get("custom_headers") if isinstance(attributes, dict) else None
    if target_url and not target_url.startswith(("https://", "http://")):
        fields.complain("target_url", "is invalid")
    fields.check()
    webhook_id = ask.state.next_id(WEBHOOKS)
    webhook = Webhook(
        id=webhook_id,
        organization_id=ask.organization_id,
        name=name,
        event_id=event_id,
        target_url=target_url,
        type_id=type_id or 1,
        custom_headers=headers if isinstance(headers, dict) else {},
        signature_token=signature_token(webhook_id),
    )
    ask.state.webhooks[webhook.id] = webhook
    return ask.show(webhook, WEBHOOKS, 201)


def delete_webhook(ask: Ask, object_id: str) -> Reply:
    """Answer ``DELETE /webhooks/{id}``.

    Raises:
        ProductiveError: 403, 404.
    """
    ask.require_admin()
    del ask.state.webhooks[ask.find(WEBHOOKS, object_id).id]
    return document_reply(None)
