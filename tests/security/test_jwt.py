import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from structlog.testing import capture_logs

from gateway.errors import UnauthenticatedError
from gateway.security import Caller, Tokens
from tests.security.issuer import AUDIENCE, ISSUER, Issuer, private_key, public_jwk
from tests.support import FakeTime

ASK = "Send a token, as `Authorization: Bearer …`."
REFUSED = "This token is not accepted."
EXPIRED = "This token has expired."
TWO = "Send `Authorization` or `X-API-Key`, not both: a request has one identity."


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def issuer(time: FakeTime) -> Issuer:
    return Issuer(time)


@pytest.fixture
def tokens(issuer: Issuer) -> Tokens:
    return issuer.tokens()


async def authenticate(tokens: Tokens, token: str) -> Caller:
    return await tokens.authenticate({"authorization": f"Bearer {token}"})


async def refusal(tokens: Tokens, token: str) -> str:
    with pytest.raises(UnauthenticatedError) as raised:
        await authenticate(tokens, token)
    return raised.value.message


def encode(part: object) -> str:
    """Return a part of a token that the library would not write."""
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


async def test_a_token_names_its_subject(tokens: Tokens, issuer: Issuer) -> None:
    assert await authenticate(tokens, issuer.sign()) == Caller(subject="anna")
    assert issuer.requests == ["fetch"]


@pytest.mark.parametrize(
    "algorithm",
    [
        *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
        *("ES256", "ES384", "ES512", "EdDSA"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
async def test_each_algorithm_of_public_keys_is_taken(
    time: FakeTime, algorithm: str, named: bool
) -> None:
    """A key may say which algorithm it is for, or leave that to its tokens."""
    more = {"alg": algorithm} if named else {}
    issuer = Issuer(time, public_jwk("one", algorithm, **more))

    caller = await authenticate(issuer.tokens(), issuer.sign(algorithm=algorithm))

    assert caller == Caller(subject="anna")


@pytest.mark.parametrize(
    "audience", [AUDIENCE, [AUDIENCE], ["another", AUDIENCE]], ids=str
)
async def test_an_audience_may_be_one_of_several(
    tokens: Tokens, issuer: Issuer, audience: object
) -> None:
    token = issuer.sign(aud=audience)

    assert await authenticate(tokens, token) == Caller(subject="anna")


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, ASK),
        ({"authorization": ""}, ASK),
        ({"authorization": "Bearer"}, ASK),
        ({"authorization": "Basic YTpi"}, ASK),
        ({"x-api-key": "abc"}, ASK),
        ({"x-api-key": "abc", "authorization": "Bearer abc"}, TWO),
    ],
)
async def test_a_caller_without_a_token_is_told_how_to_send_one(
    tokens: Tokens, issuer: Issuer, headers: dict[str, str], message: str
) -> None:
    with pytest.raises(UnauthenticatedError) as raised:
        await tokens.authenticate(headers)

    assert raised.value.message == message
    assert issuer.requests == []


async def test_a_token_is_not_taken_as_a_key(tokens: Tokens, issuer: Issuer) -> None:
    with pytest.raises(UnauthenticatedError):
        await tokens.authenticate({"x-api-key": issuer.sign()})


class TestClaims:
    @pytest.mark.parametrize(
        "claims",
        [
            {"iss": None},
            {"iss": "https://other.example/"},
            {"iss": ISSUER.rstrip("/")},
            {"iss": [ISSUER]},
            {"iss": ""},
            {"aud": None},
            {"aud": "another"},
            {"aud": ["another"]},
            {"aud": []},
            {"aud": ""},
            {"aud": {"a": AUDIENCE}},
            {"aud": [AUDIENCE, 1]},
            {"sub": None},
            {"sub": ""},
            {"sub": 7},
            {"sub": ["anna"]},
            {"exp": None},
            {"exp": "never"},
            {"exp": True},
            {"exp": [1]},
            {"nbf": "soon"},
            {"iat": "then"},
            {"jti": 5},
        ],
        ids=str,
    )
    async def test_a_claim_that_is_absent_or_does_not_fit(
        self, tokens: Tokens, issuer: Issuer, claims: dict[str, Any]
    ) -> None:
        assert await refusal(tokens, issuer.sign(**claims)) == REFUSED

    @pytest.mark.parametrize("seconds", [0, 299, 329])
    async def test_a_token_holds_until_a_little_after_its_end(
        self, tokens: Tokens, issuer: Issuer, time: FakeTime, seconds: int
    ) -> None:
        token = issuer.sign()

        time.advance(seconds)

        assert await authenticate(tokens, token) == Caller(subject="anna")

    @pytest.mark.parametrize("seconds", [330, 400, 1_000_000])
    async def test_a_token_that_has_expired_is_told_apart(
        self, tokens: Tokens, issuer: Issuer, time: FakeTime, seconds: int
    ) -> None:
        """Its client gets another; every other refusal says nothing of the reason."""
        token = issuer.sign()

        time.advance(seconds)

        assert await refusal(tokens, token) == EXPIRED

    async def test_a_forged_token_does_not_learn_that_it_has_expired(
        self, tokens: Tokens, issuer: Issuer
    ) -> None:
        forged = issuer.sign("other", header={"kid": "one"}, exp=1)

        assert await refusal(tokens, forged) == REFUSED

    async def test_an_end_that_is_no_number_has_passed(
        self, tokens: Tokens, issuer: Issuer
    ) -> None:
        assert await refusal(tokens, issuer.sign(exp=float("nan"))) == EXPIRED

    @pytest.mark.parametrize("claim", ["nbf", "iat"])
    async def test_a_token_from_the_future_waits(
        self, tokens: Tokens, issuer: Issuer, time: FakeTime, claim: str
    ) -> None:
        claims: dict[str, Any] = {claim: int(time.instant.timestamp()) + 100}
        token = issuer.sign(**claims)

        assert await refusal(tokens, token) == REFUSED
        time.advance(69)
        assert await refusal(tokens, token) == REFUSED
        time.advance(1)
        assert await authenticate(tokens, token) == Caller(subject="anna")

    async def test_the_time_is_the_gateways_clock(
        self, tokens: Tokens, issuer: Issuer, time: FakeTime
    ) -> None:
        """The library's own clock stands elsewhere, and has no say."""
        time.advance(50 * 365 * 86_400)

        assert await authenticate(tokens, issuer.sign()) == Caller(subject="anna")


class TestEmail:
    """OpenID Connect Core, 5.1: an address is the person's if it was verified."""

    @pytest.mark.parametrize(
        ("email", "found"),
        [
            ("anna@example.com", "anna@example.com"),
            (" Anna@Example.com ", "Anna@Example.com"),
            ("müller@example.com", "müller@example.com"),
        ],
    )
    async def test_a_verified_address_is_the_callers(
        self, tokens: Tokens, issuer: Issuer, email: str, found: str
    ) -> None:
        token = issuer.sign(email=email, email_verified=True)

        caller = await authenticate(tokens, token)

        assert caller == Caller(subject="anna", email=found)

    @pytest.mark.parametrize(
        "verified", [None, False, "true", "True", 1, 0, "", [], [True], {"a": True}]
    )
    async def test_an_address_that_is_not_verified_is_nobodys(
        self, tokens: Tokens, issuer: Issuer, verified: Any
    ) -> None:
        token = issuer.sign(email="anna@example.com", email_verified=verified)

        assert await authenticate(tokens, token) == Caller(subject="anna", email=None)

    @pytest.mark.parametrize(
        "email",
        [
            None,
            "",
            "  ",
            "anna",
            5,
            True,
            ["anna@example.com"],
            {"address": "anna@example.com"},
            "anna@example.com, carl@example.com",
            "anna@example.com\ncarl@example.com",
            "anna\x00@example.com",
            "anna\ud800@example.com",
            f"{'a' * 243}@example.com",
        ],
        ids=ascii,
    )
    async def test_what_cannot_be_an_address_is_none_and_the_token_holds(
        self, tokens: Tokens, issuer: Issuer, email: Any
    ) -> None:
        token = issuer.sign(email=email, email_verified=True)

        assert await authenticate(tokens, token) == Caller(subject="anna", email=None)


class TestForgeries:
    """Nothing but a public key of the identity provider proves a token."""

    def public_pem(self) -> bytes:
        public: bytes = (
            private_key("one")
            .public_key()
            .public_bytes(
                serialization.Encoding.PEM,
                serialization.PublicFormat.SubjectPublicKeyInfo,
            )
        )
        return public

    def claims(self, issuer: Issuer) -> dict[str, Any]:
        return jwt.decode(issuer.sign(), options={"verify_signature": False})

    @pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
    async def test_the_public_key_is_no_shared_secret(
        self, tokens: Tokens, issuer: Issuer, algorithm: str
    ) -> None:
        header = {"alg": algorithm, "typ": "JWT", "kid": "one"}
        text = f"{encode(header)}.{encode(self.claims(issuer))}"
        hash_name = algorithm.replace("HS", "sha")
        signature = hmac.digest(self.public_pem(), text.encode(), hash_name)

        assert await refusal(tokens, f"{text}.{encode(signature)}") == REFUSED
        assert issuer.requests == []

    async def test_a_shared_secret_among_the_keys_verifies_nothing(
        self, time: FakeTime
    ) -> None:
        secret = hashlib.sha512(b"known").digest()
        shared = {"kty": "oct", "kid": "shared", "k": encode(secret), "alg": "HS256"}
        issuer = Issuer(time, public_jwk("one"), shared)
        token = jwt.encode(
            self.claims(issuer), secret, "HS256", headers={"kid": "shared"}
        )

        assert await refusal(issuer.tokens(), token) == REFUSED

    @pytest.mark.parametrize("name", ["none", "None", "NONE", "", None, ["RS256"], 5])
    @pytest.mark.parametrize("signature", ["", "AAAA"])
    async def test_a_token_without_an_algorithm(
        self, tokens: Tokens, issuer: Issuer, name: object, signature: str
    ) -> None:
        header = {"alg": name, "kid": "one"}
        text = f"{encode(header)}.{encode(self.claims(issuer))}"

        assert await refusal(tokens, f"{text}.{signature}") == REFUSED
        assert issuer.requests == []

    async def test_another_key_under_a_known_name(
        self, tokens: Tokens, issuer: Issuer
    ) -> None:
        assert await refusal(tokens, issuer.sign("other", header={"kid": "one"})) == (
            REFUSED
        )

    async def test_a_key_inside_the_token(self, tokens: Tokens, issuer: Issuer) -> None:
        """`jwk`, `jku` and `x5u` name a key of the sender's choice."""
        header = {
            "kid": "one",
            "jwk": public_jwk("other"),
            "jku": "https://evil.example/keys",
            "x5u": "https://evil.example/certificate",
        }

        assert await refusal(tokens, issuer.sign("other", header=header)) == REFUSED

    async def test_an_algorithm_that_its_key_is_not_for(self, time: FakeTime) -> None:
        issuer = Issuer(time, public_jwk("one", alg="RS256"))

        for algorithm in ("PS256", "RS512"):
            token = issuer.sign(algorithm=algorithm)
            assert await refusal(issuer.tokens(), token) == REFUSED

    async def test_a_key_for_encryption(self, time: FakeTime) -> None:
        issuer = Issuer(time, {**public_jwk("one"), "use": "enc"})

        assert await refusal(issuer.tokens(), issuer.sign()) == REFUSED

    async def test_a_key_that_is_too_short(self, time: FakeTime) -> None:
        weak = rsa.generate_private_key(65537, key_size=1024)  # noqa: S505 - refused
        numbers = weak.public_key().public_numbers()
        parts = {
            name: encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))
            for name, value in (("n", numbers.n), ("e", numbers.e))
        }
        issuer = Issuer(time, {"kty": "RSA", "kid": "weak", **parts})
        header, claims, _ = issuer.sign(header={"kid": "weak"}).split(".")
        algorithm = jwt.get_algorithm_by_name("RS256")
        signature = algorithm.sign(f"{header}.{claims}".encode(), weak)

        token = f"{header}.{claims}.{encode(signature)}"

        assert await refusal(issuer.tokens(), token) == REFUSED

    @pytest.mark.parametrize(
        "header",
        [
            {"crit": ["x"], "x": 1},
            {"crit": []},
            {"b64": False, "crit": ["b64"]},
        ],
        ids=str,
    )
    async def test_a_header_that_is_critical_and_unknown(
        self, tokens: Tokens, issuer: Issuer, header: dict[str, Any]
    ) -> None:
        """RFC 7515, 4.1.11: what is critical and not understood is refused."""
        whole = {"alg": "RS256", "kid": "one", **header}
        text = f"{encode(whole)}.{encode(self.claims(issuer))}"
        algorithm = jwt.get_algorithm_by_name("RS256")
        signature = algorithm.sign(text.encode(), private_key("one"))

        assert await refusal(tokens, f"{text}.{encode(signature)}") == REFUSED

    @pytest.mark.parametrize("part", [0, 1, 2])
    async def test_a_part_of_another_token(
        self, tokens: Tokens, issuer: Issuer, part: int
    ) -> None:
        mine = issuer.sign().split(".")
        other = issuer.sign(sub="carl", header={"typ": "other"}).split(".")
        mine[part] = other[part]

        assert await refusal(tokens, ".".join(mine)) == REFUSED


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "..",
        "a.b",
        "a.b.c.d.e",
        "e30.e30.e30",
        "\xff.\xff.\xff",
        "!!!!.e30.AAAA",
        f"{encode([])}.e30.AAAA",
        f"{encode(b'[' * 60_000)}.e30.AAAA",
        f"{encode(b'9' * 6_000)}.e30.AAAA",
        f"{encode({'alg': 'RS256'})}.e30.AAAA",
        f"{encode({'alg': 'RS256', 'kid': 1})}.e30.AAAA",
        f"{encode({'alg': 'RS256', 'kid': None})}.e30.AAAA",
        f"{encode({'alg': 'RS256', 'kid': ['one']})}.e30.AAAA",
        f"{encode({'kid': 'one'})}.e30.AAAA",
    ],
    ids=lambda token: token[:20],
)
async def test_what_is_no_token_is_refused_without_asking_for_keys(
    tokens: Tokens, issuer: Issuer, token: str
) -> None:
    assert await refusal(tokens, token) == REFUSED
    assert issuer.requests == []


async def test_claims_that_are_no_object(tokens: Tokens, issuer: Issuer) -> None:
    for payload in (b"[]", b"nonsense", b"\xff", b"[" * 60_000):
        text = f"{encode({'alg': 'RS256', 'kid': 'one'})}.{encode(payload)}"
        algorithm = jwt.get_algorithm_by_name("RS256")
        signature = algorithm.sign(text.encode(), private_key("one"))

        assert await refusal(tokens, f"{text}.{encode(signature)}") == REFUSED


async def test_a_refusal_is_logged_without_the_token(
    tokens: Tokens, issuer: Issuer
) -> None:
    wrong = issuer.sign(aud="another-audience", sub="somebody")

    with capture_logs() as lines:
        await refusal(tokens, wrong)

    assert [line for line in lines if line["event"] == "token_refused"] == [
        {
            "event": "token_refused",
            "log_level": "info",
            "reason": "InvalidAudienceError",
        }
    ]
    for secret in (*wrong.split("."), "another-audience", "somebody"):
        assert secret not in str(lines)
