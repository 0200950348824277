"""What a grant gives to the calls that are sent with it, and what they give it."""

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.errors import ConflictError, GatewayError, LostAnswerError
from gateway.upstream import Call, Grant, Session
from tests.support import FakeTime
from tests.upstream.scripted import (
    READ,
    Create,
    Reply,
    Run,
    SignIns,
    read,
    write,
)

FORM_WRITE = Call(method="POST", path="/things", form={"data": "{}"})


class FormSignIns:
    """Grants ``hush1``, ``hush2`` and so on, as a member of every form."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> Grant:
        self.count += 1
        return Grant(form={"token": f"hush{self.count}"}, lifetime_seconds=3600.0)


# Its form


@pytest.mark.parametrize(
    ("call", "content"),
    [(FORM_WRITE, b"token=hush1&data=%7B%7D"), (READ, b"token=hush1")],
)
@pytest.mark.parametrize("run", [read, write])
async def test_a_grants_form_goes_into_the_body_with_the_calls_own(
    create: Create, run: Run, call: Call, content: bytes
) -> None:
    upstream, transport = create()

    await run(upstream, call, session=Session(FormSignIns(), upstream.clock))

    (request,) = transport.requests
    assert request.content == content
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in request.headers
    assert str(request.url) == "https://alpha.example/v1/things"


@pytest.mark.parametrize(
    ("call", "content"), [(FORM_WRITE, b"data=%7B%7D"), (READ, b"")]
)
async def test_a_grant_without_a_form_adds_nothing_to_the_body(
    create: Create, call: Call, content: bytes
) -> None:
    upstream, transport = create()

    await read(upstream, call, session=Session(SignIns(), upstream.clock))

    assert transport.contents == [content]


@pytest.mark.parametrize("run", [read, write])
async def test_a_call_that_is_sent_again_has_the_form_of_the_new_grant(
    create: Create, run: Run
) -> None:
    upstream, transport = create(401, 200)

    await run(upstream, FORM_WRITE, session=Session(FormSignIns(), upstream.clock))

    assert transport.contents == [
        b"token=hush1&data=%7B%7D",
        b"token=hush2&data=%7B%7D",
    ]


@pytest.mark.parametrize(
    ("reply", "events"),
    [
        (200, ["upstream_call"]),
        (409, ["upstream_call"]),
        (401, ["upstream_call", "upstream_call", "upstream_failed"]),
        (500, ["upstream_call", "upstream_failed", "upstream_answer_lost"]),
        (httpx.ReadTimeout(""), ["upstream_call", "upstream_answer_lost"]),
        (httpx.ConnectError(""), ["upstream_call"]),
    ],
)
async def test_a_grants_form_is_never_logged(
    create: Create, reply: Reply, events: list[str]
) -> None:
    upstream, _ = create(reply)
    session = Session(FormSignIns(), upstream.clock)
    shown = ""

    with capture_logs() as lines:
        try:
            shown = repr(await write(upstream, FORM_WRITE, session=session))
        except GatewayError as error:
            shown = repr((error, error.extensions, error.__cause__))

    assert [line["event"] for line in lines] == events
    assert "hush" not in repr(lines)
    assert "hush" not in shown


def test_a_grant_shows_nothing_but_its_lifetime() -> None:
    grant = Grant(
        headers={"Authorization": "Bearer hush"},
        form={"token": "hush"},
        lifetime_seconds=60,
        is_renewed_by_use=True,
        user_source_id="hush",
    )

    assert repr(grant) == str(grant) == "Grant(lifetime_seconds=60)"


# Its renewal


def _renewed(time: FakeTime, lifetime_seconds: float = 100.0) -> Session:
    """Return a session whose grants hold, unused, for nine tenths of their life."""
    sign_ins = SignIns(lifetime_seconds=lifetime_seconds, is_renewed_by_use=True)
    return Session(sign_ins, time.clock)


@pytest.mark.parametrize("run", [read, write])
async def test_each_answered_call_moves_the_renewal_on(
    create: Create, run: Run, time: FakeTime
) -> None:
    upstream, transport = create()
    session = _renewed(time)

    for seconds in (0.0, 80.0, 80.0, 89.5, 90.0):
        time.advance(seconds)
        await run(upstream, session=session)

    assert transport.grants == [*["Bearer 1"] * 4, "Bearer 2"]


@pytest.mark.parametrize("run", [read, write])
async def test_a_call_that_is_refused_is_answered_and_moves_the_renewal_on(
    create: Create, run: Run, time: FakeTime
) -> None:
    upstream, transport = create(200, 409, 200)
    session = _renewed(time)
    await run(upstream, session=session)

    time.advance(80.0)
    with pytest.raises(ConflictError):
        await run(upstream, session=session)
    time.advance(80.0)
    await run(upstream, session=session)

    assert transport.grants == ["Bearer 1"] * 3


@pytest.mark.parametrize("error", [httpx.ReadTimeout(""), httpx.ConnectError("")])
@pytest.mark.parametrize("run", [read, write])
async def test_a_call_without_an_answer_does_not_move_the_renewal_on(
    create: Create, run: Run, time: FakeTime, error: Exception
) -> None:
    upstream, transport = create(200, error, 200, attempts=1)
    session = _renewed(time)
    await run(upstream, session=session)

    time.advance(80.0)
    with pytest.raises(GatewayError):
        await run(upstream, session=session)
    time.advance(10.0)
    await run(upstream, session=session)

    assert transport.grants == ["Bearer 1", "Bearer 1", "Bearer 2"]


async def test_a_lost_write_does_not_move_the_renewal_on(
    create: Create, time: FakeTime
) -> None:
    upstream, transport = create(None, write_seconds=0.0)
    session = _renewed(time)

    for _ in range(2):
        with pytest.raises(LostAnswerError):
            await write(upstream, session=session)
        time.advance(45.0)
    with pytest.raises(LostAnswerError):
        await write(upstream, session=session)

    assert transport.grants == ["Bearer 1", "Bearer 1", "Bearer 2"]


@pytest.mark.parametrize("run", [read, write])
async def test_a_grant_that_use_does_not_renew_ends_in_its_time(
    create: Create, run: Run, time: FakeTime
) -> None:
    upstream, transport = create()
    session = Session(SignIns(lifetime_seconds=100.0), time.clock)

    for seconds in (0.0, 80.0, 10.0):
        time.advance(seconds)
        await run(upstream, session=session)

    assert transport.grants == ["Bearer 1", "Bearer 1", "Bearer 2"]


async def test_the_use_of_an_old_grant_does_not_move_the_renewal_of_the_new_one(
    time: FakeTime,
) -> None:
    session = _renewed(time)
    old = await session.get_grant()
    session.refuse(old)
    new = await session.get_grant()

    time.advance(80.0)
    session.use(old)
    time.advance(9.5)
    still = await session.get_grant()
    time.advance(0.5)
    renewed = await session.get_grant()

    assert still is new
    assert renewed.headers == {"Authorization": "Bearer 3"}


async def test_the_use_of_a_refused_grant_does_not_bring_it_back(
    time: FakeTime,
) -> None:
    session = _renewed(time)
    refused = await session.get_grant()
    session.refuse(refused)

    session.use(refused)

    assert (await session.get_grant()).headers == {"Authorization": "Bearer 2"}


async def test_a_renewed_grant_keeps_the_margin_of_its_lifetime(
    create: Create, time: FakeTime
) -> None:
    upstream, transport = create()
    session = _renewed(time, lifetime_seconds=3600.0)

    for seconds in (0.0, 3000.0, 3539.5, 3540.0):
        time.advance(seconds)
        await read(upstream, session=session)

    assert transport.grants == [*["Bearer 1"] * 3, "Bearer 2"]


@pytest.mark.parametrize("user_source_id", [None, "u1"])
async def test_who_is_signed_in_is_kept_with_the_grant(
    time: FakeTime, user_source_id: str | None
) -> None:
    async def sign_in() -> Grant:
        return Grant(lifetime_seconds=3600.0, user_source_id=user_source_id)

    session = Session(sign_in, time.clock)

    assert (await session.get_grant()).user_source_id == user_source_id
