"""The server audits of the npm package graphql-http 1.23.1, by their ids.

https://github.com/graphql/graphql-http/blob/main/src/audits/server.ts, checked on
2026-11-20. The gateway answers more narrowly than an audit asks; both are asserted.
``tests/clients/audits.json`` has their ids and names as the package itself tells them,
which ``tests/clients/audits.test.mjs`` holds it to.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.support import Client

LISTED = Path(__file__).parents[1] / "clients/audits.json"
JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
TYPENAME = "{ __typename }"
TYPE = "query Type($name: String!) { __type(name: $name) { name } }"
UNKNOWN_FIELD = "{ 8f31403dfe404bccbb0e835f2629c6a7 }"
COERCE = {
    "query": "query CoerceFailure($id: ID!){ __typename }",
    "variables": {"id": None},
}
OF_QUERY = {"data": {"__typename": "Query"}}
NO_TYPE = {"data": {"__type": None}}


class Audit(msgspec.Struct):
    """One audit: its sentence, what is sent, and what comes back.

    *data* is the whole body of a success, and None where there are errors alone.
    """

    sentence: str
    parameters: dict[str, Any] | None = None
    body: bytes | None = None
    accept: str | None = None
    content_type: str | None = JSON
    method: str = "POST"
    status: int = 200
    data: dict[str, Any] | None = None
    answers: str = JSON


def refuse(name: str, value: object) -> Audit:
    kind = {dict: "object", int: "number", bool: "boolean", list: "array"}
    text = kind.get(type(value), "string")
    parameters = {"query": TYPENAME, name: value}
    sentence = f"MAY use 400 status code on {text} {{{name}}} parameter"
    return Audit(sentence, parameters, status=400)


def allow(
    must: str, what: str, accept: str, data: dict[str, Any], **parameters: Any
) -> Audit:
    sentence = f"{must} allow {what} parameter when accepting {accept}"
    return Audit(sentence, parameters, accept=accept, data=data, answers=accept)


def fail(sentence: str, status: int, accept: str, **parameters: Any) -> Audit:
    sentence = f"SHOULD {sentence} when accepting {accept}"
    return Audit(
        sentence, parameters, accept=accept, status=status, data=None, answers=accept
    )


NOT_JSON = b'{ "not a JSON'
OPERATION = {"query": "query Query { __typename }", "operationName": "Query"}
MAP = {"query": TYPE, "variables": {"name": "sometype"}}
EXTENDED = {"query": TYPENAME, "extensions": {"some": "value"}}
WRONG: list[object] = [{"obj": "ect"}, 0, False, ["array"]]
WRONG_MAPS: list[object] = ["string", 0, False, ["array"]]
NULLABLE = ["variables", "operationName", "extensions"]

AUDITS: dict[str, Audit] = {
    "22EB": Audit(
        f"SHOULD accept {GRAPHQL} and match the content-type",
        {"query": TYPENAME},
        accept=GRAPHQL,
        data=OF_QUERY,
        answers=GRAPHQL,
    ),
    "4655": Audit(
        f"MUST accept {JSON} and match the content-type",
        {"query": TYPENAME},
        accept=JSON,
        data=OF_QUERY,
    ),
    "47DE": Audit(
        f"SHOULD accept */* and use {JSON} for the content-type",
        {"query": TYPENAME},
        accept="*/*",
        data=OF_QUERY,
    ),
    "80D8": Audit(
        f"SHOULD assume {JSON} content-type when accept is missing",
        {"query": TYPENAME},
        data=OF_QUERY,
    ),
    "82A3": Audit(
        "MUST use utf-8 encoding when responding", {"query": TYPENAME}, data=OF_QUERY
    ),
    "BF61": Audit(
        "MUST accept utf-8 encoded request",
        {"query": '{ __type(name: "Run🏃Swim🏊") { name } }'},
        content_type=f"{JSON}; charset=utf-8",
        data=NO_TYPE,
    ),
    "78D5": Audit(
        "MUST assume utf-8 in request if encoding is unspecified",
        {"query": TYPENAME},
        data=OF_QUERY,
    ),
    "2C94": Audit("MUST accept POST requests", {"query": TYPENAME}, data=OF_QUERY),
    "5A70": Audit(
        "MAY accept application/x-www-form-urlencoded formatted GET requests",
        {"query": TYPENAME},
        method="GET",
        data=OF_QUERY,
    ),
    "9C48": Audit(
        "MAY NOT allow executing mutations on GET requests",
        {"query": "mutation { __typename }"},
        method="GET",
        accept=GRAPHQL,
        status=405,
        answers=GRAPHQL,
    ),
    "9ABE": Audit(
        "SHOULD respond with 4xx status code if content-type is not supplied on POST "
        "requests",
        {"query": TYPENAME},
        content_type=None,
        status=400,
    ),
    "03D4": Audit(
        f"MUST accept {JSON} POST requests", {"query": TYPENAME}, data=OF_QUERY
    ),
    "A5BF": Audit(
        "MAY use 400 status code when request body is missing on POST",
        body=b"",
        status=400,
    ),
    "423L": Audit(
        "MAY use 400 status code on missing {query} parameter",
        {"notquery": TYPENAME},
        accept=GRAPHQL,
        status=400,
        answers=GRAPHQL,
    ),
    **{f"LKJ{index}": refuse("query", value) for index, value in enumerate(WRONG)},
    "34A2": allow("SHOULD", "string {query}", GRAPHQL, OF_QUERY, query=TYPENAME),
    "13EE": allow("MUST", "string {query}", JSON, OF_QUERY, query=TYPENAME),
    **{
        f"6C0{index}": refuse("operationName", value)
        for index, value in enumerate(WRONG)
    },
    "8161": allow("SHOULD", "string {operationName}", GRAPHQL, OF_QUERY, **OPERATION),
    "B8B3": allow("MUST", "string {operationName}", JSON, OF_QUERY, **OPERATION),
    **{
        f"94B{index}": allow(
            "SHOULD",
            f"null {{{name}}}",
            GRAPHQL,
            OF_QUERY,
            **{"query": TYPENAME, name: None},
        )
        for index, name in enumerate(NULLABLE)
    },
    **{
        f"022{index}": allow(
            "MUST",
            f"null {{{name}}}",
            JSON,
            OF_QUERY,
            **{"query": TYPENAME, name: None},
        )
        for index, name in enumerate(NULLABLE)
    },
    **{
        f"476{index}": refuse("variables", value)
        for index, value in enumerate(WRONG_MAPS)
    },
    "2EA1": allow("SHOULD", "map {variables}", GRAPHQL, NO_TYPE, **MAP),
    "28B9": allow("MUST", "map {variables}", JSON, NO_TYPE, **MAP),
    "D6D5": Audit(
        "MAY allow URL-encoded JSON string {variables} parameter in GETs when "
        f"accepting {GRAPHQL}",
        MAP,
        method="GET",
        accept=GRAPHQL,
        data=NO_TYPE,
        answers=GRAPHQL,
    ),
    "6A70": Audit(
        "MAY allow URL-encoded JSON string {variables} parameter in GETs when "
        f"accepting {JSON}",
        MAP,
        method="GET",
        accept=JSON,
        data=NO_TYPE,
    ),
    **{
        f"58B{index}": refuse("extensions", value)
        for index, value in enumerate(WRONG_MAPS)
    },
    "428F": allow("SHOULD", "map {extensions}", GRAPHQL, OF_QUERY, **EXTENDED),
    "1B7A": allow("MUST", "map {extensions}", JSON, OF_QUERY, **EXTENDED),
    "B6DC": Audit(
        "MAY use 2xx, 4xx, or 5xx status codes on JSON parsing failure when accepting "
        f"{JSON}",
        body=NOT_JSON,
        accept=JSON,
        status=400,
    ),
    "BCF8": Audit(
        f"SHOULD use 400 status code on JSON parsing failure when accepting {JSON}",
        body=NOT_JSON,
        accept=JSON,
        status=400,
    ),
    "B7N8": Audit(
        f"SHOULD use 400 status code on JSON parsing failure when accepting {GRAPHQL}",
        body=NOT_JSON,
        accept=GRAPHQL,
        status=400,
        answers=GRAPHQL,
    ),
    "8764": Audit(
        "MAY use 4xx or 5xx status codes if parameters are invalid",
        {"qeury": TYPENAME},
        status=400,
    ),
    "3E3A": Audit(
        "MAY use 400 status code if parameters are invalid",
        {"qeury": TYPENAME},
        status=400,
    ),
    "572B": fail(
        "use 200 status code on document parsing failure", 200, JSON, query="{"
    ),
    "FDE2": fail(
        "use 200 status code on document validation failure",
        200,
        JSON,
        query=UNKNOWN_FIELD,
    ),
    "7B9B": fail(
        "use a status code of 200 on variable coercion failure", 200, JSON, **COERCE
    ),
    "865D": fail(
        "use 4xx or 5xx status codes on document parsing failure",
        400,
        GRAPHQL,
        query="{",
    ),
    "556A": fail(
        "use 400 status code on document parsing failure", 400, GRAPHQL, query="{"
    ),
    "D586": fail(
        "not contain the data entry on document parsing failure",
        400,
        GRAPHQL,
        query="{",
    ),
    "51FE": fail(
        "use 4xx or 5xx status codes on document validation failure",
        400,
        GRAPHQL,
        query=UNKNOWN_FIELD,
    ),
    "74FF": fail(
        "use 400 status code on document validation failure",
        400,
        GRAPHQL,
        query=UNKNOWN_FIELD,
    ),
    "5E5B": fail(
        "not contain the data entry on document validation failure",
        400,
        GRAPHQL,
        query=UNKNOWN_FIELD,
    ),
    "86EE": fail(
        "use a status code of 400 on variable coercion failure", 400, GRAPHQL, **COERCE
    ),
}


def encode(parameters: dict[str, Any]) -> dict[str, str]:
    dump: Callable[[object], str] = json.dumps
    return {
        key: value if isinstance(value, str) else dump(value)
        for key, value in parameters.items()
    }


async def send(client: Client, audit: Audit) -> httpx.Response:
    headers = {} if audit.accept is None else {"Accept": audit.accept}
    if audit.accept is None:
        del client.http.headers["accept"]
    if audit.method == "GET":
        params = encode(audit.parameters or {})
        return await client.http.get("/graphql", params=params, headers=headers)
    if audit.content_type is not None:
        headers["Content-Type"] = audit.content_type
    content = audit.body
    if content is None:
        content = json.dumps(audit.parameters, ensure_ascii=False).encode()
    return await client.http.post("/graphql", content=content, headers=headers)


def test_each_audit_of_the_package_is_here() -> None:
    listed = {audit["id"]: audit["name"] for audit in json.loads(LISTED.read_bytes())}

    assert {name: audit.sentence for name, audit in AUDITS.items()} == listed
    assert len(listed) == 61


@pytest.mark.parametrize("name", AUDITS)
async def test_the_audit_passes(name: str, client: Client) -> None:
    audit = AUDITS[name]

    response = await send(client, audit)

    assert response.status_code == audit.status, audit.sentence
    assert response.headers["content-type"] == f"{audit.answers}; charset=utf-8"
    body = json.loads(response.content.decode("utf-8"))
    if audit.data is not None:
        assert body == audit.data
    else:
        assert sorted(body) == ["errors", "extensions"]
        assert len(body["errors"]) == 1
