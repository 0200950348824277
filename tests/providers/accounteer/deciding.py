"""What the tests of Accounteer's decisions share: an office, and what is said."""

from typing import Any

from msgspec import Struct

from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.accounteer.simulator.objects import Document
from tests.providers.accounteer.calls import BODIES, Row, approve_call, graph_id, sent
from tests.providers.accounteer.reading import on_accounteer
from tests.support import Client, FakeTime, RecordingTransport

PAYLOAD = """
    clientMutationId
    outcome
    approvable { ... on Invoice { id status sourceStatus approvalState viewerActions } }
    userErrors { code message field provider }
"""
TEXTS = {
    name: f"mutation ($input: {name.capitalize()}Input!) {{"
    f"\n  {name}(input: $input) {{{PAYLOAD}  }}\n}}"
    for name in ("approve", "reject")
}
DECIDE = """mutation ($input: DecideInput!) {
  decide(input: $input) {
    results { outcome userErrors { code message field provider } }
    userErrors { code message }
  }
}"""
LOOK = """query ($id: ID!) { invoice(id: $id) { version viewerActions } }"""

CAPABILITIES = """query ($filter: InvoiceFilter) {
  invoices(first: 1, filter: $filter) { sources { capabilities } }
}"""

UNCHANGED = "Nothing was changed."
NOT_LET = f"Accounteer does not let this account's application do this. {UNCHANGED}"
NO_CALL = f"This Accounteer account has no such call. {UNCHANGED}"
ABSENT = f"There is no such invoice for this account. {UNCHANGED}"
NO_DRAFT = (
    "Only a draft can be approved, and this document is none: see `sourceStatus`. "
    f"{UNCHANGED}"
)
NOT_TAKEN = (
    "Accounteer takes no approval of this document: it may lack lines or an amount, or "
    f"be of a period that is closed. {UNCHANGED}"
)
STALE = (
    "It is not as it was when `expectedVersion` was read. Look at it again, and decide "
    "with its `version` of now. Nothing was sent."
)
CHANGED_MEANWHILE = (
    "It was approved, and somebody changed it at the same moment: what is approved is "
    "not what was looked at. Look at it again; Accounteer takes no approval back."
)
FORESTALLED = (
    "Somebody else changed and approved it at the same moment: look at it again. This "
    "decision changed nothing."
)
NO_APPROVERS = (
    "Accounteer has no approvers: whoever holds the right approves in one call. "
    "Nothing was sent."
)


class Office(Struct, frozen=True):
    """The application over the simulators, and Accounteer from both of its sides."""

    client: Client
    accounteer: RecordingTransport
    simulator: AccounteerSimulator
    time: FakeTime

    def document(self, source_id: str) -> Document:
        """Return a document of either kind."""
        state = self.simulator.state
        return state.invoices.get(source_id) or state.purchases[source_id]

    def draft(self, kind: str, **fields: Any) -> Document:
        """Add a draft over 121 EUR, and return it."""
        state = self.simulator.state
        add = state.add_invoice if kind == "invoice" else state.add_purchase
        return add(**fields)

    async def send(
        self,
        document: Document,
        *,
        mutation: str = "approve",
        person: str | None = None,
        **members: Any,
    ) -> Row:
        """Return the payload of a decision that answers without a fault."""
        body = await self.fail(document, mutation=mutation, person=person, **members)
        assert list(body) == ["data"], body
        payload: Row = body["data"][mutation]
        return payload

    async def fail(
        self,
        document: Document,
        *,
        mutation: str = "approve",
        person: str | None = None,
        **members: Any,
    ) -> Row:
        """Return the whole body of the answer to a decision."""
        wanted = {"id": graph_id(document), **members}
        return await self.client.execute(
            TEXTS[mutation], {"input": wanted}, person=person
        )

    async def look(self, document: Document, *, person: str | None = None) -> Row:
        """Return version and actions, as a person reads them; no call is kept."""
        variables = {"id": graph_id(document)}
        body = await self.client.execute(LOOK, variables, person=person)
        assert list(body) == ["data"], body
        self.accounteer.clear()
        found: Row = body["data"]["invoice"]
        return found

    def check_sent_once(self, document: Document) -> None:
        """Hold that the one approval was sent, once, and nothing else."""
        body = BODIES[document.kind]
        assert sent(self.accounteer) == [(approve_call(document), body)]

    def check_nothing_sent(self, document: Document, status: str = "draft") -> None:
        """Hold that nothing was sent, and nothing became of the document."""
        assert sent(self.accounteer) == []
        assert document.status == status


def shown(document: Document, status: str, *actions: str) -> Row:
    """Return a document as the mutations show it, as it stands for the gateway."""
    states = {"DRAFT": "PENDING", "UNKNOWN": "UNKNOWN"}
    return {
        "id": graph_id(document),
        "status": status,
        "sourceStatus": document.status,
        "approvalState": states.get(status, "APPROVED"),
        "viewerActions": list(actions),
    }


def payload(outcome: str, approvable: Any, *errors: Row) -> Row:
    return {
        "clientMutationId": None,
        "outcome": outcome,
        "approvable": approvable,
        "userErrors": list(errors),
    }


def error(code: str, message: str, field: list[str] | None = None) -> Row:
    """Return a user error that is about Accounteer."""
    return {"code": code, "message": message, "field": field, "provider": "ACCOUNTEER"}


async def capabilities(office: Office, person: str | None = None) -> list[str]:
    """Return what the account can be asked to do, as a list tells it."""
    variables = {"filter": on_accounteer()}
    body = await office.client.execute(CAPABILITIES, variables, person=person)
    [source] = body["data"]["invoices"]["sources"]
    office.accounteer.clear()
    told: list[str] = source["capabilities"]
    return told
