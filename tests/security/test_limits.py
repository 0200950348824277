import pytest
from graphql import get_operation_ast, parse

from gateway.errors import LimitError
from gateway.security import check_limits
from gateway.settings import LimitSettings

DEEP = "This operation is {} levels deep; {} is the most that runs."
ALIASES = "This operation has {} aliases; {} is the most that runs."
FIELDS = "This operation has {} fields at its root; {} is the most that runs."


def _check(text: str, name: str | None = None, **limits: int) -> dict[str, object]:
    """Return what a refusal says, or nothing where the operation may run."""
    document = parse(text)
    operation = get_operation_ast(document, name)
    assert operation is not None
    try:
        check_limits(document, operation, LimitSettings(**limits))
    except LimitError as error:
        return {"code": error.extensions["code"], "message": error.message}
    return {}


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("{ a }", 1),
        ("{ a { b { c } } }", 3),
        ("{ x a { b } y { z { z } } }", 3),
        ("{ a { ... { b { ... on T { c } } } } }", 3),
        ("{ ...F } fragment F on Query { a { b } }", 2),
        (
            "{ a { ...F } } fragment F on T { b { ...G } } fragment G on T { c { d } }",
            4,
        ),
        ("{ ...F a { ...F } } fragment F on T { b { c } }", 3),
        ("{ __typename }", 1),
        ("{ a { __typename } }", 2),
        ("{ __schema { types { fields { type { ofType { name } } } } } }", 1),
        ('{ __type(name: "T") { fields { type { name } } } a { b } }', 2),
        (
            "{ ...F } fragment F on Q { __schema { ...G } } fragment G on T { a {b} }",
            1,
        ),
        ("subscription { a { b } }", 2),
        ("mutation { a { b } }", 2),
    ],
)
def test_levels_are_counted_through_fragments_and_without_introspection(
    text: str, depth: int
) -> None:
    assert _check(text, depth=depth) == {}
    if depth > 1:
        assert _check(text, depth=depth - 1) == {
            "code": "MAX_DEPTH_LIMIT",
            "message": DEEP.format(depth, depth - 1),
        }


@pytest.mark.parametrize(
    ("text", "aliases"),
    [
        ("{ x: a }", 1),
        ("{ x: a y: b { z: c } }", 3),
        ("{ ... { x: a } ... on T { y: a } }", 2),
        ("{ ...F ...F x: a } fragment F on T { y: b { z: c } }", 5),
        (
            "{ ...F ...G } fragment F on T { ...G ...G } fragment G on T { x: a }",
            3,
        ),
        ("{ __schema { x: types { y: name } } }", 2),
    ],
)
def test_aliases_are_counted_as_often_as_they_are_spread(
    text: str, aliases: int
) -> None:
    assert _check(text, aliases=aliases) == {}
    assert _check(text, aliases=aliases - 1) == {
        "code": "MAX_ALIASES_LIMIT",
        "message": ALIASES.format(aliases, aliases - 1),
    }


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("{ a b { c d e } }", 2),
        ("{ a a a }", 3),
        ("{ ... { a b } c }", 3),
        ("{ ...F ...F c } fragment F on Query { a ... { b } }", 5),
        ("{ __typename __schema { types { name } } }", 2),
    ],
)
def test_root_fields_are_counted_through_fragments(text: str, fields: int) -> None:
    assert _check(text, root_fields=fields) == {}
    assert _check(text, root_fields=fields - 1) == {
        "code": "MAX_ROOT_FIELDS_LIMIT",
        "message": FIELDS.format(fields, fields - 1),
    }


def test_only_the_operation_that_runs_is_counted() -> None:
    text = "query Small { a } query Deep { a { b { c } } }"

    assert _check(text, "Small", depth=1) == {}
    assert _check(text, "Deep", depth=1) == {
        "code": "MAX_DEPTH_LIMIT",
        "message": DEEP.format(3, 1),
    }


def test_a_fragment_that_spreads_itself_or_is_missing_ends_the_count() -> None:
    text = "{ a { ...F ...Missing } } fragment F on T { b { ...F } }"

    assert _check(text, depth=2) == {}


def test_fragments_that_double_forty_times_are_counted_to_the_last() -> None:
    doubling = "".join(
        f"fragment F{at} on T {{ ...F{at + 1} ...F{at + 1} }} " for at in range(40)
    )

    refused = _check("{ ...F0 } " + doubling + "fragment F40 on T { x: a }")

    assert refused == {
        "code": "MAX_ALIASES_LIMIT",
        "message": ALIASES.format(2**40, 30),
    }
