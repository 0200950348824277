"""How many clients one process serves at a time.

Who has not said yet who they are takes no room from those who have, and no caller
takes it all from the others.
"""

import contextlib
from collections.abc import Iterator

from gateway.errors import RequestError


class Place:
    """What one client has taken."""

    def __init__(self) -> None:
        self.has_begun = False
        self.caller: str | None = None


class Places:
    """Gives clients a place each, while there is one."""

    def __init__(
        self, *, most: int = 1_000, beginning: int = 100, each: int = 100
    ) -> None:
        """Create it.

        Args:
            most: How many there are.
            beginning: How many of them are for clients that have not begun.
            each: How many one caller may have; who is anonymous is no one caller.
        """
        self._most = most
        self._most_beginning = beginning
        self._most_each = each
        self._taken: set[Place] = set()

    @contextlib.contextmanager
    def take(self) -> Iterator[Place]:
        """Give a client a place until it leaves.

        Raises:
            RequestError: OVERLOADED, none is free.
        """
        beginning = sum(not one.has_begun for one in self._taken)
        if len(self._taken) >= self._most or beginning >= self._most_beginning:
            raise RequestError(
                "As many clients are connected as are served here.",
                status=503,
                code="OVERLOADED",
                headers={"Retry-After": "10"},
            )
        place = Place()
        self._taken.add(place)
        try:
            yield place
        finally:
            self._taken.remove(place)

    def begin(self, place: Place, caller: str | None) -> bool:
        """Return whether the client of a place may begin, and count it as *caller*'s.

        *caller* is None for one who is anonymous.
        """
        others = sum(one.caller == caller for one in self._taken)
        if caller is not None and others >= self._most_each:
            return False
        place.has_begun, place.caller = True, caller
        return True
