import pytest

from gateway.errors import UnauthenticatedError
from gateway.security import Caller, DemoPersons
from gateway.security.caller import read_bearer

PERSONS = {"controller": "Carla", "clerk": "Carl"}


async def demo(authorization: str) -> Caller:
    return await DemoPersons(PERSONS).authenticate({"authorization": authorization})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer demo-clerk"},
        {"authorization": "Basic eDp5"},
        {"x-api-key": "demo-clerk"},
    ],
)
async def test_without_persons_every_caller_is_anonymous(
    headers: dict[str, str],
) -> None:
    assert await DemoPersons({}).authenticate(headers) == Caller(subject=None)


async def test_without_a_header_the_first_person_calls() -> None:
    caller = await DemoPersons(PERSONS).authenticate({})

    assert caller == Caller(subject="controller")


@pytest.mark.parametrize("header", ["Bearer demo-clerk", "bearer demo-clerk"])
async def test_a_demo_token_names_its_person(header: str) -> None:
    assert await demo(header) == Caller(subject="clerk")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "demo-clerk",
        "Bearer",
        "Bearer ",
        "Bearer clerk",
        "Bearer demo-",
        "Bearer demo-nobody",
        "Bearer demo-demo-clerk",
        "Bearer DEMO-clerk",
        "Bearer demo-Clerk",
        "Bearer demo-clerk ",
        "Bearer  demo-clerk",
        "Bearer demo-clerk, Bearer demo-clerk",
        "Basic demo-clerk",
    ],
)
async def test_any_other_header_is_refused_with_those_that_are_taken(
    header: str,
) -> None:
    with pytest.raises(UnauthenticatedError) as raised:
        await demo(header)

    assert raised.value.message == (
        "The sandbox knows no such caller. `Authorization` takes "
        "`Bearer demo-controller`, `Bearer demo-clerk`."
    )


@pytest.mark.parametrize(
    "more", [{}, {"authorization": "Bearer demo-clerk"}], ids=["alone", "beside"]
)
async def test_a_key_is_nobody_over_the_sandbox(more: dict[str, str]) -> None:
    """Ignored, it would make a caller the first person, who may do everything."""
    with pytest.raises(UnauthenticatedError):
        await DemoPersons(PERSONS).authenticate({"x-api-key": "demo-clerk", **more})


@pytest.mark.parametrize(
    ("authorization", "secret"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER   abc  ", "abc"),
        ("Bearer a, Bearer b", "a, Bearer b"),
        ("Bearer", None),
        ("Bearer  ", None),
        ("", None),
        ("abc", None),
        ("Basic YTpi", None),
        ("Bearerabc", None),
    ],
)
def test_what_bearer_carries_is_the_secret(
    authorization: str, secret: str | None
) -> None:
    assert read_bearer({"authorization": authorization}) == secret


def test_no_header_carries_nothing() -> None:
    assert read_bearer({}) is None
    assert read_bearer({"x-api-key": "abc"}) is None


@pytest.mark.parametrize("authorization", ["Bearer abc", "Basic YTpi", ""])
@pytest.mark.parametrize("key", ["abc", ""])
def test_two_identities_are_refused(authorization: str, key: str) -> None:
    with pytest.raises(UnauthenticatedError) as raised:
        read_bearer({"authorization": authorization, "x-api-key": key})

    assert raised.value.message == (
        "Send `Authorization` or `X-API-Key`, not both: a request has one identity."
    )
