"""The graph's enums: the domain's closed sets, described for the API's user."""

from enum import Enum, StrEnum

import strawberry

from gateway import domain


class UserErrorCode(StrEnum):
    """Why a mutation was refused."""

    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    INVALID = "INVALID"
    CONFLICT = "CONFLICT"
    UNSUPPORTED = "UNSUPPORTED"
    STALE = "STALE"


def _describe(enum: type[Enum], description: str, **values: str) -> None:
    """Make *enum* a GraphQL enum; a value without a description is an error."""
    strawberry.enum(enum, description=description)
    definition = getattr(enum, "__strawberry_definition__")  # noqa: B009 - untyped
    for value in definition.values:
        value.description = values[value.name]


_UNKNOWN = (
    "The provider does not tell, or tells something that this graph has no word for."
)

_describe(
    domain.ProviderName,
    "An approval system behind this graph.",
    OTTIMATE="Ottimate (formerly Plate IQ): invoices and their approvers.",
    BILL="BILL (Bill.com): bills and vendor credits, approved in order, and policies.",
    PRODUCTIVE="Productive: approval statuses on bookings, time entries and expenses.",
    ACCOUNTEER="Accounteer: sales invoices and purchases, whose approval is final.",
)
_describe(
    domain.Capability,
    "What an account with a provider can be asked to do.",
    READ_INVOICES="Read and list invoices.",
    READ_APPROVERS="Read who must approve an invoice.",
    READ_HISTORY="Read what happened to an invoice.",
    APPROVE="Approve.",
    FORCE_APPROVE="Approve past the approvers who are asked; a right of its own.",
    REJECT="Reject.",
    ADD_APPROVER="Ask one more person to approve.",
    REMOVE_APPROVER="Take back that a person is asked to approve.",
    SET_APPROVERS="Set all approvers at once, in order.",
    CLEAR_APPROVERS="Take all approvers off at once.",
    READ_POLICIES="Read and list policies.",
    MANAGE_POLICIES="Make, change, delete and restore policies.",
    READ_QUEUE="Read what waits for a person.",
    READ_APPROVAL_STATUSES="Read and list approval statuses.",
)
_describe(
    domain.ViewerAction,
    "What can be asked for now. The provider may still refuse a person whose rights it "
    "does not tell.",
    APPROVE="`approve`.",
    FORCE_APPROVE="`approve` with `force`.",
    REJECT="`reject`.",
    ADD_APPROVER="`addApprover`.",
    REMOVE_APPROVER="`removeApprover`.",
    SET_APPROVERS="`setApprovers`.",
)
_describe(
    domain.InvoiceKind,
    "What sort of document an invoice is.",
    INVOICE="An invoice: one that we are to pay (Ottimate), or one of ours to a client "
    "(Accounteer).",
    CREDIT_MEMO="A credit that we are given.",
    BILL="A bill that we are to pay (BILL).",
    VENDOR_CREDIT="A credit that a vendor gives us (BILL).",
    PURCHASE="An invoice of a supplier, that we are to pay (Accounteer).",
    UNKNOWN=_UNKNOWN,
)
_describe(
    domain.InvoiceStatus,
    "Where an invoice stands in its life, in one set of words for all providers.",
    DRAFT="It may still be changed, and waits to be approved (Accounteer).",
    PROCESSING="The provider is still reading it.",
    INCOMPLETE="Data is missing or wrong, or it was flagged.",
    NEEDS_ATTENTION="Somebody must look at its data.",
    UNASSIGNED="Nobody is asked to approve it.",
    PENDING_APPROVAL="It waits for its approvers.",
    APPROVED="It is approved.",
    REJECTED="It is rejected.",
    PAID="It is paid, whatever became of its approval.",
    EXPORTED="It is approved and was sent on to the accounting system.",
    ARCHIVED="It is out of the workflow, or deleted.",
    UNKNOWN=_UNKNOWN,
)
_describe(
    domain.Decision,
    "What a person decides.",
    APPROVE="Approve it.",
    REJECT="Reject it.",
)
_describe(
    domain.ApprovalState,
    "How far the approval of an object is.",
    NOT_REQUIRED="Nobody has to approve it.",
    PENDING="It waits for approval.",
    APPROVED="It is approved.",
    REJECTED="It is rejected.",
    UNKNOWN="The provider does not tell, or approval has not begun.",
)
_describe(
    domain.ApproverStatus,
    "How far one approver is.",
    PENDING="Asked, and has not decided.",
    UPCOMING="Will be asked; the approval has not come to this person yet.",
    APPROVED="Has approved.",
    REJECTED="Has rejected.",
    SKIPPED="Is not needed any more.",
    UNKNOWN="The provider does not tell who of the approvers has decided.",
)
_describe(
    domain.ProgressRule,
    "How many of the approvers must approve.",
    ALL="All of them.",
    ANY="Any one of them, or of those who hold the right.",
    AT_LEAST="As many as `required` says.",
    IN_ORDER="One after the other, in order.",
    UNKNOWN=_UNKNOWN,
)
_describe(
    domain.Outcome,
    "What is known to have happened to a write.",
    APPLIED=(
        "It happened. Where the provider's answer was lost, reading back showed that "
        "what was asked for holds now."
    ),
    ALREADY_APPLIED="It had happened before, so nothing was changed.",
    REFUSED="It did not happen; `userErrors` says why.",
    UNKNOWN=(
        "The provider's answer was lost, and reading back did not settle it. Look at "
        "the object before you send again."
    ),
)
_describe(
    domain.ChangeCause,
    "How the gateway came to know that something changed.",
    GATEWAY="Somebody changed it, or may have, through this gateway.",
    WEBHOOK="Its provider told.",
    POLL="It was found otherwise than it was seen last.",
)
_describe(
    domain.InvoiceOrderField,
    "What invoices can be ordered by.",
    CREATED_AT="When it came into the provider's system.",
    ISSUE_DATE="The date on the invoice.",
    DUE_DATE="When it is due.",
    UPDATED_AT="When it last changed.",
    TOTAL="Its total, whatever the currency.",
)
_describe(
    domain.OrderDirection,
    "Which end of an order comes first.",
    ASC="The smallest or oldest first.",
    DESC="The largest or newest first.",
)
_describe(
    UserErrorCode,
    "Why a mutation was refused.",
    NOT_FOUND="No such object, or none that this person may see.",
    FORBIDDEN="This person may not do that.",
    INVALID="A value of the input is wrong; `field` says which.",
    CONFLICT="The object is not in a state for this.",
    UNSUPPORTED="The provider, or this account with it, has no such call.",
    STALE="The object has another `version` than the one that was expected.",
)
_describe(
    domain.TargetType,
    "What sort of object an approval status is about.",
    BOOKING="Time that a person is to be away, or to work on a service.",
    TIME_ENTRY="Time that a person worked.",
    EXPENSE="What a person spent.",
    UNKNOWN=_UNKNOWN,
)
_describe(
    domain.DynamicApproverType,
    "A role whose holder must approve, where no person is named.",
    MANAGER="Who manages the person.",
    BUDGET_OWNER="Who owns the budget.",
    PROJECT_MANAGER="Who manages the project.",
    DESIGNATED_APPROVER="Who was designated for it.",
    UNKNOWN=_UNKNOWN,
)
_describe(
    domain.FallbackApproverType,
    "A role whose holder must approve where nobody holds the first.",
    ORGANIZATION_OWNER="Who owns the organization.",
    BUDGET_OWNER="Who owns the budget.",
    UNKNOWN=_UNKNOWN,
)
_describe(
    domain.ApprovalRequirement,
    "How many of those whom a workflow names must approve.",
    NONE="Nobody.",
    ANY="Any one of them.",
    ALL="All of them.",
    UNKNOWN=_UNKNOWN,
)
