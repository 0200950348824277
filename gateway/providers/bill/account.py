"""BILL's settings, its sign-in, and what is learned of an environment."""

import asyncio
from typing import Annotated

from pydantic import Field, SecretStr

from gateway.errors import (
    GatewayError,
    UnsupportedError,
    UpstreamAuthError,
    UpstreamError,
    UpstreamResponseError,
)
from gateway.providers.bill import shapes, wire
from gateway.providers.bill.connector import BillConnector
from gateway.providers.bill.refusals import create_dialect
from gateway.providers.bill.words import PROVIDER, SLOTS
from gateway.settings import BaseURL, SecretWord, Section, Word
from gateway.upstream import (
    Beliefs,
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

# "API rate limits": 200 sign-ins in an hour per developer key.
_SIGN_INS_PER_HOUR = 200
# From here on a limit is the hour's, and not a slot that is about to be free.
_SPENT_FROM_SECONDS = 2
# A sign-in is shared, so it has its own time and not that of whoever came first.
_SIGN_IN_SECONDS = 15.0
# A session ends after 35 minutes without a call ("Authentication"); it is renewed
# before.
_IDLE_SECONDS = 1800.0
# A sign-in that was refused is not repeated for this long: 200 an hour serve all.
_REFUSED_SECONDS = 300.0


class BillCredentials(Section):
    """The user who acts; approving needs no MFA."""

    user_name: Annotated[str, Field(min_length=1)]
    password: Annotated[SecretStr, Field(min_length=1)]


class BillSettings(Section):
    """A BILL organization, and the user who reads it for those who are no users.

    *base_url* includes ``/api/v2``. A sign-in names another base to go on with, which
    is followed only where it is this one: nothing sends us to a host of its own.
    """

    base_url: BaseURL
    dev_key: SecretWord
    org_id: Word
    user_name: Annotated[str, Field(min_length=1)]
    password: Annotated[SecretStr, Field(min_length=1)]


def open_upstream(
    settings: BillSettings, clock: Clock, transport: Transport | None
) -> Upstream:
    """Open the connections of one developer key and organization."""
    return Upstream(
        provider=PROVIDER.value,
        base_url=settings.base_url,
        dialect=create_dialect(clock.now),
        policy=UpstreamPolicy(
            in_flight=SLOTS,
            sign_ins_per_hour=_SIGN_INS_PER_HOUR,
            spent_from_seconds=_SPENT_FROM_SECONDS,
        ),
        clock=clock,
        transport=transport,
    )


def open_account(settings: BillSettings, upstream: Upstream) -> "BillAccount":
    """Open the standing of the user whom *settings* name."""
    return BillAccount(settings, upstream)


class BillAccount:
    """One user: their session, and what their calls taught."""

    def __init__(self, settings: BillSettings, upstream: Upstream) -> None:
        self._settings = settings
        self._upstream = upstream
        self._session = Session(
            self._sign_in, upstream.clock, hold_seconds=_REFUSED_SECONDS
        )
        self._beliefs = Beliefs(upstream.clock)
        self._creating_policy = asyncio.Lock()
        self._deciding = Locks()

    def connect(self, deadline: Deadline) -> BillConnector:
        """Return a connector for one request."""
        return BillConnector(
            self._upstream,
            self._session,
            deadline,
            beliefs=self._beliefs,
            creating_policy=self._creating_policy,
            deciding=self._deciding,
        )

    async def _sign_in(self) -> Grant:
        settings = self._settings
        dev_key = {"devKey": settings.dev_key.get_secret_value()}
        call = Call(
            method="POST",
            path="/Login.json",
            form={
                **dev_key,
                "userName": settings.user_name,
                "password": settings.password.get_secret_value(),
                "orgId": settings.org_id,
            },
            is_sign_in=True,
        )
        try:
            sign_in = await self._upstream.read(
                call,
                wire.parse_data(shapes.SignIn),
                session=None,
                deadline=Deadline(_SIGN_IN_SECONDS, self._upstream.clock),
            )
        except UpstreamError:
            raise
        except UnsupportedError as error:
            raise UpstreamResponseError(
                PROVIDER.value,
                "There is no sign-in at the address that is set for BILL; it ends in "
                "`/api/v2`.",
            ) from error
        except GatewayError as refusal:
            raise UpstreamAuthError(
                PROVIDER.value, "BILL does not accept this sign-in."
            ) from refusal
        return Grant(
            form={**dev_key, "sessionId": sign_in.session_id},
            lifetime_seconds=_IDLE_SECONDS,
            is_renewed_by_use=True,
            user_source_id=sign_in.users_id,
        )
