"""Productive's settings, its token, and what is learned of an organization."""

from collections.abc import Iterable

from gateway.errors import UpstreamAuthError
from gateway.providers.productive.connector import ProductiveConnector
from gateway.providers.productive.lists import ProductiveLists
from gateway.providers.productive.query import Condition, all_of
from gateway.providers.productive.refusals import create_dialect
from gateway.providers.productive.tables import MEMBERSHIP_ROWS
from gateway.providers.productive.webhooks import ProductiveWebhooks
from gateway.providers.productive.wire import Membership
from gateway.providers.productive.words import (
    CALLS_PER_10_SECONDS,
    CALLS_PER_30_MINUTES,
    MEDIA_TYPE,
    ORGANIZATION_HEADER,
    PROVIDER,
    TOKEN_HEADER,
)
from gateway.settings import BaseURL, Number, SecretWord, SecretWords, Section
from gateway.upstream import (
    Beliefs,
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

# Calls are counted as they leave, and arrive a little apart.
_SLACK_SECONDS = 0.5
# Any wait that Productive asks for is kept: it is for this token alone.
_SPENT_FROM_SECONDS = 1
# A personal token holds until it is revoked; it is no sign-in.
_ALWAYS_SECONDS = 1e9
# Who owns a token is asked again after this long, and if that was refused after this.
_IDENTITY_SECONDS = 3600.0
_REFUSED_SECONDS = 30.0
# Who owns the token is asked once for all who wait for it, in its own time.
_IDENTIFY_SECONDS = 15.0
_MOST_PAGES = 5


class ProductiveCredentials(Section):
    """The person who acts."""

    token: SecretWord


class ProductiveSettings(Section):
    """A Productive organization, and a token that reads it for those without one.

    *base_url* includes ``/api/v2``. *webhook_tokens* are the signature tokens of the
    webhooks that lead here.
    """

    base_url: BaseURL
    token: SecretWord
    organization_id: Number
    webhook_tokens: SecretWords = ()


def open_upstream(
    settings: ProductiveSettings, clock: Clock, transport: Transport | None
) -> Upstream:
    """Open the connections of one organization."""
    return Upstream(
        provider=PROVIDER.value,
        base_url=settings.base_url,
        dialect=create_dialect(),
        policy=UpstreamPolicy(spent_from_seconds=_SPENT_FROM_SECONDS),
        clock=clock,
        transport=transport,
    )


def open_account(
    settings: ProductiveSettings, upstream: Upstream
) -> "ProductiveAccount":
    """Open the standing of the owner of one token."""
    return ProductiveAccount(settings, upstream)


def open_webhooks(
    settings: ProductiveSettings, clock: Clock
) -> ProductiveWebhooks | None:
    """Return what knows the webhooks that lead here; None where there are none."""
    if not settings.webhook_tokens:
        return None
    return ProductiveWebhooks(settings.webhook_tokens, clock)


class ProductiveAccount:
    """The owner of one token: who that is, their limits, and what was learned."""

    def __init__(self, settings: ProductiveSettings, upstream: Upstream) -> None:
        self._settings = settings
        self._upstream = upstream
        self._session = Session(
            self._sign_in, upstream.clock, limit=_create_limit(upstream.clock)
        )
        self._identity = Session(
            self._identify, upstream.clock, hold_seconds=_REFUSED_SECONDS
        )
        self._beliefs = Beliefs(upstream.clock)
        self._deciding = Locks()

    def connect(self, deadline: Deadline) -> ProductiveConnector:
        """Return a connector for one request."""
        return ProductiveConnector(
            self._upstream,
            self._session,
            deadline,
            identity=self._identity,
            beliefs=self._beliefs,
            deciding=self._deciding,
        )

    async def _sign_in(self) -> Grant:
        return Grant(
            headers={
                "Accept": MEDIA_TYPE,
                TOKEN_HEADER: self._settings.token.get_secret_value(),
                ORGANIZATION_HEADER: self._settings.organization_id,
            },
            lifetime_seconds=_ALWAYS_SECONDS,
        )

    async def _identify(self) -> Grant:
        """Find out who owns the token: the only call that tells is not of this one.

        Quirk: memberships are those in every organization, whatever the header says.
        """
        lists = ProductiveLists(
            self._upstream,
            self._session,
            Deadline(_IDENTIFY_SECONDS, self._upstream.clock),
            beliefs=self._beliefs,
        )
        organization_id = self._settings.organization_id
        rows, _ = await lists.list_all(
            MEMBERSHIP_ROWS,
            all_of([Condition("organization_id", [organization_id])]),
            most_pages=_MOST_PAGES,
        )
        person_id = _find_person(rows.values(), organization_id)
        if person_id is None:
            raise UpstreamAuthError(
                PROVIDER.value, "This token is nobody's in the Productive organization."
            )
        return Grant(lifetime_seconds=_IDENTITY_SECONDS, user_source_id=person_id)


def _create_limit(clock: Clock) -> Limit:
    return Limit(
        PROVIDER.value,
        clock,
        spent_from_seconds=_SPENT_FROM_SECONDS,
        windows=(
            Window(
                calls=CALLS_PER_10_SECONDS,
                seconds=10 + _SLACK_SECONDS,
                is_waited_for=True,
            ),
            Window(
                calls=CALLS_PER_30_MINUTES,
                seconds=1800 + _SLACK_SECONDS,
                is_waited_for=False,
            ),
        ),
    )


def _find_person(rows: Iterable[Membership], organization_id: str) -> str | None:
    """Return who somebody is in one organization, if exactly one person is told."""
    told = {
        row.person_id
        for row in rows
        if row.person_id is not None and row.organization_id == organization_id
    }
    return told.pop() if len(told) == 1 else None
