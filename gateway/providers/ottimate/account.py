"""Ottimate's settings, its OAuth sign-in, and what is learned of an account."""

from gateway.errors import GatewayError, UpstreamAuthError, UpstreamError
from gateway.providers.ottimate import wire
from gateway.providers.ottimate.connector import OttimateConnector
from gateway.providers.ottimate.knowledge import Knowledge
from gateway.providers.ottimate.refusals import create_dialect
from gateway.settings import BaseURL, SecretWord, Section, Word
from gateway.upstream import (
    Call,
    Clock,
    Deadline,
    Grant,
    Locks,
    Session,
    Transport,
    Upstream,
    UpstreamPolicy,
)

# A sign-in is shared, so it has its own time and not that of whoever came first.
_SIGN_IN_SECONDS = 15.0
_SCOPE = "accounts.can_access_dashboard"


class OttimateCredentials(Section):
    """The OAuth application that acts in an account."""

    client_id: Word
    client_secret: SecretWord


class OttimateSettings(Section):
    """An Ottimate account: a key, and the OAuth application that acts in it.

    *base_url* includes ``/v1``; *token_url* is for accounts that sign in at another
    host than the API's.
    """

    base_url: BaseURL
    api_key: SecretWord
    client_id: Word
    client_secret: SecretWord
    token_url: BaseURL | None = None


def open_upstream(
    settings: OttimateSettings, clock: Clock, transport: Transport | None
) -> Upstream:
    """Open Ottimate's connections."""
    return Upstream(
        provider=wire.PROVIDER.value,
        base_url=settings.base_url,
        dialect=create_dialect(clock.now),
        policy=UpstreamPolicy(),
        clock=clock,
        transport=transport,
    )


def open_account(settings: OttimateSettings, upstream: Upstream) -> "OttimateAccount":
    """Open the standing of the application that *settings* name."""
    return OttimateAccount(settings, upstream)


class OttimateAccount:
    """One OAuth application: its token, and the calls that it was seen to lack."""

    def __init__(self, settings: OttimateSettings, upstream: Upstream) -> None:
        self._settings = settings
        self._upstream = upstream
        self._session = Session(self._sign_in, upstream.clock)
        self._knowledge = Knowledge(upstream.clock)
        self._deciding = Locks()

    def connect(self, deadline: Deadline) -> OttimateConnector:
        """Return a connector for one request."""
        return OttimateConnector(
            self._upstream,
            self._session,
            deadline,
            knowledge=self._knowledge,
            deciding=self._deciding,
        )

    async def _sign_in(self) -> Grant:
        settings = self._settings
        key = {"X-Api-Key": settings.api_key.get_secret_value()}
        call = Call(
            method="POST",
            path="/oauth/token",
            absolute_url=settings.token_url,
            form={
                "grant_type": "client_credentials",
                "client_id": settings.client_id,
                "client_secret": settings.client_secret.get_secret_value(),
                "scope": _SCOPE,
            },
            headers=key,
            is_sign_in=True,
        )
        try:
            token = await self._upstream.read(
                call,
                wire.parse_token,
                session=None,
                deadline=Deadline(_SIGN_IN_SECONDS, self._upstream.clock),
            )
        except UpstreamError:
            raise
        except GatewayError as refusal:
            raise UpstreamAuthError(
                wire.PROVIDER.value, "Ottimate does not accept this gateway's sign-in."
            ) from refusal
        return Grant(
            headers={**key, "Authorization": f"Bearer {token.access_token}"},
            lifetime_seconds=token.expires_in,
        )
