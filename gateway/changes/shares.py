"""How much may be watched, so that nobody uses up what many share."""

from collections.abc import Sequence

from gateway.changes.accounts import AccountWatch
from gateway.changes.inbox import Inbox
from gateway.domain import ApprovableKey
from gateway.errors import InvalidInputError, LimitError

# The most objects that one subscription names.
_MOST_KEYS_OF_SUBSCRIPTION = 100
# The most subscriptions that read with one account, and the most objects that they
# name together.
_MOST_SUBSCRIPTIONS_OF_ACCOUNT = 1_000
_MOST_KEYS_OF_ACCOUNT = 5_000
# A tenth of that for one caller: many may share an account.
_MOST_SUBSCRIPTIONS_OF_CALLER = 100
_MOST_KEYS_OF_CALLER = 500


class Shares:
    """Who watches how much, by subject."""

    def __init__(self) -> None:
        self._inboxes: dict[str | None, set[Inbox]] = {}

    def check_caller(self, inbox: Inbox) -> None:
        """Hold that whose it is may have it as well.

        Raises:
            LimitError: They may not.
        """
        subject, inboxes = inbox.subject, self._inboxes.get(inbox.subject, set())
        if len(inboxes) >= _MOST_SUBSCRIPTIONS_OF_CALLER:
            raise _enough_of_caller(
                subject, f"{_MOST_SUBSCRIPTIONS_OF_CALLER} subscriptions"
            )
        keys = (inbox.keys or frozenset()).union(*(one.keys or () for one in inboxes))
        if len(keys) > _MOST_KEYS_OF_CALLER:
            raise _enough_of_caller(
                subject, f"{_MOST_KEYS_OF_CALLER} ids in subscriptions"
            )

    def add(self, inbox: Inbox) -> None:
        """Count it."""
        self._inboxes.setdefault(inbox.subject, set()).add(inbox)

    def remove(self, inbox: Inbox) -> None:
        """Count it no more."""
        inboxes = self._inboxes.get(inbox.subject, set())
        inboxes.discard(inbox)
        if not inboxes:
            self._inboxes.pop(inbox.subject, None)


def check_keys(keys: Sequence[ApprovableKey]) -> None:
    """Hold that one subscription may name so many objects.

    Raises:
        InvalidInputError: It may not.
    """
    if len(keys) > _MOST_KEYS_OF_SUBSCRIPTION:
        raise InvalidInputError(
            f"`ids` takes at most {_MOST_KEYS_OF_SUBSCRIPTION} ids, not {len(keys)}.",
            field=("ids",),
        )


def check_account(watch: AccountWatch, inbox: Inbox) -> None:
    """Hold that one more may be read with an account.

    Raises:
        LimitError: It may not.
    """
    if watch.count >= _MOST_SUBSCRIPTIONS_OF_ACCOUNT:
        raise _enough_of_account(
            f"At most {_MOST_SUBSCRIPTIONS_OF_ACCOUNT} subscriptions"
        )
    new = [
        one
        for one in inbox.keys or ()
        if one.provider is watch.provider and one not in watch.keys
    ]
    if len(watch.keys) + len(new) > _MOST_KEYS_OF_ACCOUNT:
        raise _enough_of_account(
            f"Subscriptions to at most {_MOST_KEYS_OF_ACCOUNT} objects"
        )


def _enough_of_caller(subject: str | None, most: str) -> LimitError:
    who = "All anonymous callers together" if subject is None else "You"
    return LimitError(
        "SUBSCRIPTION_LIMIT",
        f"{who} may have at most {most} at once. End one, and try again.",
    )


def _enough_of_account(most: str) -> LimitError:
    return LimitError(
        "SUBSCRIPTION_LIMIT",
        f"{most} read with these credentials at once, those of other callers among "
        "them. Try again later.",
    )
