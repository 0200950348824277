"""The calls that the API has, and how a method and a path find one (5)."""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from gateway.providers.accounteer.simulator import (
    attachments,
    contacts,
    documents,
    items,
    paying,
    sending,
    tables,
    team,
)
from gateway.providers.accounteer.simulator.asks import Ask
from gateway.providers.accounteer.simulator.objects import Kind
from gateway.providers.accounteer.simulator.replies import (
    AccounteerError,
    Reply,
    not_found,
)
from gateway.providers.accounteer.simulator.switches import AccounteerSwitches

_Work = Callable[[Ask], Reply]
_ID = ":id"
_BASE = ("api", "v0.1")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call of the API; *scope* is the group of the menu that it belongs to.

    The two addresses of OAuth have no scope and no work of their own.
    """

    name: str
    method: str
    scope: str = ""
    work: _Work | None = None


def _document_calls(kind: Kind) -> Mapping[str, _Work]:
    many, one = f"/{kind}s", f"/{kind}s/{_ID}"
    files = f"{one}/attachments"
    return {
        f"list_{kind}s GET {many}": partial(documents.list_documents, kind=kind),
        f"read_{kind} GET {one}": partial(documents.read_document, kind=kind),
        f"create_{kind} POST {many}": partial(documents.create_document, kind=kind),
        f"update_{kind} PUT {one}": partial(documents.update_document, kind=kind),
        f"approve_{kind} POST {one}": partial(documents.approve_document, kind=kind),
        f"delete_{kind} DELETE {one}": partial(documents.delete_document, kind=kind),
        f"add_{kind}_attachment POST {files}": partial(
            attachments.add_attachment, kind=kind
        ),
        f"delete_{kind}_attachment DELETE {files}/{_ID}": partial(
            attachments.delete_attachment, kind=kind
        ),
        f"pay_{kind} POST {one}/pay": partial(paying.pay_document, kind=kind),
    }


_WORKS: Mapping[str, _Work] = {
    **_document_calls("invoice"),
    **_document_calls("purchase"),
    "send_invoice POST /invoices/:id/send": sending.send_invoice,
    "delete_payment DELETE /payments/:id": paying.delete_payment,
    "create_offer POST /offers": partial(documents.create_document, kind="offer"),
    "update_offer PUT /offers/:id": partial(documents.update_document, kind="offer"),
    "list_contacts GET /contacts": contacts.list_contacts,
    "read_contact GET /contacts/:id": contacts.read_contact,
    "create_contact POST /contacts": contacts.create_contact,
    "update_contact PUT /contacts/:id": contacts.update_contact,
    "list_team GET /team": team.list_team,
    "create_team_member POST /team": team.create_team_member,
    "delete_team_member DELETE /team/:id": team.delete_team_member,
    "list_items GET /items": items.list_items,
    "list_low_stock GET /items/low-stock": items.list_low_stock,
    "read_item GET /items/:id": items.read_item,
    "create_item POST /items": items.create_item,
    "update_item POST /items/:id": items.update_item,
    "add_item_image POST /items/:id/images": attachments.add_image,
    "delete_item_image DELETE /items/:id/images/:id": attachments.delete_image,
    "list_taxes GET /taxes": tables.list_taxes,
    "read_tax GET /taxes/:id": tables.read_tax,
    "create_tax POST /taxes": tables.create_tax,
    "list_accounts GET /accounts": tables.list_accounts,
    "read_account GET /accounts/:id": tables.read_account,
    "create_account POST /accounts": tables.create_account,
    "list_account_types GET /account_types": tables.list_account_types,
    "list_organisations GET /organisations": tables.list_organisations,
    "read_organisation GET /organisations/:id": tables.read_organisation,
    "update_organisation POST /organisations/:id": tables.update_organisation,
}


def _routes() -> Mapping[tuple[str, ...], Mapping[str, Call]]:
    """Return the calls by path and method."""
    routes: dict[tuple[str, ...], dict[str, Call]] = {
        ("oauth", "authorize"): {"GET": Call(name="authorize", method="GET")},
        ("oauth", "token"): {"POST": Call(name="token", method="POST")},
    }
    for line, work in _WORKS.items():
        name, method, path = line.split(" ")
        parts = tuple(path.strip("/").split("/"))
        # What has no group of its own belongs to another.
        scope = {"account_types": "accounts"}.get(parts[0], parts[0])
        call = Call(name=name, method=method, scope=scope, work=work)
        routes.setdefault((*_BASE, *parts), {})[method] = call
    return routes


_ROUTES = _routes()
CALL_NAMES = frozenset(
    call.name for by_method in _ROUTES.values() for call in by_method.values()
)


def route(
    method: str, path: str, switches: AccounteerSwitches
) -> tuple[Call, tuple[str, ...]]:
    """Return the call of *method* and *path*, and the ids in the path (X5, X6).

    Raises:
        AccounteerError: 404 for a path that is not there, 405 for the wrong verb.
    """
    parts = tuple(path.removesuffix("/").removeprefix("/").split("/"))
    if parts[2:3] == ("organizations",):
        parts = (*parts[:2], "organisations", *parts[3:])
    by_method, ids = _find(parts)
    calls = {
        name: call
        for name, call in by_method.items()
        if call.name != "approve_purchase"
        or switches.purchase_approve in {"present", "ignored"}
    }
    if method in calls:
        return calls[method], ids
    if method in by_method and switches.purchase_approve == "absent_404":
        raise not_found("Route")
    allowed = {"Allow": ", ".join(sorted(calls))}
    raise AccounteerError(405, f"No {method} here.", headers=allowed)


def _find(parts: tuple[str, ...]) -> tuple[Mapping[str, Call], tuple[str, ...]]:
    for places in ((), (3,), (3, 5)):
        if places and len(parts) <= places[-1]:
            break
        named = tuple(
            _ID if place in places else part for place, part in enumerate(parts)
        )
        if named in _ROUTES:
            return _ROUTES[named], tuple(parts[place] for place in places)
    raise not_found("Route")
