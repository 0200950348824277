"""A provider's no to a read: a fault in a query, a refusal in a write."""

import pytest

from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    LostAnswerError,
    NotFoundError,
    UnsupportedError,
    UpstreamAuthError,
    UpstreamError,
    UpstreamRateLimitedError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from gateway.upstream import RefusedError, as_read, as_write

# What a provider says, to a person who may act on it.
REFUSALS: list[GatewayError] = [
    NotFoundError("There is none."),
    ForbiddenError("Not for you."),
    ConflictError("It is decided."),
    InvalidInputError("No such value.", field=("note",)),
    UnsupportedError("There is no such call."),
]
FAULTS: list[UpstreamError] = [
    UpstreamTimeoutError("ALPHA", "Late."),
    UpstreamUnavailableError("ALPHA", "Away."),
    UpstreamRateLimitedError("ALPHA", "Busy.", retry_after_seconds=7),
    UpstreamAuthError("ALPHA", "Who are you?"),
    UpstreamResponseError("ALPHA", "What is that?"),
    LostAnswerError("ALPHA", "Lost."),
]


async def gives(value: object) -> object:
    """Return *value*, or raise it."""
    if isinstance(value, BaseException):
        raise value
    return value


def kind(error: BaseException) -> str:
    return type(error).__name__


@pytest.mark.parametrize("value", [None, 0, "answer", {}])
async def test_an_answer_is_the_answer(value: object) -> None:
    assert await as_read("ALPHA", gives(value)) is value
    assert await as_write(gives(value)) is value


@pytest.mark.parametrize("refusal", REFUSALS, ids=kind)
async def test_a_refusal_of_a_read_is_the_providers_fault(
    refusal: GatewayError,
) -> None:
    with pytest.raises(RefusedError) as raised:
        await as_read("ALPHA", gives(refusal))

    error = raised.value
    assert isinstance(error, UpstreamResponseError)
    assert (error.provider, error.code) == ("ALPHA", "UPSTREAM_RESPONSE_INVALID")
    assert error.message == "The provider refused a read."
    assert error.refusal is error.__cause__ is refusal
    # What the provider said is for the log at most.
    assert refusal.message not in str(error)


@pytest.mark.parametrize("fault", FAULTS, ids=kind)
async def test_a_fault_of_a_read_stays_what_it_is(fault: UpstreamError) -> None:
    with pytest.raises(UpstreamError) as raised:
        await as_read("ALPHA", gives(fault))

    assert raised.value is fault


async def test_a_refused_read_is_wrapped_once() -> None:
    refused = RefusedError("ALPHA", NotFoundError("There is none."))

    with pytest.raises(RefusedError) as raised:
        await as_read("ALPHA", gives(refused))

    assert raised.value is refused


@pytest.mark.parametrize("bug", [ValueError("a bug"), KeyError("another")], ids=kind)
async def test_a_bug_is_no_refusal(bug: Exception) -> None:
    for given in (as_read("ALPHA", gives(bug)), as_write(gives(bug))):
        with pytest.raises(type(bug)) as raised:
            await given

        assert raised.value is bug


@pytest.mark.parametrize(
    "refusal",
    [one for one in REFUSALS if not isinstance(one, InvalidInputError)],
    ids=kind,
)
async def test_a_read_that_is_refused_in_a_write_refuses_the_write(
    refusal: GatewayError,
) -> None:
    refused = RefusedError("ALPHA", refusal)

    with pytest.raises(type(refusal)) as raised:
        await as_write(gives(refused))

    assert raised.value is refusal
    assert raised.value.__cause__ is refused


async def test_a_value_that_a_read_of_ours_sent_is_no_fault_of_the_persons() -> None:
    """They cannot mend it, so that it is no BAD_USER_INPUT."""
    refused = RefusedError("ALPHA", InvalidInputError("No such id.", field=("id",)))

    with pytest.raises(ConflictError) as raised:
        await as_write(gives(refused))

    assert raised.value.message == (
        "The provider refused a read that this needs. Nothing was changed."
    )
    assert raised.value.__cause__ is refused
    assert refused.refusal.message not in str(raised.value)


@pytest.mark.parametrize("error", [*REFUSALS, *FAULTS], ids=kind)
async def test_what_a_write_itself_meets_stays_what_it_is(
    error: GatewayError,
) -> None:
    """A value of the person's own is theirs to mend."""
    with pytest.raises(type(error)) as raised:
        await as_write(gives(error))

    assert raised.value is error
