import pytest

from gateway.errors import UnauthenticatedError
from gateway.security import Caller, DemoPersons, is_same_email
from gateway.security.caller import read_bearer

PERSONS = {"controller": "Carla", "clerk": "Carl"}
EMAILS = {"clerk": "carl@example.com"}


async def demo(authorization: str) -> Caller:
    persons = DemoPersons(PERSONS, EMAILS)
    return await persons.authenticate({"authorization": authorization})


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
    anonymous = await DemoPersons({}, EMAILS).authenticate(headers)

    assert anonymous == Caller(subject=None, email=None)


async def test_without_a_header_the_first_person_calls() -> None:
    caller = await DemoPersons(PERSONS, EMAILS).authenticate({})

    assert caller == Caller(subject="controller", email=None)


@pytest.mark.parametrize("header", ["Bearer demo-clerk", "bearer demo-clerk"])
async def test_a_demo_token_names_its_person(header: str) -> None:
    assert await demo(header) == Caller(subject="clerk", email="carl@example.com")


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
        await DemoPersons(PERSONS, EMAILS).authenticate(
            {"x-api-key": "demo-clerk", **more}
        )


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("carl@example.com", "carl@example.com"),
        ("Carl@Example.COM", "carl@example.com"),
        (" carl@example.com\n", "carl@example.com"),
        ("müller@example.com", "MüLLER@example.com"),
    ],
)
def test_an_address_is_itself_in_any_case_of_ascii(one: str, other: str) -> None:
    assert is_same_email(one, other)
    assert is_same_email(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, None),
        ("", ""),
        (" ", ""),
        ("", None),
        ("carl@example.com", None),
        ("carl@example.com", ""),
        ("carl@example.com", "carla@example.com"),
        ("carl@example.com", "carl+x@example.com"),
        # What Unicode takes for the same letters, whatever their case.
        ("strauss@example.com", "strau\u00df@example.com"),
        ("mike@example.com", "mi\u212ae@example.com"),
        ("\uff43arl@example.com", "carl@example.com"),
    ],
)
def test_another_address_is_another_persons(one: str | None, other: str | None) -> None:
    assert not is_same_email(one, other)
    assert not is_same_email(other, one)
