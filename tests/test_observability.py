import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr
from typing import Any

import pytest
import structlog

from gateway.observability import configure_logging, get_logger


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    with redirect_stderr(io.StringIO()) as stream:
        configure_logging()
    yield stream
    structlog.reset_defaults()


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_level_and_instant(stream: io.StringIO) -> None:
    get_logger().warning("upstream_failed", path="/a\nb", status=503)

    [line] = read(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "upstream_failed",
        "level": "warning",
        "path": "/a\nb",
        "status": 503,
    }


def test_what_a_request_binds_is_in_its_lines(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="test-1"):
        get_logger().info("inside")
    get_logger().info("outside")

    assert [(line["event"], line.get("request_id")) for line in read(stream)] == [
        ("inside", "test-1"),
        ("outside", None),
    ]


def test_a_traceback_is_text_without_the_values_of_variables(
    stream: io.StringIO,
) -> None:
    def fail(secret: str) -> None:
        raise LookupError(len(secret))

    with pytest.raises(LookupError) as caught:
        fail("the VALUE".lower())

    get_logger().error("unexpected_error", exc_info=caught.value)

    [line] = read(stream)
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith("\nLookupError: 9")
    assert "the value" not in line["exception"]


def test_what_is_for_debugging_is_left_out(stream: io.StringIO) -> None:
    get_logger().debug("detail")

    assert read(stream) == []


def test_a_logger_made_before_the_set_up_follows_it() -> None:
    early = get_logger()
    with redirect_stderr(io.StringIO()) as stream:
        configure_logging()

    early.info("late")

    structlog.reset_defaults()
    assert [line["event"] for line in read(stream)] == ["late"]
