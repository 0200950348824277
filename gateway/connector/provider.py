"""A registry entry, and what it opens."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct
from pydantic import BaseModel
from starlette.types import ASGIApp

from gateway.connector.connector import Connector
from gateway.connector.webhooks import Webhooks
from gateway.domain import ProviderName
from gateway.upstream import Clock, Deadline, Transport, Upstream


class Account(Protocol):
    """One acting person's standing with a provider, shared by their requests."""

    def connect(self, deadline: Deadline) -> Connector:
        """Return a connector for one request."""


class Simulator(Protocol):
    """A provider's stateful fake, over real HTTP semantics.

    Attributes:
        path: Where the sandbox serves it.
        persons: The demo persons by name, each with a line that describes them; the
            first is who acts when nobody says who.
        switches: The states of its switches: a Struct, replaced whole.
        app: The ASGI application.
    """

    path: str
    persons: Mapping[str, str]
    switches: Any
    app: ASGIApp

    def settings(self, origin: str) -> dict[str, str]:
        """Return the provider's settings for a gateway."""

    def credentials(self, person: str) -> dict[str, str] | None:
        """Return what *person* signs in with, or None where they have nothing."""

    def reset(self) -> None:
        """Return to the data and the switches of the start."""


class Pace(Struct, frozen=True, kw_only=True):
    """How often what is watched is read again, for one account and process.

    Attributes:
        least_seconds: Between two reads of up to *keys_per_read* objects while they
            change; more objects take as many times longer.
        most_seconds: The longest that nothing is read because nothing changed.
        keys_per_read: As many objects cost what one does, or little more.
        reads_per_hour: As many such reads are made for all accounts together; None
            where each account has a limit of its own.
    """

    least_seconds: float
    most_seconds: float
    keys_per_read: int
    reads_per_hour: int | None = None


class Provider(Struct, frozen=True, kw_only=True):
    """A registry entry.

    Attributes:
        name: The provider's name in the graph.
        title: Its name in sentences.
        key: Its name in settings.
        settings: The type of its section in the settings.
        credentials: The type of the part of it that a person may have of their own.
        records_person: Whether the provider records the person who is signed in, so
            that nobody decides there without credentials of their own.
        pace: How often what is watched with it is read again.
        create_simulator: Makes its fake; the arguments are the clock's.
        open_upstream: Opens its connections.
        open_account: Opens one acting person's standing; the section holds theirs.
        open_webhooks: Makes what knows its webhooks, or None where the section names
            none; None for a provider that has no webhooks.
    """

    name: ProviderName
    title: str
    key: str
    settings: type[BaseModel]
    credentials: type[BaseModel]
    records_person: bool
    pace: Pace
    create_simulator: Callable[[Clock], Simulator]
    open_upstream: Callable[[Any, Clock, Transport | None], Upstream]
    open_account: Callable[[Any, Upstream], Account]
    open_webhooks: Callable[[Any, Clock], Webhooks | None] | None = None
