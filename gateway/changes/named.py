"""What is watched by its id: by whom, and how it stood when it was read last."""

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from gateway.changes.inbox import Inbox
from gateway.changes.reading import Reading, is_shown
from gateway.changes.snapshots import Snapshot, create_snapshot, renew
from gateway.connector import Pace
from gateway.domain import ApprovableKey, ProviderName


class NamedObject(Struct):
    """One object that is watched by its id.

    Attributes:
        watchers: Who named it.
        is_read: Whether it was ever read.
        snapshot: How it stood then; None where the account cannot see it.
        is_owed: Whether it was told to have changed, and could not be read.
        looked_at: When it was last looked for.
    """

    watchers: set[Inbox]
    is_read: bool = False
    snapshot: Snapshot = None
    is_owed: bool = False
    looked_at: float = 0.0

    @property
    def is_absent(self) -> bool:
        """Whether the account cannot see it."""
        return self.is_read and self.snapshot is None

    def who_may_hear(self, value: Reading) -> Collection[Inbox]:
        """Return who is told of what was read.

        That it is gone, or cannot be read, tells that it exists: so it is told only
        where the account could see it before.
        """
        return self.watchers if is_shown(value) or self.snapshot is not None else ()

    def renew(self, value: Reading) -> bool:
        """Remember how it stands, and return whether nobody was told of that yet.

        What is seen for the first time is no change. What cannot be read stands as it
        did, and is owed.
        """
        if isinstance(value, Exception):
            self.is_owed = True
            return False
        self.snapshot, is_changed = renew(self.snapshot, create_snapshot(value))
        is_news = self.is_owed or (self.is_read and is_changed)
        self.is_read, self.is_owed = True, False
        return is_news


class NamedObjects:
    """All that is watched with one account by its id, longest not looked for first."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._objects: dict[ApprovableKey, NamedObject] = {}

    def __len__(self) -> int:
        return len(self._objects)

    @property
    def keys(self) -> Collection[ApprovableKey]:
        """What is watched."""
        return self._objects.keys()

    @property
    def has_read(self) -> bool:
        """Whether anything was read yet."""
        return any(one.is_read for one in self._objects.values())

    @property
    def size(self) -> int:
        """As many objects a poll reads at most."""
        absent = sum(one.is_absent for one in self._objects.values())
        return len(self) - absent + min(absent, self._pace.keys_per_read)

    def get(self, key: ApprovableKey) -> NamedObject | None:
        """Return an object, or None where nobody watches it."""
        return self._objects.get(key)

    def add(self, provider: ProviderName, inbox: Inbox) -> bool:
        """Let somebody watch what they named of a provider; true where some is new."""
        before = len(self)
        for key in inbox.keys or ():
            if key.provider is provider:
                one = self._objects.setdefault(key, NamedObject(watchers=set()))
                one.watchers.add(inbox)
        return len(self) > before

    def remove(self, inbox: Inbox) -> None:
        """Let somebody go, and what nobody else watches with them."""
        for key in inbox.keys or ():
            one = self._objects.get(key)
            if one is None:
                continue
            one.watchers.discard(inbox)
            if not one.watchers:
                del self._objects[key]

    def list_unread(self) -> list[ApprovableKey]:
        """Return what was not read yet."""
        return [key for key, one in self._objects.items() if not one.is_read]

    def list_due(self, now: float) -> list[ApprovableKey]:
        """Return what a poll reads: some of what is absent only, and that rarely.

        So nobody slows others down by naming what there is not.
        """
        there = [key for key, one in self._objects.items() if not one.is_absent]
        absent = [
            key
            for key, one in self._objects.items()
            if one.is_absent and now >= one.looked_at + self._pace.most_seconds
        ]
        return there + absent[: self._pace.keys_per_read]

    def look_for(self, keys: Sequence[ApprovableKey], now: float) -> None:
        """Know that objects are looked for now; the next poll begins with others."""
        for key in self._still_watched(keys):
            one = self._objects.pop(key)
            one.looked_at = now
            self._objects[key] = one

    def _still_watched(self, keys: Iterable[ApprovableKey]) -> list[ApprovableKey]:
        return [one for one in keys if one in self._objects]
