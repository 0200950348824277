import asyncio

import pytest
from structlog.testing import capture_logs

from gateway.connector import Written
from gateway.decisions import Decided, Decisions
from gateway.domain import Outcome
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    LostAnswerError,
    NotFoundError,
    UnsupportedError,
    UpstreamAuthError,
    UpstreamTimeoutError,
)


class Write:
    """A write that ends when the gate opens."""

    def __init__(self, error: Exception | None = None) -> None:
        self.gate = asyncio.Event()
        self.log: list[str] = []
        self._error = error

    async def run(self) -> Written:
        self.log.append("sent")
        await self.gate.wait()
        self.log.append("answered")
        if self._error is not None:
            raise self._error
        return Written(outcome=Outcome.APPLIED, approver_source_id="7")


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "outcome", [Outcome.APPLIED, Outcome.ALREADY_APPLIED, Outcome.UNKNOWN]
)
async def test_what_a_connector_knows_of_a_write_is_what_is_decided(
    outcome: Outcome,
) -> None:
    async def write() -> Written:
        return Written(outcome=outcome, approver_source_id="7")

    decided = await Decisions().send(write())

    assert decided == Decided(outcome=outcome, approver_source_id="7")


@pytest.mark.parametrize(
    "refusal",
    [
        NotFoundError("No such invoice."),
        ForbiddenError("Not you."),
        InvalidInputError("Not that.", field=("note",)),
        ConflictError("Too late."),
        UnsupportedError("No such call."),
    ],
)
async def test_what_a_person_can_act_on_is_a_refusal(refusal: GatewayError) -> None:
    async def write() -> Written:
        raise refusal

    decided = await Decisions().send(write())

    assert decided == Decided(outcome=Outcome.REFUSED, refusal=refusal)


@pytest.mark.parametrize(
    "fault",
    [
        UpstreamTimeoutError("ALPHA", "Late."),
        LostAnswerError("ALPHA", "Lost."),
        ZeroDivisionError(),
    ],
)
async def test_every_other_error_rises(fault: Exception) -> None:
    async def write() -> Written:
        raise fault

    with pytest.raises(type(fault)) as raised:
        await Decisions().send(write())

    assert str(raised.value) == str(fault)


async def test_only_the_error_of_the_write_itself_says_that_it_may_be_sent_again() -> (
    None
):
    """Several callers may wait for one sign-in, so its error stays as it is."""
    fault = UpstreamAuthError("ALPHA", "Refused.")

    async def write() -> Written:
        raise fault

    with pytest.raises(UpstreamAuthError) as raised:
        await Decisions().send(write())

    assert raised.value.extensions == {
        "code": "UPSTREAM_AUTH_FAILED",
        "retryable": True,
        "provider": "ALPHA",
    }
    assert fault.extensions["retryable"] is False


async def test_a_write_that_breaks_leaves_its_line_too() -> None:
    async def write() -> Written:
        raise ZeroDivisionError

    with capture_logs() as lines, pytest.raises(ZeroDivisionError):
        await Decisions().send(write(), decision="approve", subject="clerk")

    assert lines == [
        {
            "event": "decision",
            "log_level": "info",
            "decision": "approve",
            "subject": "clerk",
            "outcome": None,
            "code": "INTERNAL_SERVER_ERROR",
        }
    ]


@pytest.mark.parametrize("error", [None, ConflictError("Late."), ZeroDivisionError()])
async def test_a_cancelled_caller_leaves_the_write_and_finish_waits_for_it(
    error: Exception | None,
) -> None:
    decisions = Decisions()
    write = Write(error)
    caller = asyncio.create_task(decisions.send(write.run()))
    await _settle()

    caller.cancel()
    await _settle()
    finishing = asyncio.create_task(decisions.finish())
    await _settle()
    assert caller.cancelled()
    assert write.log == ["sent"]
    assert not finishing.done()
    write.gate.set()
    await finishing

    assert write.log == ["sent", "answered"]
    assert decisions._under_way == set()


async def test_finish_waits_for_every_write() -> None:
    decisions = Decisions()
    writes = [Write(), Write(ConflictError("Late.")), Write()]
    callers = [asyncio.create_task(decisions.send(one.run())) for one in writes]
    await _settle()
    finishing = asyncio.create_task(decisions.finish())

    for write in writes:
        assert not finishing.done()
        write.gate.set()
        await _settle()
    await finishing

    assert [(await caller).outcome for caller in callers] == [
        Outcome.APPLIED,
        Outcome.REFUSED,
        Outcome.APPLIED,
    ]


async def test_finish_has_nothing_to_wait_for_once_writes_ended() -> None:
    async def write() -> Written:
        return Written(outcome=Outcome.APPLIED)

    decisions = Decisions()
    await decisions.send(write())
    await _settle()

    await decisions.finish()

    assert decisions._under_way == set()
