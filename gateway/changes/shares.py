"""How much each caller may watch, so that nobody uses up what many share."""

from gateway.changes.inbox import Inbox
from gateway.errors import LimitError

# The most subscriptions of one caller, and the most objects that they name together:
# a tenth of what is read with one account, which many callers may share.
_MOST_WATCHERS = 100
_MOST_KEYS = 500


class Shares:
    """Who watches how much, by subject."""

    def __init__(self) -> None:
        self._inboxes: dict[str | None, set[Inbox]] = {}

    def check_room(self, inbox: Inbox) -> None:
        """Hold that whose it is may have it as well.

        Raises:
            LimitError: They may not.
        """
        inboxes = self._inboxes.get(inbox.subject, set())
        if len(inboxes) >= _MOST_WATCHERS:
            raise _no_room(inbox.subject, f"{_MOST_WATCHERS} subscriptions")
        keys = (inbox.keys or frozenset()).union(*(one.keys or () for one in inboxes))
        if len(keys) > _MOST_KEYS:
            raise _no_room(inbox.subject, f"{_MOST_KEYS} ids in subscriptions")

    def add(self, inbox: Inbox) -> None:
        """Count it."""
        self._inboxes.setdefault(inbox.subject, set()).add(inbox)

    def remove(self, inbox: Inbox) -> None:
        """Count it no more."""
        inboxes = self._inboxes.get(inbox.subject, set())
        inboxes.discard(inbox)
        if not inboxes:
            self._inboxes.pop(inbox.subject, None)


def _no_room(subject: str | None, most: str) -> LimitError:
    who = "All anonymous callers together" if subject is None else "You"
    return LimitError(
        "SUBSCRIPTION_LIMIT",
        f"{who} may have at most {most} at once. End one, and try again.",
    )
