"""What one call works on."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

import msgspec

from gateway.providers.ottimate.simulator.approvals import Approvals
from gateway.providers.ottimate.simulator.auth import Actor
from gateway.providers.ottimate.simulator.replies import OttimateError, invalid
from gateway.providers.ottimate.simulator.state import Invoice, State
from gateway.providers.ottimate.simulator.switches import OttimateSwitches


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One call, after the checks in front of it."""

    state: State
    approvals: Approvals
    switches: OttimateSwitches
    actor: Actor
    version: str
    echo: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    kept_details: dict[tuple[str, ...], tuple[datetime, bytes]]

    def invoice(self) -> Invoice:
        """Return the invoice that the path names.

        Raises:
            OttimateError: 404; there is none, or it lies out of scope (3.1).
        """
        invoice = self.state.find(self.path["id"])
        if invoice is None or not self.actor.reaches(invoice):
            raise OttimateError(404, "INV4040", "Invoice not found.")
        return invoice

    def content(self) -> dict[str, Any]:
        """Return the JSON object of the body; an empty body is an empty object.

        Raises:
            OttimateError: 400.
        """
        if not self.body:
            return {}
        try:
            content = json.loads(
                self.body, parse_float=Decimal, parse_constant=_refuse_constant
            )
        except ValueError as error:
            raise invalid("body", "Malformed JSON.") from error
        if not isinstance(content, dict):
            raise invalid("body", "A JSON object is required.")
        return content


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
