"""Who calls: API keys, access tokens, and what an API User may reach and do."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from random import Random
from string import ascii_letters, digits
from typing import NoReturn
from urllib.parse import parse_qsl

import msgspec

from gateway.providers.ottimate.simulator import directory
from gateway.providers.ottimate.simulator.directory import Account, Application
from gateway.providers.ottimate.simulator.replies import (
    GatewayFormError,
    OttimateError,
    Reply,
    json_reply,
)
from gateway.providers.ottimate.simulator.state import Invoice
from gateway.providers.ottimate.simulator.switches import (
    OttimateSwitches,
    Permission,
)

_SCOPE = "accounts.can_access_dashboard"
_OAUTH_ERRORS = {400: "invalid_request", 401: "invalid_client"}


def account_by_key(api_key: str | None) -> Account:
    """Return the account of *api_key*.

    Raises:
        GatewayFormError: 403 Forbidden; the key is missing or unknown.
    """
    account = directory.ACCOUNTS_BY_KEY.get(api_key or "")
    if account is None:
        raise GatewayFormError(403, "Forbidden")
    return account


class Actor(msgspec.Struct, frozen=True):
    """An application as it acts now."""

    application: Application
    permissions: frozenset[Permission]

    @property
    def user_id(self) -> int:
        """The API User."""
        return self.application.user_id

    def require(self, permission: Permission) -> None:
        """Refuse whoever lacks *permission*.

        Raises:
            OttimateError: 403.
        """
        if permission not in self.permissions:
            raise forbidden("You do not have permission to perform this action.")

    def reaches(self, invoice: Invoice) -> bool:
        """Whether the invoice lies in the API User's scope (3.1)."""
        return invoice.location_id in self.application.location_ids

    def require_locations(self, location_ids: Collection[int]) -> None:
        """Refuse a filter that names a location outside the scope.

        Raises:
            OttimateError: 403.
        """
        if not self.application.location_ids.issuperset(location_ids):
            raise forbidden("You do not have access to this location.")

    def company_locations(self, company_id: int) -> frozenset[int]:
        """Return the company's locations in the scope.

        Raises:
            OttimateError: 403; the company lies outside the scope.
        """
        found = frozenset(
            location_id
            for location_id in self.application.location_ids
            if directory.LOCATIONS[location_id].company_id == company_id
        )
        if not found:
            raise forbidden("You do not have access to this company.")
        return found


class Tokens:
    """The access tokens that live; several of one application may.

    A token is never issued twice, not even after `forget`.
    """

    def __init__(self) -> None:
        self._random = Random("ottimate tokens")  # noqa: S311 (a sandbox)
        self._live: dict[str, tuple[Application, datetime]] = {}

    def forget(self) -> None:
        """End every token."""
        self._live.clear()

    def issue(
        self,
        account: Account,
        content_type: str,
        body: bytes,
        switches: OttimateSwitches,
        now: datetime,
    ) -> Reply:
        """Answer a token call (2.2).

        Raises:
            OttimateError: A wrong or missing parameter, or bad credentials.
        """
        try:
            application = _authenticate(account, _parameters(content_type, body))
        except OttimateError as error:
            if switches.token_error_form == "oauth":  # noqa: S105 (a form)
                return _oauth_reply(error)
            raise
        token = "".join(self._random.choices(ascii_letters + digits, k=30))
        lifetime = timedelta(seconds=switches.token_seconds)
        self._live[token] = (application, now + lifetime)
        return json_reply(
            200,
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": switches.token_seconds,
                "scope": _SCOPE,
            },
        )

    def actor(
        self,
        account: Account,
        authorization: str | None,
        switches: OttimateSwitches,
        now: datetime,
    ) -> Actor:
        """Return who calls with this ``Authorization`` header.

        Raises:
            OttimateError: 401 without a live token, 403 with one of another account.
        """
        scheme, _, token = (authorization or "").partition(" ")
        application, ends = self._live.get(token.strip(), (None, now))
        if scheme.lower() != "bearer" or application is None or ends <= now:
            refuse_token()
        if account is not directory.ACCOUNT:
            raise forbidden("The token does not belong to this account.")
        withheld = frozenset(switches.withheld_permissions)
        return Actor(application, application.permissions - withheld)


def refuse_token() -> NoReturn:
    """Refuse a bearer that is missing, unknown or expired.

    Raises:
        OttimateError: 401, always.
    """
    raise OttimateError(401, "AUT4010", "Invalid or expired access token.")


def forbidden(message: str) -> OttimateError:
    """Return the refusal of somebody who lacks a right or a reach."""
    return OttimateError(403, "INV4030", message)


def _parameters(content_type: str, body: bytes) -> Mapping[str, object]:
    try:
        if content_type.startswith("application/json"):
            return msgspec.json.decode(body, type=dict[str, object])
        return dict(parse_qsl(body.decode()))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise OttimateError(400, "AUT4000", "Malformed request body.") from error


def _authenticate(account: Account, given: Mapping[str, object]) -> Application:
    required = ("grant_type", "client_id", "client_secret")
    missing = {
        field: ["This field is required."] for field in required if not given.get(field)
    }
    if missing:
        raise OttimateError(400, "AUT4000", missing)
    if given["grant_type"] != "client_credentials":
        raise _invalid("grant_type", "Unsupported grant type.")
    if given.get("scope", _SCOPE) != _SCOPE:
        raise _invalid("scope", "Unsupported scope.")
    for application in directory.APPLICATIONS:
        known = (application.client_id, application.client_secret)
        if known == (given["client_id"], given["client_secret"]):
            if account is directory.ACCOUNT:
                return application
            break
    raise OttimateError(401, "AUT4010", "Invalid client credentials.")


def _invalid(field: str, text: str) -> OttimateError:
    return OttimateError(400, "AUT4000", {field: [text]})


def _oauth_reply(error: OttimateError) -> Reply:
    return json_reply(
        error.status,
        {
            "error": _OAUTH_ERRORS[error.status],
            "error_description": msgspec.json.encode(error.message).decode(),
        },
    )
