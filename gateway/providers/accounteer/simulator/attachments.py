"""Attachments of documents and images of items (5.6, 5.12, 5.16)."""

import base64
import binascii

from gateway.providers.accounteer.simulator.asks import Ask
from gateway.providers.accounteer.simulator.directory import FILES
from gateway.providers.accounteer.simulator.documents import (
    deleted_reply,
    require_draft,
)
from gateway.providers.accounteer.simulator.fields import Content, required_text, text
from gateway.providers.accounteer.simulator.objects import Attachment, Item, Kind
from gateway.providers.accounteer.simulator.render import attachment_body
from gateway.providers.accounteer.simulator.replies import (
    Reply,
    invalid,
    json_reply,
    not_found,
)

_MOST_BYTES = 10 * 1024 * 1024


def add_attachment(ask: Ask, kind: Kind) -> Reply:
    """Answer ``POST`` on a document's attachments, which no status forbids.

    Raises:
        AccounteerError: 422; there is no file, or it cannot be read.
    """
    content = ask.bare_content()
    document = ask.document(kind)
    made = _attachment(ask, content)
    document.attachments.append(made)
    document.date_updated = ask.today
    return json_reply(ask.switches.create_status_code, attachment_body(made))


def delete_attachment(ask: Ask, kind: Kind) -> Reply:
    """Answer ``DELETE`` on one of a document's attachments.

    Raises:
        AccounteerError: 404; the document has no such attachment.
        InvalidStateError: The document is no draft.
    """
    document = ask.document(kind)
    found = _find(ask, document.attachments)
    require_draft(document)
    document.attachments.remove(found)
    document.date_updated = ask.today
    return deleted_reply(ask, found.id)


def add_image(ask: Ask) -> Reply:
    """Answer ``POST /items/:item_id/images``.

    Raises:
        AccounteerError: 422; there is no file, or the body names another item.
    """
    content = ask.bare_content()
    item = _item(ask)
    if content.get("item_id", item.id) != item.id:
        raise invalid("item_id", "is another item")
    made = _attachment(ask, content)
    item.images = (*item.images, made)
    return json_reply(ask.switches.create_status_code, attachment_body(made))


def delete_image(ask: Ask) -> Reply:
    """Answer ``DELETE /items/:item_id/images/:image_id``.

    Raises:
        AccounteerError: 404; the item has no such image.
    """
    item = _item(ask)
    found = _find(ask, item.images)
    item.images = tuple(one for one in item.images if one is not found)
    return deleted_reply(ask, found.id)


def _item(ask: Ask) -> Item:
    return ask.find(ask.state.items, "Item")


def _find(ask: Ask, files: tuple[Attachment, ...] | list[Attachment]) -> Attachment:
    for one in files:
        if one.id == ask.ids[1]:
            return one
    raise not_found("File")


def _attachment(ask: Ask, content: Content) -> Attachment:
    filename = required_text(content, "filename")
    url, encoded = text(content, "url"), text(content, "encoded_string")
    if (url is None) == (encoded is None):
        raise invalid("url", "either this or encoded_string")
    if encoded is not None:
        _check_file(encoded)
    one_id = ask.state.next_id("attachment")
    return Attachment(
        id=one_id,
        filename=filename,
        url=url or f"{FILES}/{one_id}/{filename}",
        date_created=ask.today,
    )


def _check_file(encoded: str) -> None:
    try:
        size = len(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError) as error:
        raise invalid("encoded_string", "is not base64") from error
    if size > _MOST_BYTES:
        raise invalid("encoded_string", "is over 10 MB")
