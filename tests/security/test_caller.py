import pytest

from gateway.errors import UnauthenticatedError
from gateway.security import Caller, authenticate

PERSONS = {"controller": "Carla", "clerk": "Carl"}


@pytest.mark.parametrize("header", [None, "", "Bearer demo-clerk", "Basic eDp5"])
def test_without_persons_every_caller_is_anonymous(header: str | None) -> None:
    assert authenticate(header, {}) == Caller(subject=None)


def test_without_a_header_the_first_person_calls() -> None:
    assert authenticate(None, PERSONS) == Caller(subject="controller")


@pytest.mark.parametrize("header", ["Bearer demo-clerk", "bearer demo-clerk"])
def test_a_demo_token_names_its_person(header: str) -> None:
    assert authenticate(header, PERSONS) == Caller(subject="clerk")


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
        "Basic demo-clerk",
    ],
)
def test_any_other_header_is_refused_with_those_that_are_taken(header: str) -> None:
    with pytest.raises(UnauthenticatedError) as raised:
        authenticate(header, PERSONS)

    assert raised.value.message == (
        "The sandbox knows no such caller. `Authorization` takes "
        "`Bearer demo-controller`, `Bearer demo-clerk`."
    )
