import ast
import re
from pathlib import Path

import pytest

from gateway import errors
from gateway.errors import (
    GatewayError,
    InvalidInputError,
    LimitError,
    OperationError,
    RequestError,
    StaleError,
    UnsupportedError,
    UpstreamError,
    UpstreamRateLimitedError,
)

GATEWAY = Path(errors.__file__).parent

Node = tuple[str, str, frozenset[str]]


def _drawn() -> set[Node]:
    """Return each class of the drawing with its base and its codes."""
    nodes: list[tuple[int, str, list[str]]] = []
    for line in (errors.__doc__ or "").splitlines():
        node = re.match(r"^    ([│ ├└─]*)(\w+Error)\b(.*)$", line)
        if node is not None:
            nodes.append((len(node[1]) // 4, node[2], _codes(node[3])))
        elif line.startswith("    │"):
            nodes[-1][2].extend(_codes(line))
    found: set[Node] = set()
    path: list[str] = []
    for depth, name, codes in nodes:
        del path[depth:]
        found.add((name, path[-1] if path else "Exception", frozenset(codes)))
        path.append(name)
    return found


def _codes(text: str) -> list[str]:
    return re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b|\b[A-Z]{5,}\b", text)


def _classes() -> list[type[GatewayError]]:
    return [
        one
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, GatewayError)
    ]


def _raised_codes(name: str) -> set[str]:
    """Return the codes with which the gateway's source creates an error."""
    return {
        constant.value
        for file in GATEWAY.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and name in {"LimitError", "OperationError", "RequestError"}
        for constant in _code_arguments(call, name)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }


def _code_arguments(call: ast.Call, name: str) -> list[ast.expr]:
    called = call.func.id if isinstance(call.func, ast.Name) else ""
    if name == "LimitError" and called in {"LimitError", "_check"}:
        return call.args[:1]
    if name == called == "OperationError":
        return call.args[:1]
    if name == "RequestError" and called == "RequestError":
        return [one.value for one in call.keywords if one.arg == "code"]
    return []


def _create(one: type[GatewayError]) -> GatewayError:
    if issubclass(one, UpstreamError):
        return one("ALPHA", "Why.")
    if issubclass(one, LimitError):
        return one("MAX_DEPTH_LIMIT", "Why.")
    if issubclass(one, OperationError):
        return one("PERSISTED_QUERY_NOT_FOUND", "Why.", status=200)
    return one("Why.")


def test_the_tree_that_is_drawn_is_the_tree_in_the_code() -> None:
    codes = {
        LimitError: _raised_codes("LimitError"),
        OperationError: _raised_codes("OperationError"),
        RequestError: {RequestError("Why.").code} | _raised_codes("RequestError"),
    }

    found = {
        (
            one.__name__,
            one.__mro__[1].__name__,
            frozenset(
                codes.get(one, {vars(one)["code"]} if "code" in vars(one) else ())
            ),
        )
        for one in _classes()
    }

    assert found == _drawn()


def test_what_is_stale_says_what_to_do_and_which_value_is_meant() -> None:
    error = StaleError()

    assert error.extensions == {"code": "STALE", "retryable": False}
    assert error.field == ("expectedVersion",)
    assert error.message == (
        "It is not as it was when `expectedVersion` was read. Look at it again, and "
        "decide with its `version` of now. Nothing was sent."
    )
    assert str(error) == error.message


@pytest.mark.parametrize(
    "one",
    [one for one in _classes() if one not in {GatewayError, UpstreamError, StaleError}],
)
def test_every_error_says_its_code_and_whether_to_try_again(
    one: type[GatewayError],
) -> None:
    error = _create(one)
    upstream = {"provider": "ALPHA"} if isinstance(error, UpstreamError) else {}

    assert error.extensions == {
        "code": error.code,
        "retryable": one.retryable,
        **upstream,
    }
    assert error.message == str(error) == "Why."


def test_what_may_pass_is_retryable_and_nothing_else() -> None:
    assert {one.__name__ for one in _classes() if one.retryable} == {
        "UpstreamTimeoutError",
        "UpstreamUnavailableError",
        "UpstreamRateLimitedError",
        "IdentityUnavailableError",
    }


@pytest.mark.parametrize("seconds", [0, 90])
def test_a_spent_limit_says_when_it_opens_where_that_is_known(seconds: int) -> None:
    error = UpstreamRateLimitedError("ALPHA", "Spent.", retry_after_seconds=seconds)

    assert error.extensions == {
        "code": "UPSTREAM_RATE_LIMITED",
        "retryable": True,
        "provider": "ALPHA",
        "retryAfterSeconds": seconds,
    }


def test_a_request_error_carries_its_status_code_and_headers() -> None:
    plain = RequestError("Why.")
    full = RequestError(
        "Why.", status=405, code="METHOD_NOT_ALLOWED", headers={"Allow": "POST"}
    )

    assert (plain.status, plain.headers) == (400, {})
    assert (full.status, full.headers) == (405, {"Allow": "POST"})
    assert full.extensions == {"code": "METHOD_NOT_ALLOWED", "retryable": False}


def test_a_path_in_the_input_is_kept_beside_the_message() -> None:
    assert InvalidInputError("Why.").field is None
    assert InvalidInputError("Why.", field=("note",)).field == ("note",)
    assert UnsupportedError("Why.").asked is False
    refused = UnsupportedError("Why.", field=("note",), asked=True)
    assert (refused.field, refused.asked) == (("note",), True)
