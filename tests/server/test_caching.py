"""What may be kept of an answer, how long, and by whom."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import is_object_type

from gateway.app import create_app
from gateway.domain import ProviderName
from gateway.sandbox import Sandbox
from gateway.schema import create_schema
from gateway.security import Caller
from gateway.server.caching import _KINDS, _PERSONAL_TYPES, find_cache_control
from gateway.settings import MaxAges, Settings
from tests.support import RecordingTransport

DOCUMENTS = {
    "policies": "query Policies { policies(first: 1) { nodes { name } } }",
    "invoice": (
        "query Invoice($id: ID!) { node(id: $id) { ... on Invoice { approvalState } } }"
    ),
    "viewer": "query Viewer { viewer { approvals(first: 1) { nodes { id } } } }",
    "actions": (
        "query Actions($id: ID!) "
        "{ policies(first: 1) { nodes { name } } "
        "node(id: $id) { ... on Approvable { viewerActions } } }"
    ),
    "broken": (
        'query Broken { policies(first: 1) { nodes { name } } node(id: "x") { id } }'
    ),
}
PENDING = (
    "{ invoices(first: 1, filter: {states: [PENDING], providers: [OTTIMATE]}) "
    "{ nodes { id } } }"
)
APPROVE = "mutation($id: ID!) { approve(input: {id: $id, force: true}) { outcome } }"
ANONYMOUS = Caller(subject=None)
CLERK = Caller(subject="clerk")
AGES = MaxAges(invoice=5, policy=60, user=300, approvers=0)

# Parts of what another type's fields count for: they are read with it.
PARTS = {
    "AbsenceCategory",
    "ApprovableConnection",
    "ApprovableEdge",
    "ApprovalStatusEdge",
    "Attachment",
    "Counterparty",
    "HistoryEvent",
    "InvoiceEdge",
    "InvoiceLine",
    "Money",
    "PageInfo",
    "PolicyEdge",
    "Quota",
    "SourceError",
    "SourceStatus",
}


@pytest.mark.parametrize(
    ("reads", "caller", "expected"),
    [
        ({"Policy.name"}, ANONYMOUS, "public, max-age=60"),
        ({"Policy.name"}, CLERK, "private, max-age=60"),
        ({"Policy.name", "Invoice.number"}, CLERK, "private, max-age=5"),
        ({"Policy.name", "Approver.status"}, ANONYMOUS, "public, no-cache"),
        ({"Policy.name", "Query.policies"}, ANONYMOUS, "public, max-age=60"),
        ({"PolicyConnection.sources"}, ANONYMOUS, "public, no-cache"),
        ({"Query.viewer", "Policy.name"}, CLERK, "no-store"),
        ({"Viewer.approvals"}, ANONYMOUS, "no-store"),
        ({"Invoice.viewerActions", "Invoice.number"}, CLERK, "no-store"),
        (set(), ANONYMOUS, "public, no-cache"),
    ],
)
def test_what_ages_first_decides(
    reads: set[str], caller: Caller, expected: str
) -> None:
    assert find_cache_control(reads, AGES, caller) == expected


def test_every_type_of_the_graph_has_its_place() -> None:
    names = {
        name
        for name, one in create_schema().type_map.items()
        if is_object_type(one) and not name.startswith("__")
    }
    written = {name for name in names if name.endswith(("Payload", "Result"))}
    roots = {"Query", "Mutation", "Subscription", "UserError", "ApprovalChange"}

    assert names - written - roots == set(_KINDS) | _PERSONAL_TYPES | PARTS


def test_every_kind_has_an_age() -> None:
    assert set(_KINDS.values()) == set(MaxAges.model_fields)


@pytest.mark.parametrize(
    "name",
    [
        "Invoice",
        "InvoiceConnection",
        "Booking",
        "TimeEntry",
        "Expense",
        "Approver",
        "ApprovalProgress",
        "ApprovalStatus",
        "ApprovalStatusConnection",
        "Policy",
        "PolicyConnection",
    ],
)
def test_who_changed_something_here_reads_it_anew(name: str) -> None:
    """A browser would show its own copy after a mutation, and hear of no change."""
    read = {f"{name}.field", "User.displayName"}

    assert find_cache_control(read, MaxAges(), CLERK) == "private, no-cache"


@pytest.fixture
async def http(
    sandbox: Sandbox, bill: RecordingTransport, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    path = tmp_path / "app.json"
    path.write_text(json.dumps(DOCUMENTS), encoding="utf-8")
    settings = Settings.model_validate(
        {
            "operations": {"manifests": [path]},
            "cache": {"max_age_seconds": {"policy": 60}},
        }
    )
    app = create_app(settings, sandbox=sandbox, transports={ProviderName.BILL: bill})
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as client:
        yield client


async def test_a_query_by_id_may_be_kept(http: httpx.AsyncClient) -> None:
    response = await http.get("/graphql/policies")

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, max-age=60"
    etag = response.headers["ETag"]
    assert etag.startswith('"')
    assert etag.endswith('"')
    assert set(response.headers["Vary"].split(", ")) >= {
        "Accept",
        "Authorization",
        "X-API-Key",
        "Accept-Encoding",
    }


async def test_who_has_it_is_told_so(http: httpx.AsyncClient) -> None:
    first = await http.get("/graphql/policies")
    etag = first.headers["ETag"]

    for known in [etag, f'"other", {etag}', f"W/{etag}", "*"]:
        again = await http.get("/graphql/policies", headers={"If-None-Match": known})

        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == etag
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert again.headers["Vary"] == first.headers["Vary"]
        assert "Content-Type" not in again.headers
    other = await http.get("/graphql/policies", headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.json()) == (200, first.json())


async def test_each_media_type_has_its_own_validator(http: httpx.AsyncClient) -> None:
    tags = [
        (await http.get("/graphql/policies", headers={"Accept": one})).headers["ETag"]
        for one in ["application/json", "application/graphql-response+json"]
    ]

    assert len(set(tags)) == 2


async def test_what_changed_has_another_validator(
    http: httpx.AsyncClient, bill: RecordingTransport
) -> None:
    first = await http.get("/graphql/policies")
    created = await http.post(
        "/graphql",
        json={
            "query": (
                'mutation { createPolicy(input: {amountThreshold: "99999"}) '
                "{ outcome userErrors { code message } } }"
            )
        },
    )
    again = await http.get(
        "/graphql/policies", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert created.json()["data"]["createPolicy"]["outcome"] == "APPLIED"
    assert again.status_code == 200
    assert again.json() != first.json()
    assert again.headers["ETag"] != first.headers["ETag"]
    assert bill.calls


async def test_a_decision_is_seen_by_who_reads_again(http: httpx.AsyncClient) -> None:
    """What decisions change is asked for anew each time, unless an operator says so."""
    found = await http.post("/graphql", json={"query": PENDING})
    variables = found.json()["data"]["invoices"]["nodes"][0]
    params = {"variables": json.dumps(variables)}
    first = await http.get("/graphql/invoice", params=params)
    known = {"If-None-Match": first.headers["ETag"]}

    same = await http.get("/graphql/invoice", params=params, headers=known)
    decided = await http.post(
        "/graphql", json={"query": APPROVE, "variables": variables}
    )
    again = await http.get("/graphql/invoice", params=params, headers=known)

    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.json() == {"data": {"node": {"approvalState": "PENDING"}}}
    assert same.status_code == 304
    assert decided.json()["data"]["approve"]["outcome"] == "APPLIED"
    assert again.status_code == 200
    assert again.json() == {"data": {"node": {"approvalState": "APPROVED"}}}
    assert again.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("name", ["viewer", "actions", "broken"])
async def test_what_is_personal_or_failed_is_not_stored(
    http: httpx.AsyncClient, name: str
) -> None:
    found = await http.post(
        "/graphql", json={"query": "{ invoices(first: 1) { nodes { id } } }"}
    )
    invoice_id = found.json()["data"]["invoices"]["nodes"][0]["id"]

    response = await http.get(
        f"/graphql/{name}", params={"variables": json.dumps({"id": invoice_id})}
    )

    assert response.status_code == 200
    assert ("errors" in response.json()) is (name == "broken")
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


async def _by_text(http: httpx.AsyncClient) -> httpx.Response:
    return await http.get("/graphql", params={"query": DOCUMENTS["policies"]})


async def _by_post(http: httpx.AsyncClient) -> httpx.Response:
    return await http.post("/graphql", json={"documentId": "policies"})


@pytest.mark.parametrize("ask", [_by_text, _by_post])
async def test_only_a_get_by_id_may_be_kept(http: httpx.AsyncClient, ask: Any) -> None:
    response = await ask(http)

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


async def test_a_hash_is_an_id_too(http: httpx.AsyncClient) -> None:
    text = "query P { policies(first: 2) { nodes { name } } }"
    extensions = {
        "persistedQuery": {
            "version": 1,
            "sha256Hash": hashlib.sha256(text.encode()).hexdigest(),
        }
    }
    params = {"extensions": json.dumps(extensions)}
    missed = await http.get("/graphql", params=params)
    sent = await http.get("/graphql", params=params | {"query": text})
    known = await http.get("/graphql", params=params)

    assert missed.headers["Cache-Control"] == "no-store"
    assert sent.headers["Cache-Control"] == "no-store"
    assert known.headers["Cache-Control"] == "private, max-age=60"
    assert known.json() == sent.json()
