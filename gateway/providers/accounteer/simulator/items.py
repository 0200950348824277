"""Items that are bought and sold (5.16)."""

from decimal import Decimal
from typing import Any

from gateway.providers.accounteer.simulator.asks import Ask
from gateway.providers.accounteer.simulator.fields import (
    Content,
    flag,
    optional_amount,
    required_text,
    text,
)
from gateway.providers.accounteer.simulator.listing import list_reply
from gateway.providers.accounteer.simulator.objects import Item
from gateway.providers.accounteer.simulator.render import item_body
from gateway.providers.accounteer.simulator.replies import Reply, invalid, json_reply

_AMOUNTS = ("sales_price", "purchase_price", "quantity_on_hand", "reorder_point")
_ACCOUNTS = ("gl_account_sales_id", "gl_account_purchase_id")


def list_items(ask: Ask) -> Reply:
    """Answer ``GET /items``."""
    return list_reply(ask, "items", ask.owned(ask.state.items), item_body)


def list_low_stock(ask: Ask) -> Reply:
    """Answer ``GET /items/low-stock``."""
    low = [one for one in ask.owned(ask.state.items) if _is_low(one)]
    return list_reply(ask, "items", low, item_body)


def read_item(ask: Ask) -> Reply:
    """Answer ``GET /items/:id``."""
    return json_reply(200, item_body(ask.find(ask.state.items, "Item")))


def create_item(ask: Ask) -> Reply:
    """Answer ``POST /items``, with the wrapper or without.

    Raises:
        AccounteerError: 422; a field is missing or wrong.
    """
    content = ask.content("item", is_optional=True)
    item = Item(
        id=ask.state.next_id("item"),
        organization_id=ask.organization_id,
        item_title=required_text(content, "item_title"),
    )
    _take_over(ask, item, content)
    ask.state.items[item.id] = item
    return json_reply(ask.switches.create_status_code, item_body(item))


def update_item(ask: Ask) -> Reply:
    """Answer ``POST /items/:id``; fields left out stay.

    Raises:
        AccounteerError: 422; a field is wrong. Nothing is changed then.
    """
    content = ask.content("item", is_optional=True)
    item = ask.find(ask.state.items, "Item")
    _take_over(ask, item, content)
    return json_reply(200, item_body(item))


def _take_over(ask: Ask, item: Item, content: Content) -> None:
    """Read every field before the first of them is stored."""
    changes: dict[str, Any] = {
        name: optional_amount(content, name) for name in _AMOUNTS if name in content
    }
    if "item_title" in content:
        changes["item_title"] = required_text(content, "item_title")
    if "item_description" in content:
        changes["item_description"] = text(content, "item_description")
    if content.get("tracked") is not None:
        changes["tracked"] = flag(content, "tracked")
    for name in _ACCOUNTS:
        if name in content:
            changes[name] = _account_id(ask, content, name)
    for name, value in changes.items():
        setattr(item, name, value)


def _account_id(ask: Ask, content: Content, name: str) -> str | None:
    account_id = text(content, name)
    if account_id and ask.look(ask.state.accounts, account_id) is None:
        raise invalid(name, "is not a known ledger account")
    return account_id


def _is_low(item: Item) -> bool:
    on_hand, point = item.quantity_on_hand or Decimal(0), item.reorder_point
    return item.tracked and point is not None and on_hand < point
