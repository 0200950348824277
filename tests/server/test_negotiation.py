import pytest

from gateway.server.negotiation import (
    GRAPHQL_JSON,
    HTML,
    JSON,
    IncrementalSpec,
    accepts_event_stream,
    find_incremental_spec,
    negotiate,
)

OFFERED = [JSON, GRAPHQL_JSON]
PAGE = [JSON, GRAPHQL_JSON, HTML]
# What Chrome and Firefox send for a page.
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("accept", [None, "", "  "])
def test_without_the_header_it_is_the_first_offer(accept: str | None) -> None:
    assert negotiate(accept, OFFERED) == JSON
    assert negotiate(accept, PAGE) == JSON


@pytest.mark.parametrize("accept", ["*/*", "application/*", "*/*;q=0.1", "*/* , a/b"])
def test_a_range_takes_the_first_offer(accept: str) -> None:
    assert negotiate(accept, OFFERED) == JSON


def test_the_quality_decides() -> None:
    assert negotiate(f"{JSON};q=0.1, {GRAPHQL_JSON};q=0.2", OFFERED) == GRAPHQL_JSON
    assert negotiate(f"{JSON};q=0.3, {GRAPHQL_JSON};q=0.2", OFFERED) == JSON
    assert negotiate(f"{JSON};q=0.9, {GRAPHQL_JSON}", OFFERED) == GRAPHQL_JSON


def test_among_equals_the_one_named_first_wins() -> None:
    assert negotiate(f"{GRAPHQL_JSON}, {JSON}", OFFERED) == GRAPHQL_JSON
    assert negotiate(f"{JSON}, {GRAPHQL_JSON}", OFFERED) == JSON
    assert negotiate(f"{GRAPHQL_JSON}, */*", OFFERED) == GRAPHQL_JSON
    assert negotiate(f"*/*, {GRAPHQL_JSON}", OFFERED) == JSON


def test_the_most_specific_range_decides_the_quality() -> None:
    """RFC 9110, 12.5.1."""
    assert negotiate(f"{JSON};q=0, */*", OFFERED) == GRAPHQL_JSON
    assert negotiate(f"application/*;q=0.2, {JSON};q=0.1", OFFERED) == GRAPHQL_JSON
    assert negotiate("application/*;q=0, */*", OFFERED) is None
    assert negotiate("application/*;q=0, */*", PAGE) == HTML


@pytest.mark.parametrize(
    "accept",
    ["image/png", "text/html", f"{JSON};q=0", "*/*;q=0", "json", "*", ",", f"{JSON}x"],
)
def test_what_accepts_no_offer_gets_none(accept: str) -> None:
    assert negotiate(accept, OFFERED) is None


@pytest.mark.parametrize("quality", ["x", "", "nan", "-1", "0.0"])
def test_a_quality_that_is_none_counts_as_zero(quality: str) -> None:
    assert negotiate(f"{JSON};q={quality}", OFFERED) is None
    assert negotiate(f"{JSON};q={quality}, {GRAPHQL_JSON};q=0.1", OFFERED) == (
        GRAPHQL_JSON
    )


@pytest.mark.parametrize(
    "accept",
    [
        "APPLICATION/GraphQL-Response+JSON",
        f"{GRAPHQL_JSON}; charset=utf-8",
        f"{GRAPHQL_JSON};charset=utf-8;q=1",
        f" {GRAPHQL_JSON} ; Q = 0.5 ,, image/png",
        f"{GRAPHQL_JSON};q=7",
    ],
)
def test_case_space_and_other_parameters_make_no_difference(accept: str) -> None:
    assert negotiate(accept, OFFERED) == GRAPHQL_JSON


def test_a_browser_prefers_the_page() -> None:
    assert negotiate(BROWSER, PAGE) == HTML
    assert negotiate(BROWSER, OFFERED) == JSON


# As Apollo Client 4, Apollo Kotlin 5 and urql 6 send it with what they defer.
APOLLO = f"multipart/mixed;deferSpec=20220824,{GRAPHQL_JSON},{JSON};q=0.9"
APOLLO_NEWEST = f"multipart/mixed;incrementalSpec=v0.2,{GRAPHQL_JSON},{JSON};q=0.9"
KOTLIN = f"multipart/mixed;deferSpec=20220824, {GRAPHQL_JSON}, {JSON}"
URQL = (
    f"{GRAPHQL_JSON}, application/graphql+json, {JSON}, text/event-stream, "
    "multipart/mixed"
)
DEFER_2022 = "multipart/mixed;deferSpec=20220824"
NEWEST = "multipart/mixed;incrementalSpec=v0.2"
# As Apollo Client sends it with a subscription.
APOLLO_SUBSCRIPTION = (
    'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'
)


@pytest.mark.parametrize(
    ("accept", "named"),
    [
        ("text/event-stream", True),
        ("TEXT/Event-Stream; charset=utf-8", True),
        (f"{JSON};q=0.9 , text/event-stream;q=0.1", True),
        ("text/event-stream, multipart/mixed", True),
        (URQL, True),
        ("text/event-stream;q=0", False),
        ("text/event-stream;q=x", False),
        ("text/*", False),
        ("*/*", False),
        (JSON, False),
        ("", False),
        (",", False),
    ],
)
def test_event_streams_are_asked_for_by_name(accept: str, named: bool) -> None:
    assert accepts_event_stream(accept) is named


@pytest.mark.parametrize(
    ("accept", "spec"),
    [
        (APOLLO, IncrementalSpec.DEFER_2022),
        (KOTLIN, IncrementalSpec.DEFER_2022),
        (APOLLO_NEWEST, IncrementalSpec.NEWEST),
        (URQL, IncrementalSpec.NEWEST),
        ("multipart/mixed", IncrementalSpec.NEWEST),
        ('Multipart/Mixed; boundary="-"', IncrementalSpec.NEWEST),
        ('multipart/mixed; DeferSpec = "20220824"', IncrementalSpec.DEFER_2022),
        (
            f"{NEWEST};q=0.5, {DEFER_2022}",
            IncrementalSpec.DEFER_2022,
        ),
        (
            "multipart/mixed;incrementalSpec=v0.2, multipart/mixed;deferSpec=20220824",
            IncrementalSpec.NEWEST,
        ),
        (
            "multipart/mixed;deferSpec=20300101, multipart/mixed;incrementalSpec=v0.2",
            IncrementalSpec.NEWEST,
        ),
        (APOLLO_SUBSCRIPTION, None),
        ("multipart/mixed;deferSpec=20300101", None),
        ("multipart/mixed;incrementalSpec=v0.9", None),
        ("multipart/mixed;deferSpec=20220824;q=0", None),
        ("multipart/mixed;q=0", None),
        ("multipart/*", None),
        ("*/*", None),
        (JSON, None),
        ("", None),
    ],
)
def test_parts_are_asked_for_by_name_and_form(
    accept: str, spec: IncrementalSpec | None
) -> None:
    assert find_incremental_spec(accept) is spec


@pytest.mark.parametrize("accept", [APOLLO, APOLLO_NEWEST, URQL])
def test_what_asks_for_parts_takes_a_whole_answer_too(accept: str) -> None:
    assert negotiate(accept, OFFERED) == GRAPHQL_JSON
