"""Documents by id and by hash, in each mode, over HTTP."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.operations import digest_of
from tests.support import RecordingTransport

TEXT = "query Name { __typename }"
OTHER = "query Other { a: __typename }"
DECIDE = (
    "mutation Decide($input: DecideInput!) "
    "{ decide(input: $input) { results { outcome } } }"
)
ANSWER = {"data": {"__typename": "Query"}}

Serve = Callable[..., Any]
Write = Callable[..., Path]

ID_REQUIRED = (
    "PERSISTED_QUERY_ID_REQUIRED",
    (
        "This endpoint does not allow freeform GraphQL requests; operations must be "
        "sent by ID in the persisted queries GraphQL extension."
    ),
)
ID_AND_BODY = (
    "CANNOT_SEND_PQ_ID_AND_BODY",
    "Sending a persisted query ID and a body in the same request is disallowed",
)
NOT_IN_SAFELIST = (
    "QUERY_NOT_IN_SAFELIST",
    "The operation body was not found in the persisted query safelist",
)
MISMATCH = ("PERSISTED_QUERY_HASH_MISMATCH", "provided sha does not match query")
NO_TEXT = (
    "This is no GraphQL request: Expected `str | null`, got `int` - at `$.documentId`."
)
NO_DIGEST = (
    "`extensions.persistedQuery.sha256Hash` must be the SHA-256 of the document in hex."
)
NOT_FOUND = ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")


def not_in_list(name: str) -> tuple[str, str]:
    return (
        "PERSISTED_QUERY_NOT_IN_LIST",
        f"Persisted query '{name}' not found in the persisted query list",
    )


def apq(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest_of(text)}}


def refusal(response: httpx.Response) -> tuple[str, str]:
    """Return the code and the message of a refused request; a refusal is not kept."""
    (error,) = response.json()["errors"]
    assert "data" not in response.json()
    assert response.headers["Cache-Control"] == "no-store"
    return error["extensions"]["code"], error["message"]


@pytest.fixture
def trusting(manifest: Write) -> dict[str, Any]:
    return {"manifests": [manifest(one=TEXT, decide=DECIDE)]}


async def ask(http: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await http.post("/graphql", json=body)


# By id


@pytest.mark.parametrize("mode", ["open", "log", "trusted", "ids"])
@pytest.mark.parametrize("member", ["documentId", "doc_id", "id"])
@pytest.mark.parametrize("name", ["one", digest_of(TEXT), f"sha256:{digest_of(TEXT)}"])
async def test_a_document_is_known_by_its_id_in_the_body_and_the_query(
    serve: Serve, trusting: dict[str, Any], mode: str, member: str, name: str
) -> None:
    http = await serve(operations=trusting | {"mode": mode})

    posted = await http.post("/graphql", json={member: name})
    got = await http.get("/graphql", params={member: name})

    assert (posted.status_code, posted.json()) == (200, ANSWER)
    assert (got.status_code, got.json()) == (200, ANSWER)


@pytest.mark.parametrize("mode", ["open", "log", "trusted", "ids"])
async def test_a_document_is_known_by_its_id_in_the_path(
    serve: Serve, trusting: dict[str, Any], mode: str
) -> None:
    http = await serve(operations=trusting | {"mode": mode})

    got = await http.get("/graphql/one", params={"operationName": "Name"})
    posted = await http.post("/graphql/one", json={"variables": {}})

    assert (got.status_code, got.json()) == (200, ANSWER)
    assert (posted.status_code, posted.json()) == (200, ANSWER)


@pytest.mark.parametrize("mode", ["open", "log", "trusted", "ids"])
@pytest.mark.parametrize("how", ["body", "query", "path"])
async def test_an_unknown_id_is_404(
    serve: Serve, trusting: dict[str, Any], mode: str, how: str
) -> None:
    http = await serve(operations=trusting | {"mode": mode})

    match how:
        case "body":
            response = await ask(http, documentId="two")
        case "query":
            response = await http.get("/graphql?documentId=two")
        case _:
            response = await http.get("/graphql/two")

    assert response.status_code == 404
    assert refusal(response) == not_in_list("two")


async def test_an_endless_id_is_not_sent_back_whole(serve: Serve) -> None:
    http = await serve()

    response = await ask(http, documentId="x" * 10_000)

    assert refusal(response) == not_in_list("x" * 100 + "…")


async def test_the_hash_of_a_documents_own_text_is_a_hash_for_apollo_too(
    serve: Serve, trusting: dict[str, Any]
) -> None:
    http = await serve(operations=trusting | {"mode": "ids"})

    response = await ask(http, extensions=apq(TEXT))

    assert (response.status_code, response.json()) == (200, ANSWER)


async def test_a_mutation_by_id_is_not_run_by_get(
    serve: Serve, trusting: dict[str, Any], ottimate: RecordingTransport
) -> None:
    http = await serve(operations=trusting | {"mode": "ids"})
    variables = json.dumps({"input": {"decisions": []}})

    for response in [
        await http.get("/graphql/decide", params={"variables": variables}),
        await http.get(
            "/graphql", params={"documentId": "decide", "variables": variables}
        ),
    ]:
        assert response.status_code == 405
        assert response.headers["Allow"] == "POST"
        assert refusal(response)[0] == "METHOD_NOT_ALLOWED"
    assert ottimate.calls == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"documentId": "one", "id": "two"},
            "`documentId`, `doc_id` and `id` name two documents.",
        ),
        (
            {"documentId": "one", "extensions": apq(TEXT)},
            "Name the document by its id or its hash, not by both.",
        ),
        (
            {},
            "Send a GraphQL document as `query`, or the id of one as `documentId`.",
        ),
        (
            {"documentId": ""},
            "Send a GraphQL document as `query`, or the id of one as `documentId`.",
        ),
        ({"documentId": 1}, NO_TEXT),
    ],
)
async def test_a_request_names_one_document(
    serve: Serve, trusting: dict[str, Any], body: dict[str, Any], message: str
) -> None:
    http = await serve(operations=trusting)

    response = await ask(http, **body)

    assert response.status_code == 400
    assert refusal(response) == ("BAD_REQUEST", message)


@pytest.mark.parametrize("mode", ["open", "trusted", "ids"])
async def test_an_empty_text_beside_a_name_is_none(
    serve: Serve, trusting: dict[str, Any], mode: str
) -> None:
    """`graphql-ws` sends no request without the member `query`."""
    http = await serve(operations=trusting | {"mode": mode})

    for name in ({"documentId": "one"}, {"id": "one"}, {"extensions": apq(TEXT)}):
        response = await ask(http, query="", **name)

        assert (response.status_code, response.json()) == (200, ANSWER)


async def test_path_and_parameters_name_one_document(
    serve: Serve, trusting: dict[str, Any]
) -> None:
    http = await serve(operations=trusting)

    same = await http.get("/graphql/one?documentId=one")
    other = await http.get("/graphql/one?documentId=decide")

    assert same.json() == ANSWER
    assert other.status_code == 400
    assert refusal(other) == (
        "BAD_REQUEST",
        "The path and the parameters name two documents.",
    )


@pytest.mark.parametrize("member", ["documentId", "doc_id", "id"])
async def test_an_id_beside_a_text_must_be_that_texts(
    serve: Serve, trusting: dict[str, Any], member: str
) -> None:
    http = await serve(operations=trusting)

    same = await ask(http, query=TEXT, **{member: "one"})
    other = await ask(http, query=OTHER, **{member: "one"})
    unknown = await ask(http, query=TEXT, **{member: "two"})

    assert same.json() == ANSWER
    for response in [other, unknown]:
        assert response.status_code == 400
        assert refusal(response) == ID_AND_BODY


# Automatic persisted queries


@pytest.mark.parametrize("mode", ["open", "log"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_hash_is_registered_with_its_text_and_then_enough(
    serve: Serve, trusting: dict[str, Any], mode: str, method: str
) -> None:
    http = await serve(operations=trusting | {"mode": mode})

    async def send(**parameters: Any) -> httpx.Response:
        if method == "POST":
            return await ask(http, **parameters)
        texts = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in parameters.items()
        }
        response: httpx.Response = await http.get("/graphql", params=texts)
        return response

    missed = await send(extensions=apq(OTHER))
    registered = await send(query=OTHER, extensions=apq(OTHER))
    known = await send(extensions=apq(OTHER))

    assert missed.status_code == 200
    assert refusal(missed) == NOT_FOUND
    assert registered.json() == known.json() == {"data": {"a": "Query"}}


async def test_a_miss_is_200_for_clients_of_either_media_type(serve: Serve) -> None:
    http = await serve()

    for media_type in ["application/json", "application/graphql-response+json"]:
        response = await http.post(
            "/graphql",
            json={"extensions": apq(TEXT)},
            headers={"Accept": media_type},
        )

        assert response.status_code == 200
        assert response.headers["Content-Type"] == f"{media_type}; charset=utf-8"
        assert refusal(response) == NOT_FOUND


async def test_a_hash_that_is_not_its_texts_registers_nothing(serve: Serve) -> None:
    http = await serve()

    wrong = await ask(http, query=TEXT, extensions=apq(OTHER))
    after = [await ask(http, extensions=apq(one)) for one in (TEXT, OTHER)]

    assert wrong.status_code == 400
    assert refusal(wrong) == MISMATCH
    assert [refusal(one) for one in after] == [NOT_FOUND, NOT_FOUND]


async def test_what_is_hashed_is_what_was_received(serve: Serve) -> None:
    http = await serve()
    spaced = "query Name {\r\n\t__typename # é\n}"

    await ask(http, query=spaced, extensions=apq(spaced))

    assert (await ask(http, extensions=apq(spaced))).json() == ANSWER
    assert refusal(await ask(http, extensions=apq(TEXT))) == NOT_FOUND


@pytest.mark.parametrize("text", ["{", "{ nothing }"])
async def test_a_text_that_does_not_run_is_not_kept(serve: Serve, text: str) -> None:
    http = await serve()

    sent = await ask(http, query=text, extensions=apq(text))

    assert sent.status_code == 400
    assert refusal(await ask(http, extensions=apq(text))) == NOT_FOUND


@pytest.mark.parametrize(
    ("persisted", "message"),
    [
        ({"version": 2, "sha256Hash": "a"}, "Unsupported persisted query version"),
        ({"sha256Hash": "a"}, "Unsupported persisted query version"),
        ({"version": True, "sha256Hash": "a"}, "Unsupported persisted query version"),
        ("a", "Unsupported persisted query version"),
        (
            {"version": 1},
            NO_DIGEST,
        ),
        (
            {"version": 1, "sha256Hash": 7},
            NO_DIGEST,
        ),
    ],
)
async def test_a_malformed_persisted_query_is_refused(
    serve: Serve, persisted: object, message: str
) -> None:
    http = await serve()

    response = await ask(http, query=TEXT, extensions={"persistedQuery": persisted})

    assert response.status_code == 400
    assert refusal(response) == ("BAD_REQUEST", message)


async def test_what_is_registered_is_bounded(serve: Serve) -> None:
    http = await serve()

    def text(number: int) -> str:
        return f"query Q{number} {{ __typename }}"

    for number in range(1_001):
        await ask(http, query=text(number), extensions=apq(text(number)))

    assert refusal(await ask(http, extensions=apq(text(0)))) == NOT_FOUND
    assert (await ask(http, extensions=apq(text(1)))).json() == ANSWER
    assert (await ask(http, extensions=apq(text(1000)))).json() == ANSWER


async def test_what_is_registered_never_becomes_trusted(
    serve: Serve, trusting: dict[str, Any]
) -> None:
    http = await serve(operations=trusting | {"mode": "open"})

    await ask(http, query=OTHER, extensions=apq(OTHER))

    for name in [digest_of(OTHER), f"sha256:{digest_of(OTHER)}"]:
        response = await ask(http, documentId=name)
        assert response.status_code == 404
        assert refusal(response) == not_in_list(name)


# Modes


async def test_trusted_takes_the_text_of_a_manifest_and_no_other(
    serve: Serve, trusting: dict[str, Any]
) -> None:
    http = await serve(operations=trusting | {"mode": "trusted"})

    known = await ask(http, query=TEXT)
    hashed = await ask(http, query=TEXT, extensions=apq(TEXT))
    unknown = [
        await ask(http, query=OTHER),
        await ask(http, query=OTHER, extensions=apq(OTHER)),
        await ask(http, query=f"{TEXT} "),
        await http.get("/graphql", params={"query": OTHER}),
    ]
    after = await ask(http, extensions=apq(OTHER))

    assert known.json() == hashed.json() == ANSWER
    for response in unknown:
        assert response.status_code == 403
        assert refusal(response) == NOT_IN_SAFELIST
    assert after.status_code == 404
    assert refusal(after) == not_in_list(digest_of(OTHER))


async def test_ids_takes_no_text_at_all(serve: Serve, trusting: dict[str, Any]) -> None:
    http = await serve(operations=trusting | {"mode": "ids"})

    for response in [
        await ask(http, query=TEXT),
        await ask(http, query=OTHER),
        await ask(http, query="{"),
        await ask(http, query=TEXT, documentId="one"),
        await ask(http, query=TEXT, extensions=apq(TEXT)),
        await http.get("/graphql", params={"query": TEXT}),
    ]:
        assert response.status_code == 400
        assert refusal(response) == ID_REQUIRED


async def test_a_hash_of_no_manifest_is_not_worth_sending_the_text_for(
    serve: Serve, trusting: dict[str, Any]
) -> None:
    """Apollo's clients send the text after `PersistedQueryNotFound`."""
    for mode in ["trusted", "ids"]:
        http = await serve(operations=trusting | {"mode": mode})

        response = await ask(http, extensions=apq(OTHER))

        assert response.status_code == 404
        assert refusal(response) == not_in_list(digest_of(OTHER))


async def test_log_runs_what_is_unknown_and_says_so(
    serve: Serve, trusting: dict[str, Any]
) -> None:
    http = await serve(operations=trusting | {"mode": "log"})

    with capture_logs() as logs:
        known = await ask(http, query=TEXT)
        unknown = await ask(http, query=OTHER, variables={"secret": "x"})

    assert known.json() == ANSWER
    assert unknown.json() == {"data": {"a": "Query"}}
    assert [one for one in logs if one["event"] == "unknown_operation"] == [
        {
            "event": "unknown_operation",
            "log_level": "info",
            "sha256": digest_of(OTHER),
            "operations": ["Other"],
        }
    ]


async def test_what_is_logged_of_an_unknown_document_is_bounded(serve: Serve) -> None:
    http = await serve(operations={"mode": "log"})
    text = " ".join(f"query {'x' * 1_000}{n} {{ __typename }}" for n in range(50))

    with capture_logs() as logs:
        await ask(http, query=text, operationName="x" * 1_000 + "0")

    [line] = [one for one in logs if one["event"] == "unknown_operation"]
    assert line["operations"] == ["x" * 100] * 10
