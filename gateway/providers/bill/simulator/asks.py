"""What one call works on."""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from gateway.providers.bill.simulator.approvals import Approvals
from gateway.providers.bill.simulator.directory import ADMINISTRATOR
from gateway.providers.bill.simulator.fields import Members, parse_data
from gateway.providers.bill.simulator.render import Renderer
from gateway.providers.bill.simulator.replies import BillError, time_text
from gateway.providers.bill.simulator.sessions import Session
from gateway.providers.bill.simulator.state import State
from gateway.providers.bill.simulator.switches import BillSwitches


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One call of somebody who is signed in."""

    state: State
    approvals: Approvals
    switches: BillSwitches
    render: Renderer
    session: Session
    form: Mapping[str, str]
    now: datetime

    @property
    def at(self) -> str:
        """The time of the call, as the wire has it."""
        return time_text(self.now)

    def data(self, allowed: Collection[str]) -> Members:
        """Return the arguments in the form field ``data``.

        Raises:
            BillError: BDC_1002.
        """
        return Members(parse_data(self.form.get("data")), allowed)

    def is_administrator(self) -> bool:
        """Whether the caller has the profile Administrator."""
        user = self.state.users[self.session.user_id]
        return user.profile_id == ADMINISTRATOR

    def require_administrator(self) -> None:
        """Refuse everybody else (4.2).

        Raises:
            BillError: BDC_9901.
        """
        if not self.is_administrator():
            raise BillError("BDC_9901")
