"""Documents that clients registered by their hash: Apollo's automatic ones."""

from collections import OrderedDict

_MOST_DOCUMENTS = 1_000
_MOST_CHARACTERS = 4_000_000


class Registered:
    """The texts that clients sent last with their hashes; the oldest give way.

    It is in the process, and bounded: at most 1,000 texts, of 4 million characters
    together. A client whose text is gone sends it again.
    """

    def __init__(self) -> None:
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._characters = 0

    def find(self, digest: str) -> str | None:
        """Return the text with this SHA-256, in lower-case hex, or None."""
        if digest not in self._texts:
            return None
        self._texts.move_to_end(digest)
        return self._texts[digest]

    def keep(self, digest: str, text: str) -> None:
        """Keep a text under its SHA-256."""
        if digest not in self._texts:
            self._texts[digest] = text
            self._characters += len(text)
        self._texts.move_to_end(digest)
        while len(self._texts) > _MOST_DOCUMENTS or self._characters > _MOST_CHARACTERS:
            _, gone = self._texts.popitem(last=False)
            self._characters -= len(gone)
