"""What one call works on."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from gateway.providers.productive.simulator.documents import (
    render_one,
    render_rows,
)
from gateway.providers.productive.simulator.kinds import KINDS
from gateway.providers.productive.simulator.objects import Person
from gateway.providers.productive.simulator.query import Query
from gateway.providers.productive.simulator.replies import (
    Reply,
    access_denied,
    bad_request,
    document_reply,
    record_not_found,
)
from gateway.providers.productive.simulator.rules import Rules
from gateway.providers.productive.simulator.shape import View
from gateway.providers.productive.simulator.state import State
from gateway.providers.productive.simulator.switches import ProductiveSwitches


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One call of *caller*.

    Attributes:
        user_id: Whose token it is; they may be a person in several organizations.
        address: The address without its query.
        is_moved: Whether lists come in another order than by id.
    """

    state: State
    switches: ProductiveSwitches
    rules: Rules
    view: View
    query: Query
    caller: Person
    user_id: str
    address: str
    body: bytes
    now: datetime
    is_moved: bool = False

    @property
    def organization_id(self) -> str:
        """The organization that is asked."""
        return self.caller.organization_id

    def require_admin(self) -> None:
        """Refuse everybody else.

        Raises:
            ProductiveError: 403.
        """
        if not self.caller.is_admin:
            raise access_denied()

    def find(self, type_name: str, object_id: str) -> Any:
        """Return an object that the caller may read.

        Raises:
            ProductiveError: 404, which does not tell whether it exists.
        """
        found = self.state.find(type_name, object_id, self.organization_id)
        if found is None or not KINDS[type_name].is_seen(found, self.view):
            raise record_not_found()
        return found

    def data(self) -> Any:
        """Return ``data`` of the body; None where there is no body.

        Raises:
            ProductiveError: 400; the body is no JSON:API document.
        """
        if not self.body.strip():
            return None
        try:
            document = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise bad_request("The body is not JSON") from None
        if not isinstance(document, dict) or "data" not in document:
            raise bad_request("The body has no data")
        return document["data"]

    def members(self) -> Mapping[str, Any]:
        """Return ``data`` as an object, which is empty where there is no body.

        Raises:
            ProductiveError: 400.
        """
        data = self.data()
        if data is None:
            return {}
        if not isinstance(data, dict):
            raise bad_request("data is not an object")
        return data

    def rows_of_body(self) -> list[Mapping[str, Any]]:
        """Return ``data`` of a bulk call.

        Raises:
            ProductiveError: 400.
        """
        data = self.data()
        if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
            raise bad_request("data is not an array of objects")
        return data

    def listed(self, type_name: str) -> list[Any]:
        """Return the objects that the body of a bulk call names, each once.

        Raises:
            ProductiveError: 400, or 404 for the first that is not there.
        """
        ids = dict.fromkeys(str(one.get("id", "")) for one in self.rows_of_body())
        return [self.find(type_name, one_id) for one_id in ids]

    def show(self, one: Any, type_name: str, status: int = 200) -> Reply:
        """Return the reply that shows one resource, with what was to be included."""
        kind, includes = KINDS[type_name], self.query.includes
        return document_reply(render_one(one, kind, includes, self.view), status)

    def show_rows(self, rows: list[Any], type_name: str, status: int = 200) -> Reply:
        """Return the reply of a bulk call."""
        return document_reply(render_rows(rows, KINDS[type_name], self.view), status)


Work = Callable[..., Reply]
