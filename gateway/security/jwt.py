"""Tokens: JWTs that an identity provider signed for this gateway."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

import jwt
import msgspec
from msgspec import Meta, Struct

from gateway.errors import UnauthenticatedError
from gateway.observability import get_logger
from gateway.security.caller import Caller, read_bearer
from gateway.security.key_set import ALGORITHMS, KeySource

# Clocks differ.
_LEEWAY_SECONDS = 30.0

# RFC 5321, 4.5.3.1: what a path may be long, without its brackets.
_LONGEST_EMAIL = 254

# The times are checked here, against the clock that is passed in.
_DECODER = jwt.PyJWT(
    options={
        "require": ["exp", "iss", "aud", "sub"],
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "enforce_minimum_key_length": True,
    }
)


class _Header(Struct, frozen=True):
    alg: str
    kid: str


class _Claims(Struct, frozen=True):
    sub: Annotated[str, Meta(min_length=1)]
    exp: float
    nbf: float | None = None
    iat: float | None = None
    # Of any type: they say nothing of whether the token holds.
    email: Any = None
    email_verified: Any = None


class Tokens:
    """Knows callers by tokens of one issuer, for one audience.

    A token has ``exp``, ``iss``, ``aud`` and ``sub``, and names the key that signed it.
    """

    def __init__(
        self,
        keys: KeySource,
        *,
        issuer: str,
        audience: str,
        now: Callable[[], datetime],
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._now = now

    async def authenticate(self, headers: Mapping[str, str]) -> Caller:
        """Return who calls, by ``Authorization: Bearer``: the subject of the token.

        Their e-mail is the claim ``email``, where ``email_verified`` is true.

        Raises:
            UnauthenticatedError: There is no token, or none that holds.
            IdentityUnavailableError: There are no keys to check it with.
        """
        token = read_bearer(headers)
        if token is None:
            raise UnauthenticatedError("Send a token, as `Authorization: Bearer …`.")
        try:
            claims = await self._verify(token)
        except jwt.ExpiredSignatureError as error:
            raise UnauthenticatedError("This token has expired.") from error
        except (jwt.PyJWTError, msgspec.ValidationError) as error:
            # The class alone: a message may quote the token.
            get_logger().info("token_refused", reason=type(error).__name__)
            raise UnauthenticatedError("This token is not accepted.") from error
        return Caller(subject=claims.sub, email=_verified_email(claims))

    async def _verify(self, token: str) -> _Claims:
        header = msgspec.convert(jwt.get_unverified_header(token), _Header)
        if header.alg not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        key = await self._keys.get_key(header.kid, header.alg)
        if key is None:
            raise jwt.InvalidKeyError
        payload = _DECODER.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=self._issuer,
            audience=self._audience,
        )
        claims = msgspec.convert(payload, _Claims)
        _check_times(claims, self._now().timestamp())
        return claims


def _check_times(claims: _Claims, now: float) -> None:
    # Written so that what is no number is refused, whatever it is compared with.
    if not now < claims.exp + _LEEWAY_SECONDS:
        raise jwt.ExpiredSignatureError
    for begin in (claims.nbf, claims.iat):
        if begin is not None and not begin <= now + _LEEWAY_SECONDS:
            raise jwt.ImmatureSignatureError


def _verified_email(claims: _Claims) -> str | None:
    """Return the caller's address, if the issuer vouches for it and it can be one."""
    email = claims.email
    # The text "true" is the word of an issuer that does not keep to OpenID Connect.
    if claims.email_verified is not True or not isinstance(email, str):
        return None
    email = email.strip()
    is_address = "@" in email and email.isprintable() and " " not in email
    return email if is_address and len(email) <= _LONGEST_EMAIL else None
