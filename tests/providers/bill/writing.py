"""What the tests of BILL's writes share: the documents, and an office to send from."""

import pickle
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
from msgspec import Struct

from gateway.domain import ProviderName, encode_id
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.objects import Bill
from tests.support import Client, Handler, RecordingTransport, writes

Intercept = Callable[[httpx.Request, Handler], Awaitable[httpx.Response]]

INVOICE = """
fragment Shown on Invoice {
  number
  status
  approvalState
  progress { required approved rejected waitingOn { sourceId } }
  approvers { position status decidedAt user { sourceId } }
}
"""
LOOK = "query ($id: ID!) { node(id: $id) { ...Shown } }"
_TEXTS = {
    "approve": """
mutation ($input: ApproveInput!) {
  approve(input: $input) {
    clientMutationId
    outcome
    approvable { ...Shown }
    approvalStatus { id }
    userErrors { code message field provider }
  }
}
""",
    "reject": """
mutation ($input: RejectInput!) {
  reject(input: $input) {
    clientMutationId
    outcome
    approvable { ...Shown }
    approvalStatus { id }
    userErrors { code message field provider }
  }
}
""",
    "setApprovers": """
mutation ($input: SetApproversInput!) {
  setApprovers(input: $input) {
    clientMutationId
    outcome
    invoice { ...Shown }
    userErrors { code message field provider }
  }
}
""",
    "clearApprovers": """
mutation ($input: ClearApproversInput!) {
  clearApprovers(input: $input) {
    clientMutationId
    outcome
    invoice { ...Shown }
    userErrors { code message field provider }
  }
}
""",
    "addApprover": """
mutation ($input: AddApproverInput!) {
  addApprover(input: $input) {
    clientMutationId
    outcome
    approver { id sourceId isManual policy { id } user { sourceId displayName email } }
    invoice { ...Shown }
    userErrors { code message field provider }
  }
}
""",
    "removeApprover": """
mutation ($input: RemoveApproverInput!) {
  removeApprover(input: $input) {
    clientMutationId
    outcome
    removedApproverId
    invoice { ...Shown }
    userErrors { code message field provider }
  }
}
""",
}


_MEMBERS = """
fragment PolicyFields on Policy {
  sourceId
  name
  appliesTo
  amountThreshold { amount currency }
  minimumApprovers
  isActive
  mandatoryApprovers { sourceId }
  createdAt
  updatedAt
}
"""
_TEXTS |= {
    mutation: f"""
mutation ($input: {mutation[0].upper()}{mutation[1:]}Input!) {{
  {mutation}(input: $input) {{
    clientMutationId
    outcome
    policy {{ ...PolicyFields }}
    userErrors {{ code message field provider }}
  }}
}}
{_MEMBERS}
"""
    for mutation in (
        "createPolicy",
        "updatePolicy",
        "deletePolicy",
        "restorePolicy",
        "addPolicyApprover",
        "removePolicyApprover",
    )
}


class Office(Struct, frozen=True):
    """The application over the simulators, and BILL as seen from both of its sides."""

    client: Client
    bill: RecordingTransport
    simulator: BillSimulator

    def source_id(self, number: str) -> str:
        return self.simulator.state.numbered(number).id

    def id(self, number: str) -> str:
        return encode_id("Invoice", ProviderName.BILL, self.source_id(number))

    def approver_id(self, number: str, index: int) -> str:
        invoice_id = self.source_id(number)
        row = self.simulator.state.chain(invoice_id)[index]
        return encode_id("Approver", ProviderName.BILL, row.id, invoice_id)

    def rows(self, number: str) -> list[tuple[str, str]]:
        """Return who is in the chain, and how far in BILL's own words."""
        chain = self.simulator.state.chain(self.source_id(number))
        return [(row.users_id, row.status) for row in chain]

    def target(self, number: str) -> dict[str, str]:
        """Return the arguments that name an object in every call on its chain."""
        one = self.simulator.state.numbered(number)
        entity = "Bill" if isinstance(one, Bill) else "VendorCredit"
        return {"objectId": one.id, "entity": entity}

    def state(self) -> dict[str, Any]:
        """Return all that BILL holds, to be compared with what it holds later."""
        # Faster than a deep copy, and of the same types.
        state: dict[str, Any] = pickle.loads(pickle.dumps(vars(self.simulator.state)))  # noqa: S301 - our own
        return state

    def written(self) -> list[tuple[str, Any]]:
        """Return the writes that were sent, each with its arguments."""
        return [
            (call, self.bill.data(index))
            for index, call in enumerate(self.bill.calls)
            if call in writes(self.bill)
        ]

    async def look_at_policy(self, source_id: str) -> Any:
        """Return a policy as the graph shows it, without a trace in the calls."""
        query = "query ($id: ID!) { policy(id: $id) { ...PolicyFields } }"
        variables = {"id": policy_id(source_id)}
        body = await self.client.execute(query + _MEMBERS, variables)
        self.bill.clear()
        return body["data"]["policy"]

    async def look(self, number: str) -> Any:
        """Return an invoice as the graph shows it, without a trace in the calls."""
        body = await self.client.execute(LOOK + INVOICE, {"id": self.id(number)})
        self.bill.clear()
        return body["data"]["node"]

    def intercept(self, call: str, handler: Intercept) -> None:
        self.bill.interceptors[f"POST /{call}.json"] = handler

    async def send(
        self, mutation: str, *, person: str | None = None, **members: Any
    ) -> dict[str, Any]:
        """Return the payload of one mutation that answers without a fault."""
        body = await self.fail(mutation, person=person, **members)
        assert list(body) == ["data"], body
        payload: dict[str, Any] = body["data"][mutation]
        return payload

    async def fail(
        self, mutation: str, *, person: str | None = None, **members: Any
    ) -> dict[str, Any]:
        """Return the whole body of the answer to one mutation."""
        query = _TEXTS[mutation]
        if "...Shown" in query:
            query += INVOICE
        return await self.client.execute(query, {"input": members}, person=person)


def policy_id(source_id: str) -> str:
    return encode_id("Policy", ProviderName.BILL, source_id)


def refusal(
    code: str, message: str, field: list[str] | None = None
) -> list[dict[str, Any]]:
    """Return the user errors of one refusal that is about BILL."""
    told = {"code": code, "message": message, "field": field, "provider": "BILL"}
    return [told]


def envelope(data: Any) -> httpx.Response:
    """Return a success of BILL's."""
    content = {"response_status": 0, "response_message": "Success"}
    return httpx.Response(200, json={**content, "response_data": data})


def failure(code: str) -> httpx.Response:
    """Return a failure of BILL's, which comes as HTTP 200."""
    data = {"error_code": code, "error_message": "BILL says no."}
    content = {"response_status": 1, "response_message": "Error"}
    return httpx.Response(200, json={**content, "response_data": data})


def answering(response: httpx.Response) -> Intercept:
    """Return what answers in the place of BILL, and lets nothing through."""

    async def answer(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        return httpx.Response(response.status_code, content=response.content)

    return answer


def before(change: Callable[[], object]) -> Intercept:
    """Return what changes something in BILL before a call reaches it."""

    async def pass_on(request: httpx.Request, upstream: Handler) -> httpx.Response:
        change()
        return await upstream(request)

    return pass_on


def nobody_there() -> list[dict[str, Any]]:
    """Return the user errors for a person without credentials of their own."""
    return refusal(
        "FORBIDDEN",
        "BILL records who decides, and this gateway has no credentials of yours for "
        "it; its operator can add them. Nothing was sent.",
    )


def shown(
    number: str,
    state: tuple[str, str],
    progress: tuple[int | None, int | None, int | None],
    chain: Sequence[tuple[str, str, str | None]],
) -> dict[str, Any]:
    """Return an invoice as the documents ask for it.

    *state* is its status and its approval's, *progress* what is required, approved and
    rejected, *chain* each user with their status and when they decided.
    """
    waiting = [user for user, status, _ in chain if status == "PENDING"]
    return {
        "number": number,
        "status": state[0],
        "approvalState": state[1],
        "progress": {
            "required": progress[0],
            "approved": progress[1],
            "rejected": progress[2],
            "waitingOn": [{"sourceId": user} for user in waiting],
        },
        "approvers": [
            {
                "position": position,
                "status": status,
                "decidedAt": decided_at,
                "user": {"sourceId": user},
            }
            for position, (user, status, decided_at) in enumerate(chain, start=1)
        ],
    }
