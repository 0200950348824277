"""The endpoint's steps: status codes, methods, persons, the size of a body."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from gateway.sandbox import Sandbox
from gateway.settings import LimitSettings, Settings
from tests.support import Client, Handler, RecordingTransport

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
ID = "test-1"
BOTH = pytest.mark.parametrize(
    ("accept", "refused"), [(JSON, 200), (GRAPHQL, 400)], ids=["json", "graphql"]
)
EITHER = pytest.mark.parametrize("accept", [JSON, GRAPHQL], ids=["json", "graphql"])
WRITE = (
    "mutation($id: ID!) { approve(input: {id: $id}) { outcome userErrors { code } } }"
)
LIST = "{ invoices(first: 1, filter: {providers: [OTTIMATE]}) { totalCount } }"


def failure(
    message: str,
    code: str,
    *,
    locations: list[tuple[int, int]] | None = None,
) -> dict[str, Any]:
    """Return the body of an answer with one error, to a request with the id ID."""
    error: dict[str, Any] = {
        "message": message,
        "extensions": {"code": code, "retryable": False, "requestId": ID},
    }
    if locations is not None:
        error["locations"] = [
            {"line": line, "column": column} for line, column in locations
        ]
    return {"errors": [error], "extensions": {"requestId": ID}}


async def post(
    client: Client, content: bytes | dict[str, Any] | list[Any], **headers: str
) -> tuple[int, str, Any]:
    """Return status, content type and body of the answer to a POST."""
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    response = await client.http.post(
        "/graphql",
        content=content,
        headers={
            "Content-Type": JSON,
            "X-Request-ID": ID,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )
    body = response.json() if response.content else None
    return response.status_code, response.headers["content-type"], body


@EITHER
async def test_a_query_is_answered_with_its_data_alone(
    client: Client, accept: str
) -> None:
    answer = await post(client, {"query": "{ __typename }"}, Accept=accept)

    assert answer == (
        200,
        f"{accept}; charset=utf-8",
        {"data": {"__typename": "Query"}},
    )


@EITHER
async def test_a_query_by_get_is_answered(client: Client, accept: str) -> None:
    response = await client.http.get(
        "/graphql",
        params={
            "query": "query A { a: __typename } query B { b: __typename }",
            "operationName": "B",
            "variables": "{}",
            "extensions": "null",
        },
        headers={"Accept": accept},
    )

    assert response.status_code == 200
    assert response.json() == {"data": {"b": "Query"}}
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["vary"] == "Accept, Authorization, X-API-Key, Origin"


async def test_empty_parameters_of_a_query_string_are_absent(client: Client) -> None:
    response = await client.http.get(
        "/graphql?query={__typename}&operationName=&variables=&extensions="
    )

    assert response.status_code == 200
    assert response.json() == {"data": {"__typename": "Query"}}


@EITHER
@pytest.mark.parametrize("name", ["variables", "extensions"])
@pytest.mark.parametrize("value", ["[]", "{", "1", '"text"', "\N{SNOWMAN}", "{'a':1}"])
async def test_a_map_in_a_query_string_must_be_a_json_object(
    client: Client, accept: str, name: str, value: str
) -> None:
    response = await client.http.get(
        "/graphql",
        params={"query": "{ __typename }", name: value},
        headers={"Accept": accept, "X-Request-ID": ID},
    )

    assert response.status_code == 400
    assert response.json() == failure(f"`{name}` must be a JSON object.", "BAD_REQUEST")


@EITHER
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"query"',
        b'{"query":"{ __typename }\xff"}',
        b'\xef\xbb\xbf{"query":"{ __typename }"}',
        b'{"query":"{ __typename }","variables":{"a":NaN}}',
        b'{"query":"{ __typename }","variables":{"a":Infinity}}',
        b"query={__typename}",
    ],
    ids=[
        "empty",
        "brace",
        "cut",
        "invalid-utf8",
        "byte-order-mark",
        "nan",
        "infinity",
        "form",
    ],
)
async def test_a_body_that_is_not_json_is_a_bad_request(
    client: Client, accept: str, content: bytes
) -> None:
    answer = await post(client, content, Accept=accept)

    assert answer == (
        400,
        f"{accept}; charset=utf-8",
        failure("The body is not JSON.", "BAD_REQUEST"),
    )


@EITHER
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[[]]", "Expected `object`, got `array`"),
        (b'"text"', "Expected `object`, got `str`"),
        (b"null", "Expected `object`, got `null`"),
        (b'{"query":1}', "Expected `str | null`, got `int` - at `$.query`"),
        (
            b'{"query":"{ __typename }","variables":[]}',
            "Expected `object | null`, got `array` - at `$.variables`",
        ),
        (
            b'{"query":"{ __typename }","operationName":true}',
            "Expected `str | null`, got `bool` - at `$.operationName`",
        ),
        (
            b'{"query":"{ __typename }","extensions":"a"}',
            "Expected `object | null`, got `str` - at `$.extensions`",
        ),
    ],
)
async def test_json_that_is_no_graphql_request_is_a_bad_request(
    client: Client, accept: str, content: bytes, message: str
) -> None:
    status, content_type, body = await post(client, content, Accept=accept)

    assert (status, content_type) == (400, f"{accept}; charset=utf-8")
    assert body == failure(f"This is no GraphQL request: {message}.", "BAD_REQUEST")


@EITHER
@pytest.mark.parametrize("content", [b"{}", b'{"query":null}'])
async def test_a_request_without_a_document_is_a_bad_request(
    client: Client, accept: str, content: bytes
) -> None:
    answer = await post(client, content, Accept=accept)

    message = "Send a GraphQL document as `query`, or the id of one as `documentId`."
    expected = failure(message, "BAD_REQUEST")
    assert answer == (400, f"{accept}; charset=utf-8", expected)


async def test_a_get_without_a_document_is_a_bad_request(client: Client) -> None:
    response = await client.http.get("/graphql", headers={"X-Request-ID": ID})

    assert response.status_code == 400
    assert response.json() == failure(
        "Send a GraphQL document as `query`, or the id of one as `documentId`.",
        "BAD_REQUEST",
    )


@BOTH
async def test_a_document_that_does_not_parse_is_refused(
    client: Client, accept: str, refused: int
) -> None:
    answer = await post(client, {"query": "{"}, Accept=accept)

    expected = failure(
        "Syntax Error: Expected Name, found <EOF>.",
        "GRAPHQL_PARSE_FAILED",
        locations=[(1, 2)],
    )
    assert answer == (refused, f"{accept}; charset=utf-8", expected)


@BOTH
async def test_a_document_that_is_not_valid_is_refused(
    client: Client, ottimate: RecordingTransport, accept: str, refused: int
) -> None:
    query = "{ invoices(first: 1) { zzzzzz } }"

    answer = await post(client, {"query": query}, Accept=accept)

    expected = failure(
        "Cannot query field 'zzzzzz' on type 'InvoiceConnection'.",
        "GRAPHQL_VALIDATION_FAILED",
        locations=[(1, 24)],
    )
    assert answer == (refused, f"{accept}; charset=utf-8", expected)
    assert ottimate.calls == []


@BOTH
@pytest.mark.parametrize("name", ["B", " "])
async def test_an_operation_that_is_not_there_is_refused(
    client: Client,
    ottimate: RecordingTransport,
    accept: str,
    refused: int,
    name: str,
) -> None:
    query = "query A { invoices(first: 1) { totalCount } }"

    answer = await post(client, {"query": query, "operationName": name}, Accept=accept)

    expected = failure(
        f"This document has no operation named '{name}'.",
        "OPERATION_RESOLUTION_FAILURE",
    )
    assert answer == (refused, f"{accept}; charset=utf-8", expected)
    assert ottimate.calls == []


@BOTH
async def test_one_of_several_operations_must_be_named(
    client: Client, accept: str, refused: int
) -> None:
    query = "query A { __typename } query B { __typename }"

    answer = await post(client, {"query": query}, Accept=accept)

    expected = failure(
        "`operationName` is needed: this document has several operations.",
        "OPERATION_RESOLUTION_FAILURE",
    )
    assert answer == (refused, f"{accept}; charset=utf-8", expected)


@BOTH
async def test_variables_that_do_not_fit_are_refused(
    client: Client, ottimate: RecordingTransport, accept: str, refused: int
) -> None:
    query = "query($n: Int!) { invoices(first: $n) { totalCount } }"

    answer = await post(
        client, {"query": query, "variables": {"n": "two"}}, Accept=accept
    )

    expected = failure(
        "Variable '$n' has invalid value: "
        "Int cannot represent non-integer value: 'two'",
        "BAD_USER_INPUT",
        locations=[(1, 7)],
    )
    assert answer == (refused, f"{accept}; charset=utf-8", expected)
    assert ottimate.calls == []


@EITHER
@pytest.mark.parametrize("variables", [None, {}, {"more": 1}])
async def test_absent_null_empty_and_needless_variables_are_fine(
    client: Client, accept: str, variables: dict[str, Any] | None
) -> None:
    answer = await post(
        client,
        {"query": "{ __typename }", "variables": variables, "unknown": [1]},
        Accept=accept,
    )

    data = {"data": {"__typename": "Query"}}
    assert answer == (200, f"{accept}; charset=utf-8", data)


@EITHER
async def test_a_field_that_fails_leaves_the_rest_standing(
    client: Client, accept: str
) -> None:
    query = '{ node(id: "nonsense") { id } __typename }'

    answer = await post(client, {"query": query}, Accept=accept)

    expected = failure(
        "This is not an id of this graph. Send an `id` exactly as a query returned it; "
        "a provider's own id goes to `invoiceBySource`, `policyBySource` or "
        "`approvalStatusBySource`.",
        "BAD_USER_INPUT",
        locations=[(1, 3)],
    )
    expected["errors"][0]["path"] = ["node"]
    expected["data"] = {"node": None, "__typename": "Query"}
    assert answer == (200, f"{accept}; charset=utf-8", expected)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'{"query":"{ first: __typename }","query":"{ last: __typename }"}', "query"),
        (b'{"query":"{ __typename }","variables":{"id":"a","id":"b"}}', "id"),
        (b'{"query":"{ __typename }","variables":{"a":[{"\\u0062":1,"b":1}]}}', "b"),
        (b'[{"query":"{ __typename }","id":null,"id":null}]', "id"),
    ],
)
async def test_two_equal_members_are_a_bad_request(
    client: Client, content: bytes, name: str
) -> None:
    """RFC 8259, 4: of two members each parser may take another."""
    status, _, body = await post(client, content)

    assert status == 400
    assert body == failure(f"The member `{name}` is there twice.", "BAD_REQUEST")


@pytest.mark.parametrize(
    "name",
    ["query", "operationName", "variables", "extensions", "documentId", "doc_id", "id"],
)
async def test_a_parameter_that_is_there_twice_is_a_bad_request(
    client: Client, name: str
) -> None:
    response = await client.http.get(
        f"/graphql?query={{__typename}}&{name}=&{name}=", headers={"X-Request-ID": ID}
    )

    assert response.status_code == 400
    assert response.json() == failure(f"`{name}` is there twice.", "BAD_REQUEST")


@pytest.mark.parametrize(
    "content",
    [
        b'{"query":"{ __typename } # \\ud800"}',
        b'{"query":"{ \\udfff }"}',
        b'{"query":"{ node(id: \\"\\ud800\\") { id } }"}',
        b'{"query":"{ __typename }","operationName":"\\ud800"}',
        (
            b'{"query":"query($x: ID!) { node(id: $x) { id } }",'
            b'"variables":{"x":"\\ud800"}}'
        ),
        b'{"query":"{ __typename }","variables":{"\\ud800":1}}',
        b'{"query":"{ __typename }","extensions":{"a":["\\ud800x"]}}',
    ],
)
async def test_half_a_surrogate_pair_in_json_is_a_bad_request(
    client: Client, ottimate: RecordingTransport, content: bytes
) -> None:
    status, _, body = await post(client, content)

    assert (status, body) == (400, failure("The body is not JSON.", "BAD_REQUEST"))
    assert ottimate.calls == []


@BOTH
async def test_half_a_surrogate_pair_in_a_document_does_not_parse(
    client: Client, ottimate: RecordingTransport, accept: str, refused: int
) -> None:
    query = r'{ node(id: "\uD800") { id } }'

    answer = await post(client, {"query": query}, Accept=accept)

    expected = failure(
        r"Syntax Error: Invalid Unicode escape sequence: '\uD800'.",
        "GRAPHQL_PARSE_FAILED",
        locations=[(1, 13)],
    )
    assert answer == (refused, f"{accept}; charset=utf-8", expected)
    assert ottimate.calls == []


@EITHER
@pytest.mark.parametrize("member", ["variables", "extensions", "unknown"])
async def test_json_nested_too_deeply_is_a_bad_request(
    client: Client, accept: str, member: str
) -> None:
    nested = b"[" * 50_000 + b"]" * 50_000
    content = b'{"query":"{ __typename }","%s":{"a":%s}}' % (member.encode(), nested)

    status, content_type, body = await post(client, content, Accept=accept)

    assert (status, content_type) == (400, f"{accept}; charset=utf-8")
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_json_nested_deeply_in_a_query_string_never_breaks(
    client: Client,
) -> None:
    """How deep is too deep is Python's to say, and differs between its versions."""
    nested = '{"a":' + "[" * 5_000 + "]" * 5_000 + "}"

    response = await client.http.get(
        "/graphql",
        params={"query": "{ __typename }", "variables": nested},
        headers={"X-Request-ID": ID},
    )

    refused = failure("`variables` must be a JSON object.", "BAD_REQUEST")
    assert (response.status_code, response.json()) in (
        (400, refused),
        (200, {"data": {"__typename": "Query"}}),
    )


@BOTH
@pytest.mark.parametrize(
    "query",
    [
        "{a" * 1_500 + "}" * 1_500,
        "{ node(id: " + "[" * 2_000 + "]" * 2_000 + ") { id } }",
        "query($x: " + "[" * 2_000 + "Int" + "]" * 2_000 + ") { __typename }",
    ],
    ids=["selections", "values", "types"],
)
async def test_a_document_nested_too_deeply_does_not_parse(
    client: Client, accept: str, refused: int, query: str
) -> None:
    status, _, body = await post(client, {"query": query}, Accept=accept)

    assert status == refused
    assert [error["message"] for error in body["errors"]] == [
        "Syntax Error: Document is nested too deeply. Parsing aborted."
    ]
    assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        (b"123456789012345678901234567890", 200, "BAD_USER_INPUT"),
        (b"9" * 5_000, 400, "BAD_REQUEST"),
        (b"1e400", 400, "BAD_REQUEST"),
        (b"2147483648", 200, "BAD_USER_INPUT"),
    ],
    ids=["thirty-digits", "five-thousand-digits", "beyond-doubles", "beyond-int"],
)
async def test_a_huge_number_among_the_variables_is_the_clients_mistake(
    client: Client,
    ottimate: RecordingTransport,
    number: bytes,
    status: int,
    code: str,
) -> None:
    content = (
        b'{"query":"query($n: Int) { invoices(first: $n) { totalCount } }",'
        b'"variables":{"n":%s}}' % number
    )

    answered, _, body = await post(client, content)

    assert answered == status
    assert [error["extensions"]["code"] for error in body["errors"]] == [code]
    assert ottimate.calls == []


@BOTH
@pytest.mark.parametrize("digits", [30, 5_000])
async def test_a_huge_number_in_the_document_is_not_valid(
    client: Client,
    ottimate: RecordingTransport,
    accept: str,
    refused: int,
    digits: int,
) -> None:
    query = f"{{ invoices(first: {'9' * digits}) {{ totalCount }} }}"

    status, _, body = await post(client, {"query": query}, Accept=accept)

    assert status == refused
    assert [error["extensions"]["code"] for error in body["errors"]] == [
        "GRAPHQL_VALIDATION_FAILED"
    ]
    assert ottimate.calls == []


@EITHER
async def test_a_mutation_by_get_is_not_allowed(
    client: Client, ottimate: RecordingTransport, accept: str
) -> None:
    response = await client.http.get(
        "/graphql",
        params={"query": WRITE, "variables": '{"id":"x"}'},
        headers={"Accept": accept, "X-Request-ID": ID},
    )

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert response.json() == failure(
        "mutation by GET is not allowed here; POST is.", "METHOD_NOT_ALLOWED"
    )
    assert ottimate.calls == []


async def test_a_query_beside_a_mutation_runs_by_get(client: Client) -> None:
    document = "mutation A { __typename } query B { __typename }"

    response = await client.http.get(
        "/graphql", params={"query": document, "operationName": "B"}
    )

    assert response.status_code == 200
    assert response.json() == {"data": {"__typename": "Query"}}


async def test_a_mutation_by_post_runs(client: Client) -> None:
    body = await client.execute("mutation { __typename }")

    assert body == {"data": {"__typename": "Mutation"}}


@BOTH
async def test_a_subscription_has_no_whole_answer(
    client: Client, accept: str, refused: int
) -> None:
    del refused

    answer = await post(
        client, {"query": "subscription { approvalChanged { at } }"}, Accept=accept
    )

    expected = failure(
        "A subscription is answered as text/event-stream, which `Accept` has to name, "
        "or over a WebSocket by graphql-transport-ws.",
        "NOT_ACCEPTABLE",
    )
    assert answer == (406, f"{accept}; charset=utf-8", expected)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])
async def test_other_methods_are_not_allowed(
    client: Client, ottimate: RecordingTransport, method: str
) -> None:
    response = await client.http.request(
        method,
        "/graphql",
        params={"query": LIST},
        headers={"X-Request-ID": ID},
    )

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"
    if method != "HEAD":
        assert response.json() == failure(
            f"{method} is not allowed here; GET, POST is.", "METHOD_NOT_ALLOWED"
        )
    assert ottimate.calls == []


@pytest.mark.parametrize(
    "content_type",
    [
        "application/graphql",
        "application/json+x",
        "application/graphql-response+json",
        "text/html",
        "nonsense",
    ],
)
async def test_a_body_of_another_type_is_unsupported(
    client: Client, ottimate: RecordingTransport, content_type: str
) -> None:
    headers = {"Content-Type": content_type}

    status, _, body = await post(client, {"query": LIST}, **headers)

    assert (status, body) == (
        415,
        failure("The body must be application/json.", "UNSUPPORTED_MEDIA_TYPE"),
    )
    assert ottimate.calls == []


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", '"us-ascii"'])
async def test_a_body_in_another_charset_is_unsupported(
    client: Client, ottimate: RecordingTransport, charset: str
) -> None:
    headers = {"Content-Type": f"application/json; charset={charset}"}

    status, _, body = await post(client, {"query": LIST}, **headers)

    named = charset.strip('"')
    assert (status, body) == (
        415,
        failure(f"The body must be UTF-8, not {named}.", "UNSUPPORTED_MEDIA_TYPE"),
    )
    assert ottimate.calls == []


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json;charset=utf-8",
        'application/json; boundary=x; Charset="UTF-8"',
        "application/json; charset=utf8",
    ],
)
async def test_json_in_utf8_is_read(client: Client, content_type: str) -> None:
    headers = {"Content-Type": content_type}

    status, _, body = await post(client, {"query": "{ __typename }"}, **headers)

    assert (status, body) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{JSON};q=0.5, {GRAPHQL};q=0.9", GRAPHQL),
        ("*/*", JSON),
        ("text/html", None),
        ("image/png, text/plain", None),
    ],
)
async def test_the_answer_is_of_the_type_that_is_preferred(
    client: Client, ottimate: RecordingTransport, accept: str, chosen: str | None
) -> None:
    status, content_type, body = await post(client, {"query": LIST}, Accept=accept)

    if chosen is None:
        message = (
            f"`Accept` takes {JSON}, {GRAPHQL}, text/event-stream or multipart/mixed."
        )
        expected = failure(message, "NOT_ACCEPTABLE")
        assert (status, body) == (406, expected)
        assert content_type == f"{JSON}; charset=utf-8"
        assert ottimate.calls == []
    else:
        assert (status, content_type) == (200, f"{chosen}; charset=utf-8")
        assert ottimate.calls == ["GET /invoices"]


async def test_several_accept_headers_are_one_list(client: Client) -> None:
    """RFC 9110, 5.3: a list may come in several lines."""
    response = await client.http.post(
        "/graphql",
        json={"query": "{ __typename }"},
        headers=[("Accept", "image/png"), ("Accept", GRAPHQL)],
    )

    assert response.status_code == 200
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"


@pytest.mark.parametrize(
    ("authorization", "application"),
    [
        (None, "sandbox-controller"),
        ("Bearer demo-controller", "sandbox-controller"),
        ("bearer demo-controller", "sandbox-controller"),
        ("Bearer demo-clerk", "sandbox-clerk"),
    ],
)
async def test_a_demo_person_acts_through_their_own_application(
    client: Client,
    ottimate: RecordingTransport,
    authorization: str | None,
    application: str,
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    sign_ins: list[dict[str, list[str]]] = []

    async def look(request: httpx.Request, send: Handler) -> httpx.Response:
        sign_ins.append(parse_qs(request.content.decode()))
        return await send(request)

    ottimate.interceptors["POST /oauth/token"] = look

    status, _, body = await post(client, {"query": LIST}, **headers)

    assert (status, list(body)) == (200, ["data"])
    assert [form["client_id"] for form in sign_ins] == [[application]]
    assert ottimate.calls == ["GET /invoices"]


async def test_each_demo_person_signs_in_for_themselves(
    client: Client, ottimate: RecordingTransport
) -> None:
    tokens = []
    for person in (None, "controller", "clerk"):
        await client.execute(LIST, person=person)
        tokens.append(ottimate.requests[-1].headers["authorization"])

    assert ottimate.sign_ins == 2
    assert tokens[0] == tokens[1]
    assert tokens[1] != tokens[2]


@EITHER
@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer demo-nobody",
        "Bearer controller",
        "Bearer demo-demo-controller",
        "Bearer",
        "Basic demo-controller",
        "",
        "demo-controller",
    ],
)
async def test_an_unknown_caller_is_refused(
    client: Client,
    sandbox: Sandbox,
    ottimate: RecordingTransport,
    accept: str,
    authorization: str,
) -> None:
    known = ", ".join(f"`Bearer demo-{person}`" for person in sandbox.persons)

    response = await client.http.post(
        "/graphql",
        json={"query": LIST},
        headers={
            "Accept": accept,
            "Authorization": authorization,
            "X-Request-ID": ID,
        },
    )

    assert response.status_code == 401
    assert response.json() == failure(
        f"The sandbox knows no such caller. `Authorization` takes {known}.",
        "UNAUTHENTICATED",
    )
    assert (ottimate.sign_ins, ottimate.calls) == (0, [])


async def test_a_refused_caller_is_told_the_scheme(client: Client) -> None:
    """RFC 9110, 15.5.2: a 401 must carry ``WWW-Authenticate``."""
    response = await client.http.post(
        "/graphql",
        json={"query": LIST},
        headers={"Authorization": "Bearer demo-nobody"},
    )

    assert response.status_code == 401
    assert response.headers.get("www-authenticate") == "Bearer"


class TestBodyLimit:
    """Nothing larger than the limit is read, and nothing of it is run."""

    MOST = 2_048
    MESSAGE = "The body is larger than 2048 bytes, the most that is read."

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(limits=LimitSettings(body_bytes=self.MOST))

    def _body(self, size: int) -> bytes:
        start, end = b'{"query":"', b'"}'
        query = LIST.encode()
        return start + query.ljust(size - len(start) - len(end)) + end

    async def test_a_body_of_the_limit_is_read(self, client: Client) -> None:
        status, _, body = await post(client, self._body(self.MOST))

        assert (status, body) == (200, {"data": {"invoices": {"totalCount": 350}}})

    @EITHER
    async def test_a_longer_body_is_refused_by_its_length(
        self, client: Client, ottimate: RecordingTransport, accept: str
    ) -> None:
        answer = await post(client, self._body(self.MOST + 1), Accept=accept)

        expected = failure(self.MESSAGE, "BODY_TOO_LARGE")
        assert answer == (413, f"{accept}; charset=utf-8", expected)
        assert ottimate.calls == []

    async def test_a_longer_body_in_chunks_is_not_read_to_its_end(
        self, client: Client, ottimate: RecordingTransport
    ) -> None:
        read = 0

        async def chunks() -> AsyncIterator[bytes]:
            nonlocal read
            for _ in range(100):
                read += 1
                yield b" " * 1_024 * 1_024
            yield self._body(self.MOST)

        response = await client.http.post(
            "/graphql",
            content=chunks(),
            headers={"Content-Type": JSON, "X-Request-ID": ID},
        )

        assert response.status_code == 413
        assert response.headers["connection"] == "close"
        assert response.json() == failure(self.MESSAGE, "BODY_TOO_LARGE")
        # 16 MB more are read and thrown away.
        assert read == 17
        assert ottimate.calls == []

    async def test_a_body_in_chunks_is_read(self, client: Client) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b'{"query":'
            yield b'"{ __typename }"}'

        response = await client.http.post(
            "/graphql", content=chunks(), headers={"Content-Type": JSON}
        )

        assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "url",
    [
        "/graphql/%ff",
        "/graphql?documentId=%fe",
        "/graphql?query={__typename}&variables=%7B%22s%22:%22%ff%22%7D",
        "/graphql?query={__typename}&other=%c3",
        "/graphql?query={__typename}%23%ED%A0%80",
    ],
)
async def test_a_url_that_is_not_utf8_is_a_bad_request(
    client: Client, url: str
) -> None:
    response = await client.http.get(url, headers={"X-Request-ID": ID})

    assert response.status_code == 400
    assert response.json() == failure("The URL is not UTF-8.", "BAD_REQUEST")


@pytest.mark.parametrize("coding", ["gzip", "br", "GZIP", "gzip, identity"])
async def test_a_compressed_body_is_not_read(client: Client, coding: str) -> None:
    response = await client.http.post(
        "/graphql",
        content=b'{"query":"{ __typename }"}',
        headers={
            "Content-Type": JSON,
            "Content-Encoding": coding,
            "X-Request-ID": ID,
        },
    )

    assert response.status_code == 415
    assert response.headers["Accept-Encoding"] == "identity"
    assert response.json() == failure(
        "The body must not be compressed.", "UNSUPPORTED_MEDIA_TYPE"
    )


async def test_a_batch_has_no_place_in_an_event_stream(
    client: Client, ottimate: RecordingTransport
) -> None:
    status, content_type, body = await post(
        client, [{"query": LIST}], Accept="text/event-stream"
    )

    assert (status, content_type) == (406, f"{GRAPHQL}; charset=utf-8")
    assert body["errors"][0]["extensions"]["code"] == "NOT_ACCEPTABLE"
    assert ottimate.calls == []


@pytest.mark.parametrize("path", ["/graphql/", "/graphql/id/", "/healthz/"])
async def test_nothing_is_redirected_to_a_name_that_the_request_chose(
    client: Client, path: str
) -> None:
    response = await client.http.get(path, headers={"Host": "evil.example"})

    assert response.status_code == 404
    assert "Location" not in response.headers
