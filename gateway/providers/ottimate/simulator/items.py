"""Lines in a body: created with an invoice, changed one by one (5.4, 5.5)."""

from decimal import Decimal
from typing import Any

from gateway.providers.ottimate.simulator import directory
from gateway.providers.ottimate.simulator.fields import (
    FieldError,
    Fields,
    amount,
    boolean,
    text,
)
from gateway.providers.ottimate.simulator.replies import OttimateError, invalid
from gateway.providers.ottimate.simulator.state import Invoice, Item, State

_PARSERS = {
    "name": text,
    "sku": text,
    "quantity": amount,
    "price": amount,
    "is_taxed": boolean,
}


def parse_dimensions(value: object) -> dict[str, str]:
    """Parse ``{TYPE: erp_dimension_id}``.

    Raises:
        FieldError: A dimension is unknown.
    """
    if not isinstance(value, dict):
        raise FieldError("A JSON object is required.")
    for pair in value.items():
        if pair not in directory.DIMENSIONS:
            raise FieldError(f"Unknown dimension: {pair[0]}.")
    return dict(value)


def listed_items(given: Any) -> list[dict[str, Any]]:
    """Return the lines of a body; absent and null are an empty list.

    Raises:
        OttimateError: 400; *given* is no list of objects.
    """
    listed = [] if given is None else given
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise invalid("items", "A list of objects is required.")
    return listed


def create_items(state: State, listed: list[dict[str, Any]]) -> list[Item]:
    """Return the lines of a new invoice.

    Raises:
        OttimateError: 400; a line lacks its name, quantity or price.
    """
    return [_create(state, one) for one in listed]


def change_items(
    state: State, invoice: Invoice, listed: list[dict[str, Any]]
) -> dict[str, Any]:
    """Update the lines with an id, create the others, and tell how each went."""
    success: dict[str, int] = {}
    failure: dict[str, str] = {}
    for position, one in enumerate(listed):
        try:
            success[str(position)] = _change(state, invoice, one)
        except OttimateError as error:
            failure[str(position)] = _said(error)
    status = "partial_success" if success else "failure"
    return {
        "success": success,
        "failure": failure,
        "status": status if failure else "success",
    }


def _change(state: State, invoice: Invoice, given: dict[str, Any]) -> int:
    if "id" not in given:
        invoice.items.append(_create(state, given))
        return invoice.items[-1].id
    for item in invoice.items:
        if item.id == given["id"]:
            _update(item, given)
            return item.id
    raise invalid("id", "Item not found.")


def _create(state: State, given: dict[str, Any]) -> Item:
    fields = Fields(given)
    fields.require("name", "quantity", "price")
    fields.check()
    item = Item(id=0, name="", quantity=Decimal(0), price=Decimal(0))
    _update(item, given)
    item.id = state.next_number("item", 3_300_000)
    return item


def _update(item: Item, given: dict[str, Any]) -> None:
    fields = Fields(given)
    changes = {
        name: fields.read(name, parse)
        for name, parse in _PARSERS.items()
        if name in fields
    }
    added = fields.read("dimensions", _changed_dimensions) or {}
    fields.check()
    for name, value in changes.items():
        setattr(item, name, value)
    merged = item.dimensions | added
    item.dimensions = {kind: key for kind, key in merged.items() if key is not None}


def _changed_dimensions(value: object) -> dict[str, str | None]:
    if not isinstance(value, dict):
        raise FieldError("A JSON object is required.")
    kept = {kind: key for kind, key in value.items() if key is not None}
    return dict.fromkeys(value) | parse_dimensions(kept)


def _said(error: OttimateError) -> str:
    wrong = error.message if isinstance(error.message, dict) else {}
    return " ".join(f"{name}: {texts[0]}" for name, texts in wrong.items())
