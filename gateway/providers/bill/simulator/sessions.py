"""Signing in and out, and how long a session lives (section 2)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from string import ascii_letters, digits
from typing import Any

import msgspec

from gateway.providers.bill.simulator.directory import (
    CLOSED_ORGANIZATION,
    ORGANIZATIONS,
    PASSWORDS,
)
from gateway.providers.bill.simulator.objects import ACTIVE, User
from gateway.providers.bill.simulator.replies import BillError
from gateway.providers.bill.simulator.state import State

_IDLE = timedelta(minutes=35)
_SESSION_LENGTH = 28


class Session(msgspec.Struct, kw_only=True):
    """Who has signed in, and when they called last."""

    id: str
    dev_key: str
    organization_id: str
    user_id: str
    used_at: datetime


class Sessions:
    """The sessions that live; a user may have several."""

    def __init__(self) -> None:
        self._live: dict[str, Session] = {}
        self._random = Random("bill sessions")  # noqa: S311 (a sandbox)

    def forget(self) -> None:
        """End every session."""
        self._live.clear()

    def sign_in(
        self, state: State, form: Mapping[str, str], endpoint: str, now: datetime
    ) -> dict[str, Any]:
        """Answer ``Login``.

        Raises:
            BillError: BDC_1101 or BDC_1105.
        """
        organization_id = form.get("orgId", "")
        user = _authenticate(state, form)
        if organization_id not in ORGANIZATIONS:
            raise BillError("BDC_1101")
        if organization_id == CLOSED_ORGANIZATION:
            raise BillError("BDC_1105")
        session = Session(
            id="".join(self._random.choices(ascii_letters + digits, k=_SESSION_LENGTH)),
            dev_key=form["devKey"],
            organization_id=organization_id,
            user_id=user.id,
            used_at=now,
        )
        self._live[session.id] = session
        return {
            "sessionId": session.id,
            "orgId": organization_id,
            "apiEndPoint": endpoint,
            "usersId": user.id,
        }

    def resolve(self, form: Mapping[str, str], now: datetime) -> Session:
        """Return the session of a call, which keeps it alive.

        Raises:
            BillError: BDC_1109; it never was, has ended, idled for 35 minutes, or
                belongs to another developer key.
        """
        session = self._live.get(form.get("sessionId", ""))
        if session is None or session.dev_key != form.get("devKey"):
            raise BillError("BDC_1109")
        if now >= session.used_at + _IDLE:
            self.end(session.id)
            raise BillError("BDC_1109")
        session.used_at = now
        return session

    def organization_id(self, form: Mapping[str, str]) -> str:
        """Return the organization that a call belongs to, where it can be told."""
        session = self._live.get(form.get("sessionId", ""))
        return form.get("orgId", "") if session is None else session.organization_id

    def end(self, session_id: str) -> None:
        """End one session, if it lives."""
        self._live.pop(session_id, None)


def list_organizations(state: State, form: Mapping[str, str]) -> list[dict[str, str]]:
    """Answer ``ListOrgs``.

    Raises:
        BillError: BDC_1101.
    """
    _authenticate(state, form)
    return [{"orgId": one, "orgName": name} for one, name in ORGANIZATIONS.items()]


def _authenticate(state: State, form: Mapping[str, str]) -> User:
    for user in state.users.values():
        known = (user.login_id, PASSWORDS[user.id])
        if known == (form.get("userName"), form.get("password")):
            if user.is_active == ACTIVE:
                return user
            break
    raise BillError("BDC_1101")
