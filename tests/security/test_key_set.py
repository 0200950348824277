"""When the identity provider is asked for its keys, and how often."""

import asyncio
import json

import msgspec
import pytest
from structlog.testing import capture_logs

from gateway.errors import (
    IdentityUnavailableError,
    UnauthenticatedError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from gateway.security import KeySet, KeySource, Tokens, parse_key_set
from gateway.security.key_set import ALGORITHMS
from tests.security.issuer import AUDIENCE, ISSUER, Issuer, public_jwk
from tests.support import FakeTime

DOWN = UpstreamUnavailableError("IDENTITY", "Down.")


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def issuer(time: FakeTime) -> Issuer:
    return Issuer(time)


@pytest.fixture
def tokens(issuer: Issuer) -> Tokens:
    return issuer.tokens()


async def ask(tokens: Tokens, token: str) -> str:
    """Return the subject of a token, or how it is refused."""
    try:
        caller = await tokens.authenticate({"authorization": f"Bearer {token}"})
    except (UnauthenticatedError, IdentityUnavailableError) as error:
        return error.code
    return caller.subject or ""


async def test_keys_are_asked_for_once(tokens: Tokens, issuer: Issuer) -> None:
    for subject in ("anna", "carl", "anna"):
        assert await ask(tokens, issuer.sign(sub=subject)) == subject

    assert len(issuer.requests) == 1


async def test_keys_are_asked_for_again_after_ten_minutes(
    tokens: Tokens, issuer: Issuer, time: FakeTime
) -> None:
    counts = []
    for seconds in (0, 599, 1, 599, 1):
        time.advance(seconds)
        assert await ask(tokens, issuer.sign()) == "anna"
        counts.append(len(issuer.requests))

    assert counts == [1, 1, 2, 2, 3]


async def test_a_new_key_is_found_at_its_first_token(
    tokens: Tokens, issuer: Issuer, time: FakeTime
) -> None:
    assert await ask(tokens, issuer.sign()) == "anna"
    issuer.keys.append(public_jwk("two"))
    time.advance(10)

    assert await ask(tokens, issuer.sign("two")) == "anna"
    assert await ask(tokens, issuer.sign("one")) == "anna"
    assert len(issuer.requests) == 2


async def test_a_key_that_was_taken_back_is_refused_ten_minutes_later_at_most(
    tokens: Tokens, issuer: Issuer, time: FakeTime
) -> None:
    assert await ask(tokens, issuer.sign()) == "anna"
    issuer.keys = [public_jwk("two")]

    time.advance(599)
    assert await ask(tokens, issuer.sign()) == "anna"
    time.advance(1)
    assert await ask(tokens, issuer.sign()) == "UNAUTHENTICATED"
    assert await ask(tokens, issuer.sign("two")) == "anna"
    assert len(issuer.requests) == 2


async def test_a_flood_of_unknown_keys_asks_once_in_ten_seconds(
    tokens: Tokens, issuer: Issuer, time: FakeTime
) -> None:
    assert await ask(tokens, issuer.sign()) == "anna"
    forged = [issuer.sign(header={"kid": f"bogus-{one}"}) for one in range(10)]

    for _ in range(60):
        time.advance(1)
        for token in forged:
            assert await ask(tokens, token) == "UNAUTHENTICATED"

    assert len(issuer.requests) == 1 + 6
    assert await ask(tokens, issuer.sign()) == "anna"


async def test_an_algorithm_that_a_known_key_lacks_is_no_other_way_to_flood(
    tokens: Tokens, issuer: Issuer
) -> None:
    assert await ask(tokens, issuer.sign()) == "anna"
    token = issuer.sign("curve", "ES256", header={"kid": "one"})

    for _ in range(20):
        assert await ask(tokens, token) == "UNAUTHENTICATED"

    assert len(issuer.requests) == 1


async def test_a_flood_at_the_start_asks_once(tokens: Tokens, issuer: Issuer) -> None:
    forged = [issuer.sign(header={"kid": f"bogus-{one}"}) for one in range(20)]

    found = await asyncio.gather(*(ask(tokens, token) for token in forged))

    assert found == ["UNAUTHENTICATED"] * 20
    assert len(issuer.requests) == 1


class TestDown:
    """The endpoint of the keys does not answer."""

    @pytest.mark.parametrize(
        "error", [DOWN, UpstreamTimeoutError("IDENTITY", "Late.")], ids=["down", "late"]
    )
    async def test_without_keys_nobody_can_be_checked(
        self, tokens: Tokens, issuer: Issuer, error: Exception
    ) -> None:
        issuer.error = error

        with pytest.raises(IdentityUnavailableError) as raised:
            await tokens.authenticate({"authorization": f"Bearer {issuer.sign()}"})

        assert raised.value.extensions == {
            "code": "UPSTREAM_UNAVAILABLE",
            "retryable": True,
        }
        assert raised.value.message == (
            "Who calls cannot be checked now: the identity provider is not reached. "
            "Try again soon."
        )

    async def test_it_is_asked_once_in_ten_seconds(
        self, tokens: Tokens, issuer: Issuer, time: FakeTime
    ) -> None:
        issuer.error = DOWN

        with capture_logs() as lines:
            for _ in range(30):
                assert await ask(tokens, issuer.sign()) == "UPSTREAM_UNAVAILABLE"
                time.advance(1)

        assert len(issuer.requests) == 3
        assert (
            lines
            == [
                {
                    "event": "identity_keys_unavailable",
                    "log_level": "warning",
                    "code": "UPSTREAM_UNAVAILABLE",
                }
            ]
            * 3
        )

    async def test_callers_are_served_as_soon_as_it_is_back(
        self, tokens: Tokens, issuer: Issuer, time: FakeTime
    ) -> None:
        issuer.error = DOWN
        assert await ask(tokens, issuer.sign()) == "UPSTREAM_UNAVAILABLE"

        issuer.error = None
        time.advance(10)

        assert await ask(tokens, issuer.sign()) == "anna"

    async def test_known_keys_stay_in_force_for_a_day(
        self, tokens: Tokens, issuer: Issuer, time: FakeTime
    ) -> None:
        assert await ask(tokens, issuer.sign()) == "anna"
        issuer.error = DOWN

        time.advance(86_399)
        assert await ask(tokens, issuer.sign()) == "anna"
        time.advance(1)
        assert await ask(tokens, issuer.sign()) == "UPSTREAM_UNAVAILABLE"
        assert len(issuer.requests) == 2

    async def test_an_unknown_key_is_refused_while_others_are_known(
        self, tokens: Tokens, issuer: Issuer, time: FakeTime
    ) -> None:
        assert await ask(tokens, issuer.sign()) == "anna"
        issuer.error = DOWN
        time.advance(10)

        assert await ask(tokens, issuer.sign("two")) == "UNAUTHENTICATED"
        assert await ask(tokens, issuer.sign()) == "anna"


class TestTogether:
    """Callers who come while the keys are on their way."""

    @pytest.fixture
    def gate(self) -> asyncio.Event:
        return asyncio.Event()

    @pytest.fixture
    def tokens(self, issuer: Issuer, time: FakeTime, gate: asyncio.Event) -> Tokens:
        async def fetch() -> KeySet:
            issuer.requests.append("fetch")
            await gate.wait()
            if issuer.error is not None:
                raise issuer.error
            return parse_key_set(json.dumps({"keys": issuer.keys}).encode())

        source = KeySource(fetch, time.clock.monotonic)
        return Tokens(source, issuer=ISSUER, audience=AUDIENCE, now=time.clock.now)

    async def test_they_share_one_request_and_keep_their_own_names(
        self, tokens: Tokens, issuer: Issuer, gate: asyncio.Event
    ) -> None:
        names = [f"person-{one}" for one in range(20)]
        waiting = [
            asyncio.create_task(ask(tokens, issuer.sign(sub=name))) for name in names
        ]
        await asyncio.sleep(0)
        gate.set()

        assert await asyncio.gather(*waiting) == names
        assert issuer.requests == ["fetch"]

    async def test_they_share_one_failure(
        self, tokens: Tokens, issuer: Issuer, gate: asyncio.Event
    ) -> None:
        issuer.error = DOWN
        waiting = [asyncio.create_task(ask(tokens, issuer.sign())) for _ in range(5)]
        await asyncio.sleep(0)
        gate.set()

        assert await asyncio.gather(*waiting) == ["UPSTREAM_UNAVAILABLE"] * 5
        assert issuer.requests == ["fetch"]

    async def test_one_who_goes_away_leaves_the_others_waiting(
        self, tokens: Tokens, issuer: Issuer, gate: asyncio.Event
    ) -> None:
        first = asyncio.create_task(ask(tokens, issuer.sign()))
        second = asyncio.create_task(ask(tokens, issuer.sign(sub="carl")))
        await asyncio.sleep(0)

        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        gate.set()

        assert await second == "carl"
        assert issuer.requests == ["fetch"]


class TestDocument:
    """RFC 7517: what a key set may hold, and what of it is used."""

    def parse(self, *keys: object) -> set[tuple[str, str]]:
        return set(parse_key_set(json.dumps({"keys": keys}).encode()))

    def test_a_key_is_known_by_its_id_and_its_algorithm(self) -> None:
        found = self.parse(
            public_jwk("a", alg="PS384"), public_jwk("b", "ES256", alg="ES256")
        )

        assert found == {("a", "PS384"), ("b", "ES256")}

    def test_a_key_that_names_no_algorithm_is_for_each_of_its_kind(self) -> None:
        rsa = {name for name in ALGORITHMS if name[:2] in {"RS", "PS"}}

        assert len(rsa) == 6
        assert self.parse(public_jwk("a")) == {("a", name) for name in rsa}

    @pytest.mark.parametrize(
        "key",
        [
            {},
            {"kty": "RSA", "kid": "x"},
            {"kty": "RSA", "kid": "x", "n": 5, "e": "AQAB"},
            {"kty": "oct", "kid": "x", "k": "AAAA"},
            {"kty": ["RSA"], "kid": "x"},
            {**public_jwk("x"), "kid": 5},
            {**public_jwk("x"), "kid": None},
            {**public_jwk("x"), "use": "enc"},
            {**public_jwk("x"), "alg": "HS256"},
            {**public_jwk("x"), "alg": "none"},
            {**public_jwk("x"), "alg": "RSA-OAEP"},
            {**public_jwk("x"), "alg": "ES256"},
            {**public_jwk("x"), "alg": ["RS256"]},
            {**public_jwk("x", "ES256"), "crv": "P-999"},
        ],
        ids=lambda key: str(list(key))[:30],
    )
    def test_a_key_of_no_use_is_passed_over(self, key: dict[str, object]) -> None:
        assert self.parse(key, public_jwk("good", alg="RS256")) == {("good", "RS256")}

    def test_a_set_may_be_empty(self) -> None:
        assert self.parse() == set()

    @pytest.mark.parametrize(
        "body", [b"", b"<html>", b"[]", b"{}", b'{"keys":null}', b'{"keys":[1]}']
    )
    def test_what_is_no_key_set_is_refused(self, body: bytes) -> None:
        with pytest.raises(msgspec.DecodeError):
            parse_key_set(body)
