"""What the gateway does with what a provider says, here at HTTP 200 in the body."""

import asyncio

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from gateway.errors import (
    ConflictError,
    GatewayError,
    LostAnswerError,
    UpstreamAuthError,
    UpstreamRateLimitedError,
    UpstreamUnavailableError,
)
from gateway.upstream import Answer, Call, Session, Verdict
from tests.support import FakeTime
from tests.upstream.scripted import (
    BODY_DIALECT,
    SIGN_IN,
    WRITE,
    Create,
    Reply,
    Run,
    SignIns,
    read,
    said,
    write,
)

BUSY = said(Verdict.BUSY)
DONE = said(Verdict.DONE)
REFUSED = said(Verdict.REFUSED)
SIGNED_OUT = said(Verdict.SIGNED_OUT)


# Done or refused


async def test_what_the_dialect_calls_done_is_the_answer(create: Create) -> None:
    upstream, transport = create(DONE, dialect=BODY_DIALECT)

    body = await read(upstream)
    answer = await write(upstream)

    assert body == {"said": "DONE"}
    assert answer == Answer(status=200, body=b'{"said":"DONE"}', verdict=Verdict.DONE)
    assert len(transport.requests) == 2


@pytest.mark.parametrize("run", [read, write])
async def test_a_refusal_at_http_200_is_the_dialects_error(
    create: Create, run: Run, time: FakeTime
) -> None:
    upstream, transport = create(REFUSED, dialect=BODY_DIALECT)
    sign_ins = SignIns()

    with pytest.raises(ConflictError, match=r"^Too late\.$"):
        await run(upstream, session=Session(sign_ins, upstream.clock))

    assert transport.grants == ["Bearer 1"]
    assert sign_ins.count == 1
    assert time.slept == []


# No free slot


@pytest.mark.parametrize("run", [read, write])
async def test_a_busy_provider_is_asked_again_after_waits_that_double(
    create: Create, run: Run, time: FakeTime
) -> None:
    upstream, transport = create(*[BUSY] * 5, DONE, dialect=BODY_DIALECT)
    sign_ins = SignIns()

    await run(upstream, session=Session(sign_ins, upstream.clock))

    assert transport.grants == ["Bearer 1"] * 6
    assert sign_ins.count == 1
    lows = [0.2, 0.4, 0.8, 1.6, 3.2]
    assert len(time.slept) == len(lows)
    assert all(
        low <= slept <= low + 0.2 for slept, low in zip(time.slept, lows, strict=True)
    )


@pytest.mark.parametrize("run", [read, write])
async def test_the_jitter_differs_from_one_busy_call_to_the_next(
    create: Create, run: Run, time: FakeTime
) -> None:
    replies = [BUSY, DONE] * 5
    upstream, transport = create(*replies, dialect=BODY_DIALECT)

    for _ in range(5):
        await run(upstream)

    assert len(transport.requests) == 10
    assert len(set(time.slept)) == 5


async def test_a_write_that_is_sent_again_is_the_same(create: Create) -> None:
    upstream, transport = create(BUSY, BUSY, DONE, dialect=BODY_DIALECT)

    answer = await write(upstream)

    assert answer == Answer(status=200, body=b'{"said":"DONE"}', verdict=Verdict.DONE)
    assert transport.contents == [b'{"note":"hush"}'] * 3
    assert transport.paths == [WRITE.path] * 3


@pytest.mark.parametrize("busy_attempts", [1, 4])
@pytest.mark.parametrize("run", [read, write])
async def test_a_provider_that_stays_busy_is_asked_as_often_as_the_policy_says(
    create: Create, run: Run, time: FakeTime, busy_attempts: int
) -> None:
    upstream, transport = create(
        BUSY, dialect=BODY_DIALECT, attempts=1, busy_attempts=busy_attempts
    )

    with pytest.raises(UpstreamRateLimitedError, match=r"^No slot\.$"):
        await run(upstream, seconds=600.0)

    assert len(transport.requests) == busy_attempts
    assert len(time.slept) == busy_attempts - 1


@pytest.mark.parametrize("run", [read, write])
async def test_no_wait_for_a_free_slot_goes_to_the_deadline(
    create: Create, run: Run, time: FakeTime
) -> None:
    upstream, transport = create(
        BUSY, dialect=BODY_DIALECT, attempts=1, busy_wait_seconds=1.0
    )

    with pytest.raises(UpstreamRateLimitedError, match=r"^No slot\.$"):
        await run(upstream, seconds=3.0)

    assert len(transport.requests) == 2
    (slept,) = time.slept
    assert 1.0 <= slept <= 2.0


@pytest.mark.parametrize("run", [read, write])
async def test_a_busy_provider_is_no_spent_limit(create: Create, run: Run) -> None:
    upstream, transport = create(
        BUSY, BUSY, DONE, dialect=BODY_DIALECT, attempts=1, busy_attempts=2
    )
    with pytest.raises(UpstreamRateLimitedError):
        await run(upstream)

    await run(upstream)

    assert not upstream.limit.is_spent
    assert len(transport.requests) == 3


async def test_a_wait_for_a_free_slot_takes_none_of_ours(
    create: Create, time: FakeTime
) -> None:
    upstream, transport = create(BUSY, DONE, dialect=BODY_DIALECT, in_flight=1)
    other = Call(method="GET", path="/others")

    await asyncio.gather(read(upstream), read(upstream, other))

    assert transport.paths == ["/things", "/others", "/things"]
    assert transport.most_in_flight == 1
    assert len(time.slept) == 1


async def test_a_write_answered_busy_throughout_is_not_lost(create: Create) -> None:
    upstream, transport = create(BUSY, dialect=BODY_DIALECT)

    with capture_logs() as lines, pytest.raises(GatewayError) as raised:
        await write(upstream)

    assert type(raised.value) is UpstreamRateLimitedError
    assert len(transport.requests) == 6
    assert [line["event"] for line in lines] == [
        *["upstream_call"] * 6,
        "upstream_failed",
    ]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (httpx.ReadTimeout(""), LostAnswerError),
        (httpx.ConnectError(""), UpstreamUnavailableError),
        (REFUSED, ConflictError),
    ],
)
async def test_a_write_sent_again_meets_what_any_write_meets(
    create: Create, reply: Reply, error: type[GatewayError]
) -> None:
    upstream, transport = create(BUSY, reply, dialect=BODY_DIALECT)

    with pytest.raises(GatewayError) as raised:
        await write(upstream)

    assert type(raised.value) is error
    assert len(transport.requests) == 2


# Signed out


@pytest.mark.parametrize("in_flight", [50, 1])
@pytest.mark.parametrize("run", [read, write])
async def test_many_calls_that_are_signed_out_sign_in_once_more(
    create: Create, run: Run, in_flight: int
) -> None:
    """With one slot, all but the first are signed out after the new sign-in."""
    upstream, transport = create(
        *[SIGNED_OUT] * 40, DONE, dialect=BODY_DIALECT, in_flight=in_flight
    )
    sign_ins = SignIns()
    session = Session(sign_ins, upstream.clock)

    await asyncio.gather(*(run(upstream, session=session) for _ in range(40)))

    assert transport.grants == ["Bearer 1"] * 40 + ["Bearer 2"] * 40
    assert sign_ins.count == 2


@pytest.mark.parametrize("run", [read, write])
async def test_a_call_that_is_signed_out_twice_is_the_dialects_error(
    create: Create, run: Run, time: FakeTime
) -> None:
    upstream, transport = create(SIGNED_OUT, dialect=BODY_DIALECT)
    sign_ins = SignIns()

    with pytest.raises(GatewayError, match=r"^Signed out\.$") as raised:
        await run(upstream, session=Session(sign_ins, upstream.clock))

    assert type(raised.value) is UpstreamAuthError
    assert transport.grants == ["Bearer 1", "Bearer 2"]
    assert sign_ins.count == 2
    assert time.slept == []


@pytest.mark.parametrize("run", [read, write])
async def test_a_call_without_a_session_that_is_signed_out_is_sent_once(
    create: Create, run: Run
) -> None:
    upstream, transport = create(SIGNED_OUT, dialect=BODY_DIALECT)

    with pytest.raises(UpstreamAuthError, match=r"^Signed out\.$"):
        await run(upstream)

    assert len(transport.requests) == 1


@pytest.mark.parametrize(
    ("replies", "grants"),
    [
        ([BUSY, SIGNED_OUT, DONE], ["Bearer 1", "Bearer 1", "Bearer 2"]),
        ([SIGNED_OUT, BUSY, DONE], ["Bearer 1", "Bearer 2", "Bearer 2"]),
    ],
)
@pytest.mark.parametrize("run", [read, write])
async def test_a_call_can_be_signed_out_and_meet_a_busy_provider(
    create: Create, run: Run, replies: list[Reply], grants: list[str]
) -> None:
    upstream, transport = create(*replies, dialect=BODY_DIALECT)
    sign_ins = SignIns()

    await run(upstream, session=Session(sign_ins, upstream.clock))

    assert transport.grants == grants
    assert sign_ins.count == 2


@pytest.mark.parametrize("run", [read, write])
async def test_a_free_slot_after_the_new_sign_in_does_not_allow_a_third(
    create: Create, run: Run
) -> None:
    upstream, transport = create(
        SIGNED_OUT, BUSY, SIGNED_OUT, DONE, dialect=BODY_DIALECT
    )
    sign_ins = SignIns()

    with pytest.raises(UpstreamAuthError, match=r"^Signed out\.$"):
        await run(upstream, session=Session(sign_ins, upstream.clock))

    assert transport.grants == ["Bearer 1", "Bearer 2", "Bearer 2"]
    assert sign_ins.count == 2


# Logs


def _line(method: str, path: str, **fields: object) -> dict[str, object]:
    return {
        "event": "upstream_call",
        "log_level": "info",
        "provider": "ALPHA",
        "method": method,
        "path": path,
        "duration_ms": 0.0,
        "status": 200,
        **fields,
    }


async def test_what_the_dialect_says_of_a_refusal_at_http_200_is_logged(
    create: Create,
) -> None:
    upstream, _ = create(REFUSED, dialect=BODY_DIALECT)

    with capture_logs() as lines, pytest.raises(ConflictError):
        await write(upstream)

    assert lines == [_line("POST", "/things/1/approve", upstream_code="REFUSED")]


async def test_every_answer_but_the_one_that_is_done_is_described(
    create: Create,
) -> None:
    upstream, _ = create(SIGNED_OUT, BUSY, DONE, dialect=BODY_DIALECT)

    with capture_logs() as lines:
        await read(upstream, session=Session(SignIns(), upstream.clock))

    assert lines == [
        _line("GET", "/things", upstream_code="SIGNED_OUT"),
        _line("GET", "/things", upstream_code="BUSY"),
        _line("GET", "/things"),
    ]


@pytest.mark.parametrize("reply", [REFUSED, BUSY, DONE])
async def test_what_answers_a_sign_in_is_not_described(
    create: Create, reply: httpx.Response
) -> None:
    upstream, _ = create(reply, DONE, dialect=BODY_DIALECT)

    with capture_logs() as lines:
        await asyncio.gather(read(upstream, SIGN_IN), return_exceptions=True)

    calls = 2 if reply is BUSY else 1
    assert lines == [_line("POST", "/login")] * calls


async def test_of_a_failed_sign_in_the_status_and_our_own_code_are_logged(
    create: Create,
) -> None:
    upstream, _ = create(SIGNED_OUT, dialect=BODY_DIALECT)

    with capture_logs() as lines, pytest.raises(UpstreamAuthError):
        await read(upstream, SIGN_IN)

    assert lines == [
        _line("POST", "/login"),
        {
            "event": "upstream_failed",
            "log_level": "warning",
            "provider": "ALPHA",
            "path": "/login",
            "status": 200,
            "code": "UPSTREAM_AUTH_FAILED",
        },
    ]


@pytest.mark.parametrize("run", [read, write])
async def test_an_answer_is_judged_once(create: Create, run: Run) -> None:
    """A judge may read the body, which may be long."""
    judged: list[Answer] = []

    def judge(answer: Answer) -> Verdict:
        judged.append(answer)
        return BODY_DIALECT.judge(answer)

    dialect = msgspec.structs.replace(BODY_DIALECT, judge=judge)
    upstream, transport = create(said(Verdict.DONE), dialect=dialect)

    await run(upstream, session=Session(SignIns(), upstream.clock))

    assert len(judged) == len(transport.requests) == 1
