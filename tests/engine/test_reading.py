"""What an operation reads, by the names of the schema."""

import pytest

from gateway.engine import Engine
from gateway.schema import create_schema
from gateway.settings import LimitSettings

ENGINE = Engine(create_schema(), LimitSettings(), introspection=True)


def reads(text: str, name: str | None = None) -> set[str]:
    return set(ENGINE.read(text).find(name).reads)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ __typename }", set()),
        ("{ __schema { types { name } } }", set()),
        (
            "{ policies(first: 1) { nodes { id name } } }",
            {"Query.policies", "PolicyConnection.nodes", "Policy.name"},
        ),
        (
            "{ renamed: policies(first: 1) { a: nodes { b: name } } }",
            {"Query.policies", "PolicyConnection.nodes", "Policy.name"},
        ),
        (
            'query { node(id: "x") { id ... on Policy { name } } }',
            {"Query.node", "Policy.name"},
        ),
        (
            'query { node(id: "x") { ... on Approvable { title } } }',
            {
                "Query.node",
                "Invoice.title",
                "Booking.title",
                "TimeEntry.title",
                "Expense.title",
            },
        ),
        (
            (
                "{ policies(first: 1) "
                "{ ... @include(if: false) { totalCount } ...Rest } } "
                "fragment Rest on PolicyConnection { nodes { ...Name } } "
                "fragment Name on Policy { name }"
            ),
            {
                "Query.policies",
                "PolicyConnection.totalCount",
                "PolicyConnection.nodes",
                "Policy.name",
            },
        ),
        (
            "{ policies(first: 1) { nodes { id ... @defer { name } } } }",
            {"Query.policies", "PolicyConnection.nodes", "Policy.name"},
        ),
        (
            "mutation { approve(input: {id: 1}) { outcome approvable { title } } }",
            {
                "Mutation.approve",
                "ApprovePayload.outcome",
                "ApprovePayload.approvable",
                "Invoice.title",
                "Booking.title",
                "TimeEntry.title",
                "Expense.title",
            },
        ),
    ],
)
def test_each_field_is_named_with_the_types_that_have_it(
    text: str, expected: set[str]
) -> None:
    assert reads(text) == expected


def test_each_operation_reads_its_own_fields() -> None:
    text = "query A { viewer { __typename } } query B { policies { totalCount } }"

    assert reads(text, "A") == {"Query.viewer"}
    assert reads(text, "B") == {"Query.policies", "PolicyConnection.totalCount"}
