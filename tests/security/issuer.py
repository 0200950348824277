"""An identity provider: it signs tokens, and serves the keys that verify them."""

import functools
import json
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from gateway.security import KeySet, KeySource, Tokens, parse_key_set
from tests.support import FakeTime

ISSUER = "https://identity.example/"
AUDIENCE = "approvals"
JWKS_URL = "https://identity.example/keys"

_CURVES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}


def private_key(key_id: str, algorithm: str = "RS256") -> Any:
    """Return the private key of an id; the same one whenever it is asked for."""
    return _create_key(key_id, "RSA" if algorithm[:2] in {"RS", "PS"} else algorithm)


@functools.cache
def _create_key(key_id: str, kind: str) -> Any:
    del key_id
    if kind == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if kind == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(_CURVES[kind])


def public_jwk(key_id: str, algorithm: str = "RS256", **more: Any) -> dict[str, Any]:
    """Return a key as the identity provider publishes it."""
    public = private_key(key_id, algorithm).public_key()
    data = get_default_algorithms()[algorithm].to_jwk(public, as_dict=True)
    return {**data, "kid": key_id, "use": "sig", **more}


class Issuer(httpx.AsyncBaseTransport):
    """Signs, and answers for its keys; *error* is raised in place of an answer."""

    def __init__(self, time: FakeTime, *keys: dict[str, Any]) -> None:
        self._time = time
        self.keys: list[Any] = list(keys) or [public_jwk("one")]
        self.requests: list[str] = []
        self.error: Exception | None = None
        self.status = 200
        self.closed = False

    def sign(
        self,
        key_id: str = "one",
        algorithm: str = "RS256",
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """Return a token for five minutes; a claim that is None is left out."""
        now = int(self._time.instant.timestamp())
        all_claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "anna",
            "iat": now,
            "exp": now + 300,
            **claims,
        }
        kept = {name: value for name, value in all_claims.items() if value is not None}
        # Below `jwt.encode`, which writes no claim that is of the wrong type.
        return jwt.PyJWS().encode(
            json.dumps(kept).encode(),
            private_key(key_id, algorithm),
            algorithm,
            headers={"kid": key_id, **(header or {})},
        )

    def tokens(self) -> Tokens:
        """Return what verifies them, over this transport's answers."""
        source = KeySource(self.fetch, self._time.clock.monotonic)
        return Tokens(
            source, issuer=ISSUER, audience=AUDIENCE, now=self._time.clock.now
        )

    async def fetch(self) -> KeySet:
        """Return the keys, as what is passed to a ``KeySource`` does."""
        self.requests.append("fetch")
        if self.error is not None:
            raise self.error
        return parse_key_set(self._body)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(f"{request.method} {request.url}")
        if self.error is not None:
            raise self.error
        return httpx.Response(self.status, content=self._body)

    async def aclose(self) -> None:
        self.closed = True

    @property
    def _body(self) -> bytes:
        return json.dumps({"keys": self.keys}).encode()
