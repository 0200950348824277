"""What the tests of mutations send, and the fixtures' types."""

from collections.abc import Callable

from gateway.providers.ottimate.simulator import OttimateSimulator

InvoiceId = Callable[[str], str]
ApproverId = Callable[[str, int], str]

APPROVE = """
mutation ($input: ApproveInput!) {
  approve(input: $input) {
    clientMutationId
    outcome
    approvable { ... on Invoice { number sourceStatus approvedAt } }
    userErrors { code field provider }
  }
}
"""
OUTCOME = """
mutation ($input: ApproveInput!) {
  approve(input: $input) { outcome userErrors { code message field provider } }
}
"""
ADD = """
mutation ($input: AddApproverInput!) {
  addApprover(input: $input) {
    outcome
    approver { sourceId isManual user { sourceId } }
    invoice { approvers { sourceId } }
    userErrors { code field }
  }
}
"""
REMOVE = """
mutation ($input: RemoveApproverInput!) {
  removeApprover(input: $input) {
    outcome
    removedApproverId
    invoice { approvers { sourceId } }
    userErrors { code field }
  }
}
"""


def approve_call(simulator: OttimateSimulator, number: str) -> str:
    return f"POST /invoices/{simulator.state.numbered(number).id}/approve"
