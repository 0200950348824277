"""Productive's webhooks: that they are its own, and what they say.

A delivery is signed: ``Productive-Signature: t=<seconds>, s=<hex>``, an HMAC-SHA256 of
``t``, a point and the body under the webhook's own token (help.productive.io,
"Webhooks"; how the parts are joined was seen in others' code). There are no events of
approval statuses: that a decision is told as a change of its target is assumed (A!).
"""

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec
from pydantic import SecretStr

from gateway.connector import Notice
from gateway.domain import TargetKey
from gateway.errors import RequestError, UnauthenticatedError
from gateway.providers.productive.shapes import Delivery
from gateway.providers.productive.words import KINDS_BY_WORD, is_id
from gateway.upstream import Clock

_HEADER = "productive-signature"
# A delivery that was signed longer ago, or later, is somebody's copy (A).
_WINDOW_SECONDS = 300

_DELIVERY = msgspec.json.Decoder(Delivery)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class ProductiveWebhooks:
    """Knows deliveries by the tokens of the webhooks that lead here."""

    def __init__(self, tokens: Sequence[SecretStr], clock: Clock) -> None:
        self._keys = [one.get_secret_value().encode() for one in tokens]
        self._clock = clock

    def parse(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return what a delivery says.

        Raises:
            UnauthenticatedError: No token verifies it, or it was not signed just now.
            RequestError: It is signed, and cannot be understood.
        """
        self._verify(headers.get(_HEADER, ""), body)
        try:
            told = _DELIVERY.decode(body)
        except _UNREADABLE as error:
            raise RequestError("This is no delivery of Productive's.") from error
        kind = KINDS_BY_WORD.get(told.item_type)
        source_id = str(told.item_id)
        return Notice(
            id=f"{told.event} {told.item_type} {source_id} {told.created}",
            event=told.event,
            target=None
            if kind is None or not is_id(source_id)
            else TargetKey(kind.target_type, source_id),
        )

    def _verify(self, header: str, body: bytes) -> None:
        parts = dict(part.strip().partition("=")[::2] for part in header.split(","))
        signed_at, signature = parts.get("t", ""), parts.get("s", "")
        message = signed_at.encode() + b"." + body
        is_known = False
        for key in self._keys:
            expected = hmac.new(key, message, sha256).hexdigest().encode()
            is_known |= hmac.compare_digest(expected, signature.encode())
        if not (is_known and is_id(signed_at)):
            raise UnauthenticatedError(
                "The signature is none of the webhooks that this gateway knows."
            )
        age_seconds = self._clock.now().timestamp() - int(signed_at)
        if abs(age_seconds) > _WINDOW_SECONDS:
            raise UnauthenticatedError(
                "The delivery was not signed within five minutes of now."
            )
