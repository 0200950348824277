import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    OperationType,
)

from gateway.engine import Engine, RejectedError
from gateway.errors import LimitError
from gateway.schema import create_schema
from gateway.settings import LimitSettings
from tests.support import Client, RecordingTransport

SCHEMA = create_schema()

_INVALID = "GRAPHQL_VALIDATION_FAILED"
_UNPARSED = "GRAPHQL_PARSE_FAILED"
_UNRESOLVED = "OPERATION_RESOLUTION_FAILURE"


@pytest.fixture
def engine() -> Engine:
    return Engine(SCHEMA, LimitSettings(), introspection=True)


@pytest.fixture
def closed() -> Engine:
    return Engine(SCHEMA, LimitSettings(), introspection=False)


def _refusal(
    engine: Engine, text: str, name: str | None = None
) -> tuple[str, list[str]]:
    """Return the code and the messages with which a document is refused."""
    try:
        engine.read(text).find(name)
    except RejectedError as error:
        return error.code, [one.message for one in error.errors]
    except LimitError as error:
        return error.code, [error.message]
    return "", []


def _echo_schema() -> GraphQLSchema:
    """Return a schema whose one field answers at once."""
    return GraphQLSchema(
        GraphQLObjectType(
            "Query",
            {
                "echo": GraphQLField(
                    GraphQLString,
                    {"text": GraphQLArgument(GraphQLString)},
                    resolve=lambda _source, info, text: f"{info.context} {text}",
                )
            },
        )
    )


# Refusals


@pytest.mark.parametrize("text", ["", "   ", "{", "{ a", "}", "{ a( }", '{ a(b: "'])
def test_text_that_is_no_document_does_not_parse(engine: Engine, text: str) -> None:
    code, messages = _refusal(engine, text)

    assert code == _UNPARSED
    assert len(messages) == 1
    assert messages[0].startswith("Syntax Error: ")


def test_a_document_that_does_not_fit_the_schema_names_each_error(
    engine: Engine,
) -> None:
    assert _refusal(engine, "{ invoic { id } node { id } }") == (
        _INVALID,
        [
            (
                "Cannot query field 'invoic' on type 'Query'. "
                "Did you mean 'invoice' or 'invoices'?"
            ),
            (
                "Argument 'Query.node(id:)' of type 'ID!' is required, "
                "but it was not provided."
            ),
        ],
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, "`operationName` is needed: this document has several operations."),
        ("C", "This document has no operation named 'C'."),
        ("a", "This document has no operation named 'a'."),
        ("", "This document has no operation named ''."),
    ],
)
def test_a_name_that_finds_no_operation_is_refused(
    engine: Engine, name: str | None, message: str
) -> None:
    text = "query A { __typename } mutation B { __typename }"

    assert _refusal(engine, text, name) == (_UNRESOLVED, [message])


@pytest.mark.parametrize(
    ("text", "name", "operation_type"),
    [
        ("{ __typename }", None, OperationType.QUERY),
        ("query A { __typename } mutation B { __typename }", "A", OperationType.QUERY),
        (
            "query A { __typename } mutation B { __typename }",
            "B",
            OperationType.MUTATION,
        ),
    ],
)
def test_an_operation_is_prepared_by_its_name(
    engine: Engine, text: str, name: str | None, operation_type: OperationType
) -> None:
    operation = engine.read(text).find(name)

    assert (operation.name, operation.type) == (name, operation_type)


# Tokens


def test_as_many_tokens_as_the_limit_run_and_one_more_does_not() -> None:
    engine = Engine(SCHEMA, LimitSettings(tokens=10), introspection=True)

    assert _refusal(engine, "{" + " __typename" * 8 + "}") == ("", [])
    assert _refusal(engine, "{" + " __typename" * 9 + "}") == (
        "MAX_TOKENS_LIMIT",
        ["This document has more than 10 tokens, the most that runs."],
    )


def test_comments_without_end_are_refused(engine: Engine) -> None:
    code, _ = _refusal(engine, "# no\n" * 20_000 + "{ __typename }")

    assert code == "MAX_TOKENS_LIMIT"


def test_a_string_that_speaks_of_the_limit_is_a_syntax_error(engine: Engine) -> None:
    code, _ = _refusal(engine, '{ invoice( "more than 2000 tokens" }')

    assert code == _UNPARSED


# Introspection


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{ __schema { __typename } }", "__schema"),
        ('{ __type(name: "Invoice") { name } }', "__type"),
        ("{ ...F } fragment F on Query { x: __schema { __typename } }", "__schema"),
    ],
)
def test_without_introspection_the_schema_is_hidden(
    closed: Engine, text: str, field: str
) -> None:
    assert _refusal(closed, text) == (
        _INVALID,
        [
            (
                "GraphQL introspection has been disabled, but the requested query "
                f"contained the field '{field}'."
            ),
        ],
    )


def test_without_introspection_a_type_still_tells_its_name(closed: Engine) -> None:
    assert _refusal(closed, "{ __typename }") == ("", [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ invoic { id } }", "Cannot query field 'invoic' on type 'Query'."),
        (
            "{ invoice(idd: 1, id: 1) { id } }",
            "Unknown argument 'idd' on field 'Query.invoice'.",
        ),
        ("{ node(id: 1) { ... on Invoic { id } } }", "Unknown type 'Invoic'."),
    ],
)
def test_without_introspection_nothing_is_suggested(
    closed: Engine, text: str, message: str
) -> None:
    assert _refusal(closed, text) == (_INVALID, [message])


@pytest.mark.parametrize(("introspection", "suggests"), [(True, True), (False, False)])
async def test_a_variables_value_is_corrected_only_where_the_schema_shows(
    *, introspection: bool, suggests: bool
) -> None:
    engine = Engine(SCHEMA, LimitSettings(), introspection=introspection)
    operation = engine.read(
        "query ($kinds: [InvoiceKind!]) "
        "{ invoices(filter: {kinds: $kinds}) { totalCount } }"
    ).find(None)

    result = await engine.execute(operation, {"kinds": ["INVOIC"]}, None)

    assert result.data is None
    assert result.errors is not None
    (error,) = result.errors
    assert ("Did you mean" in error.message) is suggests


async def test_introspection_answers_where_it_is_on(engine: Engine) -> None:
    operation = engine.read("{ __schema { queryType { name } } }").find(None)

    result = await engine.execute(operation, {}, None)

    assert result.errors is None
    assert result.data == {"__schema": {"queryType": {"name": "Query"}}}


# Execution and the documents that are kept


async def test_variables_and_context_reach_the_resolver() -> None:
    engine = Engine(_echo_schema(), LimitSettings(), introspection=True)
    operation = engine.read(
        "query A { __typename } query B($t: String) { echo(text: $t) }"
    ).find("B")

    result = await engine.execute(operation, {"t": "there"}, "hello")

    assert (result.data, result.errors) == ({"echo": "hello there"}, None)


async def test_a_document_is_read_once_and_answers_the_same(engine: Engine) -> None:
    text = "{ __typename a: __typename }"

    first, second = engine.read(text).find(None), engine.read(text).find(None)
    results = [await engine.execute(one, {}, None) for one in (first, second)]

    assert first.document is second.document
    assert [result.data for result in results] == [
        {"__typename": "Query", "a": "Query"}
    ] * 2


def test_a_kept_document_is_still_held_against_name_and_limits() -> None:
    engine = Engine(SCHEMA, LimitSettings(aliases=0), introspection=True)
    text = "query A { __typename } query B { a: __typename }"
    engine.read(text).find("A")

    for _ in range(2):
        assert _refusal(engine, text, "B")[0] == "MAX_ALIASES_LIMIT"
        assert _refusal(engine, text, "C")[0] == _UNRESOLVED


def test_two_hundred_documents_are_kept(engine: Engine) -> None:
    def text(number: int) -> str:
        return f"query Q{number} {{ __typename }}"

    first = engine.read(text(0)).find(None)
    for number in range(1, 200):
        engine.read(text(number)).find(None)
    assert engine.read(text(0)).find(None).document is first.document

    for number in range(200, 400):
        engine.read(text(number)).find(None)
    assert engine.read(text(0)).find(None).document is not first.document


def test_a_refused_document_is_refused_each_time(engine: Engine) -> None:
    refusals = [_refusal(engine, "{ nothing }") for _ in range(3)]

    assert (
        refusals == [(_INVALID, ["Cannot query field 'nothing' on type 'Query'."])] * 3
    )
    assert engine.read.cache_info().currsize == 0


# @defer


DEFERRED = {
    "inline": "{ invoices(first: 1) { nodes { id ... @defer { number } } } }",
    "on a type": (
        "{ invoices(first: 1) { nodes { id ... on Invoice @defer { number } } } }"
    ),
    "with a label": (
        '{ invoices(first: 1) { nodes { id ... @defer(label: "n") { number } } } }'
    ),
    "turned off": (
        "{ invoices(first: 1) { nodes { id ... @defer(if: false) { number } } } }"
    ),
    "by a variable": (
        "query ($later: Boolean! = true) "
        "{ invoices(first: 1) { nodes { id ... @defer(if: $later) { number } } } }"
    ),
    "in a fragment": (
        "{ invoices(first: 1) { nodes { id ...Rest @defer } } } "
        "fragment Rest on Invoice { number }"
    ),
    "within a fragment": (
        "{ invoices(first: 1) { nodes { ...Rest } } } "
        "fragment Rest on Invoice { id ... @defer { ... @defer { number } } }"
    ),
    "beside another directive": (
        "{ invoices(first: 1) { nodes { id ... @include(if: true) @defer "
        "{ number } } } }"
    ),
}


@pytest.mark.parametrize("name", DEFERRED)
async def test_what_is_deferred_is_answered_in_its_place(
    client: Client, ottimate: RecordingTransport, name: str
) -> None:
    plain = await client.execute("{ invoices(first: 1) { nodes { id number } } }")
    assert set(plain["data"]["invoices"]["nodes"][0]) == {"id", "number"}
    ottimate.clear()

    body = await client.execute(DEFERRED[name])

    assert body == plain
    assert ottimate.calls == ["GET /invoices"]


async def test_a_deferred_field_that_is_skipped_stays_away(client: Client) -> None:
    body = await client.execute(
        "{ invoices(first: 1) { nodes { id ... @defer @skip(if: true) { number } } } }"
    )

    assert set(body["data"]["invoices"]["nodes"][0]) == {"id"}


# Hostile documents


def _chain(fragments: int) -> str:
    links = "".join(
        f"fragment F{at} on Query {{ ...F{at + 1} }} " for at in range(fragments)
    )
    return f"{{ ...F0 }} {links} fragment F{fragments} on Query {{ __typename }}"


def _cycle(fragments: int) -> str:
    links = "".join(
        f"fragment F{at} on Query {{ ...F{(at + 1) % fragments} }} "
        for at in range(fragments)
    )
    return f"{{ ...F0 }} {links}"


def _each_in_each(fragments: int) -> str:
    spreads = " ".join(f"...F{at}" for at in range(fragments))
    links = "".join(
        f"fragment F{at} on Query {{ {spreads} }} " for at in range(fragments)
    )
    return f"{{ ...F0 }} {links}"


def _bomb(fragments: int) -> str:
    links = "".join(
        f"fragment F{at} on Query {{ ...F{at + 1} ...F{at + 1} }} "
        for at in range(fragments)
    )
    return f"{{ ...F0 }} {links} fragment F{fragments} on Query {{ a: __typename }}"


def _nest(opening: str, times: int, inner: str) -> str:
    return opening * times + inner + "}" * opening.count("{") * times


HOSTILE: dict[str, tuple[str, str]] = {
    "fields 180 deep": (
        "{ invoices { nodes " + _nest("{ approvers { invoice ", 90, "{ id }") + "}}",
        "MAX_DEPTH_LIMIT",
    ),
    "fields 1200 deep": ("{" + _nest(" a {", 1200, " b ") + "}", _UNPARSED),
    "inline fragments 1500 deep": (
        "{" + _nest(" ... {", 1500, " __typename ") + "}",
        _UNPARSED,
    ),
    "a list 2000 deep": (
        "{ invoice(id: " + "[" * 2000 + "]" * 2000 + ") { id } }",
        _UNPARSED,
    ),
    "a chain of 500 fragments": (_chain(500), _INVALID),
    "a cycle of two fragments": (_cycle(2), _INVALID),
    "a cycle of 500 fragments": (_cycle(500), _INVALID),
    "45 fragments, each in each": (_each_in_each(45), _INVALID),
    "a bomb of 2 ** 40 aliases": (_bomb(40), "MAX_ALIASES_LIMIT"),
    "a bomb of 2 ** 400 aliases": (_bomb(400), _INVALID),
    "1600 aliases": (
        "{" + "".join(f" a{at}: __typename" for at in range(1600)) + "}",
        "MAX_ALIASES_LIMIT",
    ),
    "450 lists side by side": (
        "{"
        + "".join(f" a{at}: invoices {{ nodes {{ id }} }}" for at in range(450))
        + "}",
        "MAX_ALIASES_LIMIT",
    ),
    "4990 times one field": ("{" + " __typename" * 4990 + "}", _INVALID),
    "21 times one field": ("{" + " __typename" * 21 + "}", "MAX_ROOT_FIELDS_LIMIT"),
    "480 conflicting arguments": (
        "{" + "".join(f" invoice(id: {at}) {{ id }}" for at in range(480)) + "}",
        _INVALID,
    ),
    "220 overlapping subtrees": (
        "{" + " invoices { nodes { approvers { invoice { id id id } } } }" * 220 + "}",
        _INVALID,
    ),
    "1200 overlapping lists": (
        "{ invoices { nodes {" + " approvers { id }" * 1200 + "} } }",
        _INVALID,
    ),
    "4900 unknown fields": (
        "{" + "".join(f" invoicez{at}" for at in range(4900)) + "}",
        _INVALID,
    ),
    "1200 unused variables": (
        "query (" + "".join(f" $v{at}: Int" for at in range(1200)) + ") { __typename }",
        _INVALID,
    ),
    "700 directives": ("{ __typename" + " @skip(if: true)" * 700 + "}", _INVALID),
    "an introspection that goes round": (
        "{ __schema {" + _nest(" types { fields { type {", 4, " name ") + "} }",
        _INVALID,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_in_few_words(name: str) -> None:
    """What bounds the time: tokens, then graphql-core's own bounds, then ours."""
    text, expected = HOSTILE[name]
    generous = Engine(SCHEMA, LimitSettings(tokens=5_000), introspection=True)

    code, messages = _refusal(generous, text)

    assert code == expected
    # graphql-core stops after a hundred errors, and says so.
    assert 1 <= len(messages) <= 101


@pytest.mark.parametrize("fragments", [10, 100, 198])
async def test_a_chain_of_fragments_that_is_valid_runs(
    client: Client, fragments: int
) -> None:
    assert await client.execute(_chain(fragments)) == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "name",
    ["fields 180 deep", "a cycle of two fragments", "21 times one field"],
)
async def test_a_hostile_document_reaches_no_provider(
    client: Client, ottimate: RecordingTransport, name: str
) -> None:
    text, expected = HOSTILE[name]

    body = await client.execute(text)

    assert [one["extensions"]["code"] for one in body["errors"]] == [expected]
    assert "data" not in body
    assert ottimate.calls == []
    assert ottimate.sign_ins == 0
