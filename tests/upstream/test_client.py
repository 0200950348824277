import asyncio
from collections.abc import AsyncIterator, Iterable

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    LostAnswerError,
    UpstreamAuthError,
    UpstreamError,
    UpstreamRateLimitedError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from gateway.upstream import (
    Answer,
    Call,
    Grant,
    Session,
    Upstream,
    UpstreamPolicy,
    Verdict,
)
from tests.support import FakeTime
from tests.upstream.scripted import (
    DIALECT,
    Create,
    Reply,
    Run,
    SignIns,
    read,
    settle,
    told,
    write,
)

MIB = 1024 * 1024


class Chunks(httpx.AsyncByteStream):
    """A body in chunks, which knows how many of them were read."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.read = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            self.read += 1
            yield chunk

    async def aclose(self) -> None:
        self.closed = True


def _garbled(status: int = 200) -> httpx.Response:
    """Return a response whose body is not compressed as its header says."""
    return httpx.Response(
        status, headers={"Content-Encoding": "gzip"}, stream=Chunks([b"no gzip"])
    )


# What is sent


async def test_a_call_leaves_as_it_is_written(create: Create) -> None:
    upstream, transport = create()
    call = Call(
        method="PATCH",
        path="/things/a%2Fb",
        params={"page": "1", "q": "a b&c"},
        json={"amount": "1.50"},
        headers={"X-Once": "k1"},
    )

    body = await read(upstream, call, session=Session(SignIns(), upstream.clock))

    assert body == {"status": 200}
    (request,) = transport.requests
    assert request.method == "PATCH"
    assert str(request.url) == (
        "https://alpha.example/v1/things/a%2Fb?page=1&q=a+b%26c"
    )
    assert dict(request.headers) == {
        "host": "alpha.example",
        "accept": "application/json",
        "accept-encoding": "gzip, deflate",
        "user-agent": "approvals-gateway",
        "authorization": "Bearer 1",
        "x-once": "k1",
        "content-type": "application/json",
        "content-length": "17",
    }
    assert request.content == b'{"amount":"1.50"}'


async def test_a_form_goes_to_an_absolute_url_as_it_stands(create: Create) -> None:
    upstream, transport = create()
    call = Call(
        method="POST",
        path="/token",
        absolute_url="https://login.example/token",
        form={"grant_type": "client_credentials"},
    )

    await read(upstream, call)

    (request,) = transport.requests
    assert str(request.url) == "https://login.example/token"
    assert request.content == b"grant_type=client_credentials"


@pytest.mark.parametrize(
    ("seconds", "read_seconds", "connect_seconds"), [(30.0, 10.0, 5.0), (3.0, 3.0, 3.0)]
)
async def test_an_attempt_of_a_read_has_no_more_time_than_the_deadline_leaves(
    create: Create, seconds: float, read_seconds: float, connect_seconds: float
) -> None:
    upstream, transport = create()

    await read(upstream, seconds=seconds)

    assert transport.requests[0].extensions["timeout"] == {
        "connect": connect_seconds,
        "read": read_seconds,
        "write": read_seconds,
        "pool": connect_seconds,
    }


async def test_a_write_has_its_own_time_whatever_the_deadline_leaves(
    create: Create,
) -> None:
    upstream, transport = create()

    await write(upstream, seconds=3.0)

    assert transport.requests[0].extensions["timeout"] == {
        "connect": 5.0,
        "read": 30.0,
        "write": 30.0,
        "pool": 5.0,
    }


async def test_closing_an_upstream_closes_its_transport(create: Create) -> None:
    upstream, transport = create()

    await upstream.aclose()

    assert transport.closed


async def test_without_a_transport_calls_are_real_http(time: FakeTime) -> None:
    received: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        upstream = Upstream(
            provider="ALPHA",
            base_url=f"http://127.0.0.1:{port}",
            dialect=DIALECT,
            policy=UpstreamPolicy(attempts=1),
            clock=time.clock,
        )
        body = await read(upstream)
    with pytest.raises(UpstreamUnavailableError):
        await read(upstream)
    await upstream.aclose()

    assert body == {}
    assert [head.split(b"\r\n")[0] for head in received] == [b"GET /things HTTP/1.1"]


# Reads


async def test_a_read_is_tried_again_after_waits_that_grow(
    create: Create, time: FakeTime
) -> None:
    upstream, transport = create(503, httpx.ReadTimeout(""), 200)

    body = await read(upstream)

    assert body == {"status": 200}
    assert len(transport.requests) == 3
    first, second = time.slept
    assert 1.0 <= first <= 2.0
    assert 2.0 <= second <= 3.0


async def test_a_wait_is_never_longer_than_the_longest(
    create: Create, time: FakeTime
) -> None:
    upstream, transport = create(503, attempts=7)

    with pytest.raises(UpstreamUnavailableError, match=r"^Down\.$"):
        await read(upstream, seconds=600.0)

    assert len(transport.requests) == 7
    bounds = [(1, 2), (2, 3), (4, 5), (8, 8), (8, 8), (8, 8)]
    assert len(time.slept) == len(bounds)
    assert all(
        low <= slept <= high
        for slept, (low, high) in zip(time.slept, bounds, strict=True)
    )


async def test_the_jitter_differs_from_one_read_to_the_next(
    create: Create, time: FakeTime
) -> None:
    upstream, _ = create(503, attempts=2)

    for _ in range(5):
        with pytest.raises(UpstreamUnavailableError):
            await read(upstream)

    assert len(set(time.slept)) == 5


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Mon, 02 Nov 2026 18:00:12 GMT", 12.0),
        ("Monday, 02-Nov-26 18:00:12 GMT", 12.0),
        ("Mon Nov  2 18:00:12 2026", 12.0),
        ("Mon, 02 Nov 2026 18:00:12 -0000", 12.0),
        ("Mon, 02 Nov 2026 17:59:00 GMT", 0.0),
    ],
)
async def test_a_read_waits_as_long_as_the_provider_asks(
    create: Create, time: FakeTime, retry_after: str, seconds: float
) -> None:
    """RFC 9110, 10.2.3 and 5.6.7: seconds, or a date in any of its three forms."""
    upstream, transport = create(told(429, retry_after), 200)

    body = await read(upstream)

    assert body == {"status": 200}
    assert time.slept == [seconds]
    assert len(transport.requests) == 2


@pytest.mark.parametrize(
    "retry_after",
    ["", "soon", "-5", "+5", "5.5", "٣", "1e3", "Mon, 32 Nov 2026 18:00:12 GMT"],
)
async def test_a_retry_after_that_cannot_be_read_is_as_none(
    create: Create, time: FakeTime, retry_after: str
) -> None:
    header = [(b"retry-after", retry_after.encode())]
    upstream, _ = create(httpx.Response(429, headers=header), 200)

    body = await read(upstream)

    assert body == {"status": 200}
    (slept,) = time.slept
    assert 1.0 <= slept <= 2.0


@pytest.mark.parametrize("digits", [20, 400, 5000])
async def test_a_retry_after_without_end_is_still_a_spent_limit(
    create: Create, time: FakeTime, digits: int
) -> None:
    upstream, transport = create(told(429, "9" * digits))

    with pytest.raises(UpstreamRateLimitedError, match=r"^Slow\.$"):
        await read(upstream, session=Session(SignIns(), upstream.clock))

    assert time.slept == []
    assert len(transport.requests) == 1


@pytest.mark.parametrize(
    ("retry_after", "slept", "sent"), [("29", [29.0], 2), ("30", [], 1)]
)
async def test_no_wait_goes_to_the_deadline(
    create: Create, time: FakeTime, retry_after: str, slept: list[float], sent: int
) -> None:
    upstream, transport = create(told(429, retry_after))

    with pytest.raises(UpstreamRateLimitedError):
        await read(upstream, seconds=30.0)

    assert time.slept == slept
    assert len(transport.requests) == sent


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (403, ForbiddenError, "Not allowed."),
        (409, ConflictError, "Too late."),
        (401, UpstreamAuthError, "Signed out."),
        (302, UpstreamResponseError, "Odd."),
        (
            httpx.Response(200, content=b"<html>"),
            UpstreamResponseError,
            "The provider's answer could not be understood.",
        ),
        (
            httpx.Response(200, content=b'"\xff"'),
            UpstreamResponseError,
            "The provider's answer could not be understood.",
        ),
    ],
)
async def test_what_will_not_pass_is_asked_once(
    create: Create,
    time: FakeTime,
    reply: Reply,
    error: type[GatewayError],
    message: str,
) -> None:
    upstream, transport = create(reply)

    with pytest.raises(error) as raised:
        await read(upstream)

    assert raised.value.message == message
    assert len(transport.requests) == 1
    assert time.slept == []


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (
            httpx.ConnectError(""),
            UpstreamUnavailableError,
            "The provider could not be reached.",
        ),
        (
            httpx.ConnectTimeout(""),
            UpstreamUnavailableError,
            "The provider could not be reached.",
        ),
        (
            httpx.RemoteProtocolError(""),
            UpstreamUnavailableError,
            "The provider could not be reached.",
        ),
        (
            httpx.ReadTimeout(""),
            UpstreamTimeoutError,
            "The provider did not answer in time.",
        ),
        (504, UpstreamTimeoutError, "Slow inside."),
        (502, UpstreamUnavailableError, "Down."),
    ],
)
async def test_what_may_pass_is_asked_three_times(
    create: Create, reply: Reply, error: type[UpstreamError], message: str
) -> None:
    upstream, transport = create(reply)

    with pytest.raises(error) as raised:
        await read(upstream)

    assert raised.value.message == message
    assert raised.value.provider == "ALPHA"
    assert len(transport.requests) == 3


async def test_a_read_that_is_never_answered_ends_in_its_time(create: Create) -> None:
    upstream, transport = create(None, read_seconds=0.0, attempts=2)

    with pytest.raises(UpstreamTimeoutError):
        await read(upstream)

    assert len(transport.requests) == 2
    assert transport.in_flight == 0


async def test_a_body_that_is_not_compressed_as_its_header_says_is_not_understood(
    create: Create,
) -> None:
    upstream, transport = create(_garbled())

    with pytest.raises(UpstreamResponseError):
        await read(upstream)

    assert len(transport.requests) == 1


async def test_a_body_of_sixteen_mebibytes_is_read(create: Create) -> None:
    body = Chunks([b'"', *[b"a" * MIB] * 15, b"a" * (MIB - 2), b'"'])
    upstream, _ = create(httpx.Response(200, stream=body))

    text = await read(upstream)

    assert len(text) == 16 * MIB - 2
    assert body.closed


async def test_a_larger_body_is_not_read_to_its_end(create: Create) -> None:
    body = Chunks([b"a" * MIB] * 40)
    upstream, transport = create(httpx.Response(200, stream=body))

    with pytest.raises(UpstreamResponseError, match="larger than any it sends"):
        await read(upstream)

    assert body.read == 17
    assert body.closed
    assert len(transport.requests) == 1


# Slots


async def test_no_more_calls_are_under_way_than_there_are_slots(create: Create) -> None:
    upstream, transport = create(in_flight=3)
    transport.gate.clear()

    reads = [asyncio.create_task(read(upstream)) for _ in range(10)]
    await settle()
    assert len(transport.requests) == 3
    transport.gate.set()

    assert await asyncio.gather(*reads) == [{"status": 200}] * 10
    assert len(transport.requests) == 10
    assert transport.most_in_flight == 3


@pytest.mark.parametrize("run", [read, write])
async def test_a_wait_for_a_slot_ends_at_the_deadline_and_nothing_is_sent(
    create: Create, run: Run
) -> None:
    upstream, transport = create(in_flight=1, attempts=1)
    transport.gate.clear()
    first = asyncio.create_task(read(upstream))
    await settle()

    with pytest.raises(UpstreamTimeoutError):
        await run(upstream, seconds=0.0)
    transport.gate.set()

    assert await first == {"status": 200}
    assert len(transport.requests) == 1


async def test_a_cancelled_read_gives_its_slot_back(create: Create) -> None:
    upstream, transport = create(in_flight=1)
    transport.gate.clear()
    gone = asyncio.create_task(read(upstream))
    await settle()

    gone.cancel()
    await settle()
    transport.gate.set()

    assert gone.cancelled()
    assert await read(upstream) == {"status": 200}
    assert transport.most_in_flight == 1


# Sign-in


@pytest.mark.parametrize("run", [read, write])
async def test_a_refused_grant_is_renewed_once_and_the_call_sent_again(
    create: Create, run: Run, time: FakeTime
) -> None:
    upstream, transport = create(401, 200)
    sign_ins = SignIns()

    await run(upstream, session=Session(sign_ins, upstream.clock))

    assert transport.grants == ["Bearer 1", "Bearer 2"]
    assert sign_ins.count == 2
    assert time.slept == []


@pytest.mark.parametrize("run", [read, write])
async def test_a_second_refusal_is_the_operators_problem(
    create: Create, run: Run
) -> None:
    upstream, transport = create(401)
    sign_ins = SignIns()

    with pytest.raises(UpstreamAuthError, match=r"^Signed out\.$"):
        await run(upstream, session=Session(sign_ins, upstream.clock))

    assert transport.grants == ["Bearer 1", "Bearer 2"]
    assert sign_ins.count == 2


async def test_ten_calls_whose_grant_is_refused_sign_in_once_more(
    create: Create,
) -> None:
    upstream, transport = create(*[401] * 10, 200)
    sign_ins = SignIns()
    session = Session(sign_ins, upstream.clock)

    await asyncio.gather(*(read(upstream, session=session) for _ in range(10)))

    assert transport.grants == ["Bearer 1"] * 10 + ["Bearer 2"] * 10
    assert sign_ins.count == 2


@pytest.mark.parametrize("run", [read, write])
async def test_a_sign_in_that_fails_sends_nothing(create: Create, run: Run) -> None:
    upstream, transport = create()
    error = UpstreamAuthError("ALPHA", "Who are you?")
    sign_ins = SignIns(fails_at=1, error=error)

    with pytest.raises(UpstreamAuthError) as raised:
        await run(upstream, session=Session(sign_ins, upstream.clock))

    assert raised.value is error
    assert transport.requests == []
    assert sign_ins.count == 1


@pytest.mark.parametrize("run", [read, write])
async def test_a_sign_in_that_takes_longer_than_the_deadline_sends_nothing(
    create: Create, run: Run
) -> None:
    async def sign_in() -> Grant:
        await gate.wait()
        return Grant(headers={"Authorization": "Bearer 1"}, lifetime_seconds=3600.0)

    upstream, transport = create()
    gate = asyncio.Event()
    session = Session(sign_in, upstream.clock)

    with pytest.raises(UpstreamTimeoutError, match="did not answer in time"):
        await run(upstream, session=session, seconds=0.0)
    assert transport.requests == []
    gate.set()

    await run(upstream, session=session)
    assert transport.grants == ["Bearer 1"]


@pytest.mark.parametrize("run", [read, write])
async def test_a_limit_spent_for_long_stops_the_persons_next_call(
    create: Create, run: Run, time: FakeTime
) -> None:
    upstream, transport = create(told(429, "90"), 200)
    session = Session(SignIns(), upstream.clock)
    with pytest.raises(UpstreamRateLimitedError):
        await run(upstream, session=session)

    time.advance(30)
    with pytest.raises(UpstreamRateLimitedError) as raised:
        await run(upstream, session=session)

    assert raised.value.retry_after_seconds == 60
    assert len(transport.requests) == 1
    time.advance(60)
    await run(upstream, session=session)
    assert len(transport.requests) == 2


# Writes


async def test_a_write_is_answered_with_status_and_body(create: Create) -> None:
    upstream, transport = create(httpx.Response(201, content=b"{}"))

    answer = await write(upstream)

    assert answer == Answer(status=201, body=b"{}", verdict=Verdict.DONE)
    assert len(transport.requests) == 1


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (httpx.ReadTimeout(""), UpstreamTimeoutError),
        (httpx.WriteTimeout(""), UpstreamTimeoutError),
        (httpx.ReadError(""), UpstreamUnavailableError),
        (httpx.WriteError(""), UpstreamUnavailableError),
        (httpx.RemoteProtocolError(""), UpstreamUnavailableError),
        (500, UpstreamUnavailableError),
        (502, UpstreamUnavailableError),
        (503, UpstreamUnavailableError),
        (504, UpstreamTimeoutError),
        (302, UpstreamResponseError),
        (418, UpstreamResponseError),
    ],
)
async def test_a_write_whose_answer_is_lost_was_sent_once(
    create: Create, time: FakeTime, reply: Reply, cause: type[Exception]
) -> None:
    upstream, transport = create(reply)

    with pytest.raises(LostAnswerError) as raised:
        await write(upstream)

    assert raised.value.message == "The provider's answer to this write was lost."
    assert raised.value.extensions == {
        "code": "UPSTREAM_ANSWER_LOST",
        "retryable": False,
        "provider": "ALPHA",
    }
    assert type(raised.value.__cause__) is cause
    assert len(transport.requests) == 1
    assert time.slept == []


async def test_a_write_that_is_never_answered_is_lost_after_its_time(
    create: Create,
) -> None:
    upstream, transport = create(None, write_seconds=0.0)

    with pytest.raises(LostAnswerError):
        await write(upstream)

    assert len(transport.requests) == 1


async def test_a_write_whose_answer_is_too_large_is_lost(create: Create) -> None:
    body = Chunks([b"a" * MIB] * 17)
    upstream, transport = create(httpx.Response(200, stream=body))

    with pytest.raises(LostAnswerError):
        await write(upstream)

    assert len(transport.requests) == 1


@pytest.mark.parametrize("status", [200, 500])
async def test_a_write_whose_answer_cannot_be_decompressed_is_lost(
    create: Create, status: int
) -> None:
    upstream, transport = create(_garbled(status))

    with pytest.raises(LostAnswerError):
        await write(upstream)

    assert len(transport.requests) == 1


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (httpx.ConnectError(""), UpstreamUnavailableError),
        (httpx.ConnectTimeout(""), UpstreamUnavailableError),
        (httpx.PoolTimeout(""), UpstreamUnavailableError),
        (told(429, "5"), UpstreamRateLimitedError),
        (told(429, "Mon Nov  2 18:00:05 2026"), UpstreamRateLimitedError),
        (403, ForbiddenError),
        (409, ConflictError),
        (401, UpstreamAuthError),
    ],
)
async def test_a_write_that_surely_did_not_happen_is_not_called_lost(
    create: Create, time: FakeTime, reply: Reply, error: type[GatewayError]
) -> None:
    upstream, transport = create(reply)

    with pytest.raises(error):
        await write(upstream)

    assert len(transport.requests) == 1
    assert time.slept == []


async def test_the_answer_to_a_write_that_was_sent_again_can_be_lost(
    create: Create,
) -> None:
    upstream, transport = create(401, httpx.ReadTimeout(""))

    with pytest.raises(LostAnswerError):
        await write(upstream, session=Session(SignIns(), upstream.clock))

    assert transport.grants == ["Bearer 1", "Bearer 2"]


async def test_a_write_that_was_refused_and_cannot_sign_in_again_did_not_happen(
    create: Create,
) -> None:
    upstream, transport = create(401)
    error = UpstreamUnavailableError("ALPHA", "Down.")
    sign_ins = SignIns(fails_at=2, error=error)

    with pytest.raises(UpstreamUnavailableError) as raised:
        await write(upstream, session=Session(sign_ins, upstream.clock))

    assert raised.value is error
    assert transport.grants == ["Bearer 1"]


# Logs


async def test_each_call_leaves_one_line_without_a_secret(create: Create) -> None:
    upstream, _ = create(401, 503, httpx.ReadTimeout(""), attempts=2)
    secret = Call(
        method="GET",
        path="/things",
        params={"key": "hush"},
        form={"client_secret": "hush"},
        headers={"X-Api-Key": "hush"},
    )

    with capture_logs() as lines, pytest.raises(UpstreamTimeoutError):
        await read(upstream, secret, session=Session(SignIns(), upstream.clock))

    call = {
        "event": "upstream_call",
        "log_level": "info",
        "provider": "ALPHA",
        "method": "GET",
        "path": "/things",
        "duration_ms": 0.0,
    }
    assert [line for line in lines if line["event"] == "upstream_call"] == [
        {**call, "status": 401, "upstream_code": "E401"},
        {**call, "status": 503, "upstream_code": "E503"},
        {**call, "error": "UPSTREAM_TIMEOUT"},
    ]
    assert "hush" not in repr(lines)
    assert "Bearer" not in repr(lines)


async def test_a_call_that_was_cancelled_leaves_its_line(create: Create) -> None:
    upstream, transport = create()
    transport.gate.clear()

    with capture_logs() as lines:
        gone = asyncio.create_task(read(upstream))
        await settle()
        gone.cancel()
        await settle()

    assert lines == [
        {
            "event": "upstream_call",
            "log_level": "info",
            "provider": "ALPHA",
            "method": "GET",
            "path": "/things",
            "duration_ms": 0.0,
        }
    ]


async def test_a_lost_answer_is_logged_beside_its_call(create: Create) -> None:
    upstream, _ = create(500)

    with capture_logs() as lines, pytest.raises(LostAnswerError):
        await write(upstream)

    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("info", "upstream_call"),
        ("warning", "upstream_failed"),
        ("warning", "upstream_answer_lost"),
    ]
    assert lines[1] == {
        "event": "upstream_failed",
        "log_level": "warning",
        "provider": "ALPHA",
        "path": "/things/1/approve",
        "status": 500,
        "code": "UPSTREAM_UNAVAILABLE",
    }


async def test_a_refusal_that_is_a_persons_is_no_failure_in_the_log(
    create: Create,
) -> None:
    upstream, _ = create(409)

    with capture_logs() as lines, pytest.raises(ConflictError):
        await write(upstream)

    assert [line["event"] for line in lines] == ["upstream_call"]


async def test_a_body_that_is_not_understood_is_logged(create: Create) -> None:
    upstream, _ = create(httpx.Response(200, content=b"hush"))

    with capture_logs() as lines, pytest.raises(UpstreamResponseError):
        await read(upstream)

    assert [line["event"] for line in lines] == [
        "upstream_call",
        "upstream_answer_invalid",
    ]
    assert "hush" not in repr(lines)
