"""The global id: opaque to clients, and what the gateway reads an object by."""

import base64

import msgspec
from msgspec import Struct

from gateway.domain.enums import ProviderName
from gateway.errors import InvalidInputError


class GlobalID(Struct, frozen=True, array_like=True):
    """What an opaque id stands for: a type, a provider, and the provider's own ids.

    *parent* is the id of the object through which the provider can read this one
    again (an Ottimate approver: its invoice), or "".
    """

    version: int
    type_name: str
    provider: ProviderName
    source_id: str
    parent: str = ""

    @property
    def invoice_key(self) -> str:
        """What its connector reads the invoice by that this is the id of."""
        return invoice_key(self.source_id, self.parent)


def invoice_key(source_id: str, parent: str) -> str:
    """Return what a connector reads an invoice by: its id, after its parent's."""
    return f"{parent}/{source_id}" if parent else source_id


_ID_VERSION = 1
_ID_DECODER = msgspec.json.Decoder(GlobalID)


def encode_id(
    type_name: str, provider: ProviderName, source_id: str, parent: str = ""
) -> str:
    """Return the opaque global id of an object."""
    packed = msgspec.json.encode(
        GlobalID(_ID_VERSION, type_name, provider, source_id, parent)
    )
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def decode_id(text: str) -> GlobalID:
    """Return what *text*, an id made by :func:`encode_id`, stands for.

    Raises:
        InvalidInputError: *text* is not such an id, to the letter.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        packed = base64.b64decode(padded, altchars=b"-_", validate=True)
        decoded = _ID_DECODER.decode(packed)
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise _malformed_id() from error
    canonical = encode_id(
        decoded.type_name, decoded.provider, decoded.source_id, decoded.parent
    )
    if decoded.version != _ID_VERSION or canonical != text:
        raise _malformed_id()
    return decoded


def _malformed_id() -> InvalidInputError:
    return InvalidInputError(
        "This is not an id of this graph. Send an `id` exactly as a query returned it; "
        "a provider's own id goes to `invoiceBySource`, `policyBySource` or "
        "`approvalStatusBySource`."
    )
