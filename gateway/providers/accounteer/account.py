"""Accounteer's settings, its OAuth sign-in, and what is learned of an account."""

import math

import msgspec
from pydantic import Field, SecretStr, ValidationInfo
from pydantic import field_validator as validator

from gateway.errors import (
    GatewayError,
    LostAnswerError,
    NotFoundError,
    UnsupportedError,
    UpstreamAuthError,
    UpstreamError,
    UpstreamUnavailableError,
)
from gateway.providers.accounteer import wire
from gateway.providers.accounteer.connector import AccounteerConnector
from gateway.providers.accounteer.refusals import create_dialect
from gateway.providers.accounteer.words import (
    CALLS_IN_FLIGHT,
    CALLS_PER_SECOND,
    PROVIDER,
)
from gateway.settings import BaseURL, SecretWord, Section, Word
from gateway.upstream import (
    Beliefs,
    Call,
    Clock,
    Deadline,
    Grant,
    Limit,
    Locks,
    Session,
    Transport,
    Upstream,
    UpstreamPolicy,
    Window,
)

# A sign-in is shared, so it has its own time and not that of whoever came first.
_SIGN_IN_SECONDS = 15.0
# A sign-in, or a token, that was refused is not tried again for so long.
_REFUSED_SECONDS = 30.0
# Calls are waited for after a refusal this long at most, by what is assumed.
_WAIT_MAX_SECONDS = 60.0
# What gives a token that ends, all of which is needed.
_RENEWAL = ("client_id", "client_secret", "refresh_token", "token_url")


class AccounteerCredentials(Section):
    """The application that acts: an access token, or what renews one."""

    access_token: SecretWord | None = None
    client_id: Word | None = Field(default=None, validate_default=True)
    client_secret: SecretWord | None = Field(default=None, validate_default=True)
    refresh_token: SecretWord | None = Field(default=None, validate_default=True)
    token_url: BaseURL | None = Field(default=None, validate_default=True)

    @property
    def member_for_one_process(self) -> str | None:
        """The refresh token, which each use replaces."""
        return None if self.refresh_token is None else "refresh_token"

    @validator(*_RENEWAL)
    @classmethod
    def _check_access(cls, value: object, info: ValidationInfo) -> object:
        """Hold that there is one way to a token, and all of it."""
        # A token that was refused itself is told of by itself.
        if "access_token" not in info.data:
            return value
        has_token = info.data["access_token"] is not None
        if has_token and value is not None:
            raise ValueError(
                "takes nothing beside an access token, which is set: either that alone "
                f"or all of {', '.join(_RENEWAL)}"
            )
        if not has_token and value is None:
            raise ValueError(
                f"missing; takes all of {', '.join(_RENEWAL)}, or an access token"
            )
        return value


class AccounteerSettings(AccounteerCredentials):
    """An Accounteer administration, and the application that acts in it.

    *base_url* includes the version, as in ``/api/v0.1``. With *organization_id* no
    document of another organization is believed.
    """

    base_url: BaseURL
    organization_id: Word | None = None


def open_upstream(
    settings: AccounteerSettings, clock: Clock, transport: Transport | None
) -> Upstream:
    """Open Accounteer's connections."""
    return Upstream(
        provider=PROVIDER.value,
        base_url=settings.base_url,
        dialect=create_dialect(),
        policy=UpstreamPolicy(
            in_flight=CALLS_IN_FLIGHT, wait_max_seconds=_WAIT_MAX_SECONDS
        ),
        clock=clock,
        transport=transport,
    )


def open_account(
    settings: AccounteerSettings, upstream: Upstream
) -> "AccounteerAccount":
    """Open the standing of the application that *settings* name."""
    return AccounteerAccount(settings, upstream)


class AccounteerAccount:
    """One application: its token, its limit, and what was learned."""

    def __init__(self, settings: AccounteerSettings, upstream: Upstream) -> None:
        self._settings = settings
        self._upstream = upstream
        self._refresh_token = settings.refresh_token
        self._was_given = False
        self._session = Session(
            self._sign_in,
            upstream.clock,
            hold_seconds=_REFUSED_SECONDS,
            limit=Limit(
                PROVIDER.value,
                upstream.clock,
                windows=[
                    Window(calls=CALLS_PER_SECOND, seconds=1.0, is_waited_for=True)
                ],
            ),
        )
        self._beliefs = Beliefs(upstream.clock)
        self._deciding = Locks()

    def connect(self, deadline: Deadline) -> AccounteerConnector:
        """Return a connector for one request."""
        return AccounteerConnector(
            self._upstream,
            self._session,
            deadline,
            beliefs=self._beliefs,
            deciding=self._deciding,
            organization_id=self._settings.organization_id,
        )

    async def _sign_in(self) -> Grant:
        token = self._settings.access_token
        if token is None:
            return await self._renew()
        # Whoever signs in again was refused, and there is no other token.
        self._was_given = not self._was_given
        if not self._was_given:
            raise UpstreamAuthError(
                PROVIDER.value, "Accounteer does not accept this access token."
            )
        return _create_grant(token.get_secret_value(), math.inf)

    async def _renew(self) -> Grant:
        """Renew the token; the refresh token that comes back replaces the old one."""
        settings = self._settings
        assert settings.client_secret is not None  # noqa: S101 - the settings hold it
        assert self._refresh_token is not None  # noqa: S101
        call = Call(
            method="POST",
            absolute_url=settings.token_url,
            form={
                "grant_type": "refresh_token",
                "refresh_token": self._refresh_token.get_secret_value(),
                "client_id": settings.client_id or "",
                "client_secret": settings.client_secret.get_secret_value(),
            },
            is_sign_in=True,
        )
        try:
            # Once: the same refresh token again may end all that came of it.
            answer = await self._upstream.write(
                call,
                session=None,
                deadline=Deadline(_SIGN_IN_SECONDS, self._upstream.clock),
            )
            token = wire.parse_token(answer.body)
        except (LostAnswerError, msgspec.DecodeError, ValueError) as lost:
            raise UpstreamUnavailableError(
                PROVIDER.value,
                "Accounteer's answer to the renewal of its token was lost. If the next "
                "one is refused, somebody must consent anew.",
            ) from lost
        except UpstreamAuthError as refusal:
            raise UpstreamAuthError(
                PROVIDER.value,
                "Accounteer does not accept this application's id and secret.",
            ) from refusal
        except UpstreamError:
            raise
        except (NotFoundError, UnsupportedError) as refusal:
            raise UpstreamAuthError(
                PROVIDER.value,
                "There is no sign-in at the address that is set as Accounteer's "
                "`token_url`.",
            ) from refusal
        except GatewayError as refusal:
            raise UpstreamAuthError(
                PROVIDER.value,
                "Accounteer does not accept this refresh token: somebody must consent "
                "anew, and the settings take the new one.",
            ) from refusal
        if token.refresh_token is not None:
            self._refresh_token = SecretStr(token.refresh_token)
        return _create_grant(token.access_token, token.lifetime_seconds)


def _create_grant(access_token: str, lifetime_seconds: float) -> Grant:
    return Grant(
        headers={"Authorization": f"Bearer {access_token}"},
        lifetime_seconds=lifetime_seconds,
    )
