"""Finds the document that a client asks to run: by its text, its id or its hash."""

from collections.abc import Callable

from msgspec import Struct

from gateway.engine import Document
from gateway.errors import OperationError, RequestError
from gateway.observability import get_logger
from gateway.operations.manifests import digest_of
from gateway.operations.registered import Registered
from gateway.operations.trusted import Trusted
from gateway.settings import OperationMode

# As much of an id is repeated to whoever sent it, and of a name in the log.
_SHOWN = 100
_NAMES = 10


class Asked(Struct, frozen=True, kw_only=True):
    """How a client names a document.

    *id* is one of a manifest; *digest* the SHA-256 of automatic persisted queries,
    which a manifest may have, too.
    """

    text: str | None = None
    id: str | None = None
    digest: str | None = None


class Found(Struct, frozen=True, kw_only=True):
    """A document, and whether its text was left out."""

    document: Document
    is_by_id: bool


class Operations:
    """The documents that may be asked for, in the mode that is set."""

    def __init__(
        self, read: Callable[[str], Document], trusted: Trusted, mode: OperationMode
    ) -> None:
        """Create it; *read* parses and validates a text."""
        self._read = read
        self._trusted = trusted
        self._registered = Registered()
        self._mode = mode

    async def find(self, asked: Asked) -> Found:
        """Return the document that is asked for.

        Before one is refused, a change of the manifests is waited for.

        Raises:
            OperationError: It is not known, not allowed, or not what its hash says.
            RequestError: None is asked for, or two.
            RejectedError: Its text does not parse or validate.
            LimitError: Its text is too large.
        """
        if asked.id is not None and asked.digest is not None:
            raise RequestError("Name the document by its id or its hash, not by both.")
        try:
            return self._find(asked)
        except OperationError:
            await self._trusted.refresh()
            return self._find(asked)

    def _find(self, asked: Asked) -> Found:
        if asked.text is not None:
            document = self._find_text(asked.text, asked)
            return Found(document=document, is_by_id=False)
        if asked.id is not None:
            return Found(document=self._find_trusted(asked.id), is_by_id=True)
        if asked.digest is not None:
            return Found(document=self._find_digest(asked.digest), is_by_id=True)
        raise RequestError(
            "Send a GraphQL document as `query`, or the id of one as `documentId`."
        )

    def _find_text(self, text: str, asked: Asked) -> Document:
        if self._mode == "ids":
            raise _id_required()
        _check_digest(text, asked.digest)
        if asked.id is not None:
            named = self._trusted.find(asked.id)
            if named is None or named.text != text:
                raise _id_and_body()
        trusted = self._trusted.find_text(text)
        if trusted is not None:
            return trusted.read()
        if self._mode == "trusted":
            raise _not_in_safelist()
        document = self._read_unknown(text)
        if asked.digest is not None:
            self._registered.keep(asked.digest, text)
        return document

    def _find_trusted(self, name: str) -> Document:
        trusted = self._trusted.find(name)
        if trusted is None:
            raise _not_in_list(name)
        return trusted.read()

    def _find_digest(self, digest: str) -> Document:
        trusted = self._trusted.find(digest)
        if trusted is not None:
            return trusted.read()
        if self._mode in {"trusted", "ids"}:
            raise _not_in_list(digest)
        text = self._registered.find(digest)
        if text is None:
            raise OperationError(
                "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound", status=200
            )
        return self._read_unknown(text)

    def _read_unknown(self, text: str) -> Document:
        document = self._read(text)
        if self._mode == "log":
            names = [name[:_SHOWN] for name in document.operations if name]
            get_logger().info(
                "unknown_operation", sha256=digest_of(text), operations=names[:_NAMES]
            )
        return document


def _check_digest(text: str, digest: str | None) -> None:
    if digest is not None and digest != digest_of(text):
        raise OperationError(
            "PERSISTED_QUERY_HASH_MISMATCH",
            "provided sha does not match query",
            status=400,
        )


# Words, codes and statuses are those of Apollo's router, which its clients know.
def _id_required() -> OperationError:
    return OperationError(
        "PERSISTED_QUERY_ID_REQUIRED",
        "This endpoint does not allow freeform GraphQL requests; operations must be "
        "sent by ID in the persisted queries GraphQL extension.",
        status=400,
    )


def _id_and_body() -> OperationError:
    return OperationError(
        "CANNOT_SEND_PQ_ID_AND_BODY",
        "Sending a persisted query ID and a body in the same request is disallowed",
        status=400,
    )


def _not_in_safelist() -> OperationError:
    return OperationError(
        "QUERY_NOT_IN_SAFELIST",
        "The operation body was not found in the persisted query safelist",
        status=403,
    )


def _not_in_list(name: str) -> OperationError:
    shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
    return OperationError(
        "PERSISTED_QUERY_NOT_IN_LIST",
        f"Persisted query '{shown}' not found in the persisted query list",
        status=404,
    )
