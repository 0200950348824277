"""The calls that the API has, and how a path finds one."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus

import msgspec

from gateway.providers.ottimate.simulator import (
    accounts,
    approving,
    editing,
    exporting,
    listing,
    reading,
)
from gateway.providers.ottimate.simulator.asks import Ask
from gateway.providers.ottimate.simulator.replies import GatewayFormError, Reply
from gateway.providers.ottimate.simulator.switches import OttimateSwitches

_ONE = r"/v1/invoices/(?P<id>[^/]+)"


class Call(msgspec.Struct, frozen=True):
    """A call that the API has: its name, what it looks like, and its work.

    The token call has no *work*: it is the one that needs no token.
    """

    name: str
    method: str
    path: str
    work: Callable[[Ask], Reply] | None = None


CALLS = (
    Call("token", "POST", "/oauth/token"),
    Call("token", "POST", "/v1/oauth/token"),
    Call("list_accounts", "GET", "/v1/accounts", accounts.list_accounts),
    Call(
        "list_companies",
        "GET",
        "/v1/accounts/(?P<id>[^/]+)/companies",
        accounts.list_companies,
    ),
    Call(
        "list_locations",
        "GET",
        "/v1/accounts/(?P<id>[^/]+)/locations",
        accounts.list_locations,
    ),
    Call("list_invoices", "GET", "/v1/invoices", listing.list_invoices),
    Call("create_invoice", "POST", "/v1/invoices", editing.create_invoice),
    Call(
        "mark_exported", "POST", "/v1/invoices/mark-exported", exporting.mark_exported
    ),
    Call(
        "mark_unexported",
        "POST",
        "/v1/invoices/mark-unexported",
        exporting.mark_unexported,
    ),
    Call("read_invoice", "GET", _ONE, reading.read_invoice),
    Call("patch_invoice", "PATCH", _ONE, editing.patch_invoice),
    Call("list_approvers", "GET", f"{_ONE}/approvers", approving.list_approvers),
    Call("add_approver", "POST", f"{_ONE}/approvers", approving.add_approver),
    Call("remove_approver", "DELETE", f"{_ONE}/approvers", approving.remove_approver),
    Call("approve", "POST", f"{_ONE}/approve", approving.approve),
    Call("flag", "POST", f"{_ONE}/flag", approving.flag),
)


def route(
    method: str, path: str, switches: OttimateSwitches
) -> tuple[Call, Mapping[str, str]]:
    """Return the call and the parameters in its path.

    Raises:
        GatewayFormError: The route is unknown, or the account lacks the call.
    """
    for call in CALLS:
        found = re.fullmatch(call.path, path)
        if found and call.method == method:
            if call.name in switches.absent_calls:
                raise _absent(switches.absent_status)
            return call, found.groupdict()
    raise _absent(HTTPStatus.FORBIDDEN)


def _absent(status: int) -> GatewayFormError:
    # Quirk: the front of the API answers an unknown route as a missing token.
    is_default = status == HTTPStatus.FORBIDDEN
    message = (
        "Missing Authentication Token" if is_default else HTTPStatus(status).phrase
    )
    return GatewayFormError(status, message)
