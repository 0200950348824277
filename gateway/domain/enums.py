"""The closed sets that all providers share."""

from enum import StrEnum


class ProviderName(StrEnum):
    """The approval systems behind the graph."""

    OTTIMATE = "OTTIMATE"
    BILL = "BILL"
    PRODUCTIVE = "PRODUCTIVE"
    ACCOUNTEER = "ACCOUNTEER"


class Capability(StrEnum):
    """What a provider's account can be asked to do."""

    READ_INVOICES = "READ_INVOICES"
    READ_APPROVERS = "READ_APPROVERS"
    READ_HISTORY = "READ_HISTORY"
    APPROVE = "APPROVE"
    FORCE_APPROVE = "FORCE_APPROVE"
    REJECT = "REJECT"
    ADD_APPROVER = "ADD_APPROVER"
    REMOVE_APPROVER = "REMOVE_APPROVER"
    SET_APPROVERS = "SET_APPROVERS"
    CLEAR_APPROVERS = "CLEAR_APPROVERS"
    READ_POLICIES = "READ_POLICIES"
    MANAGE_POLICIES = "MANAGE_POLICIES"
    READ_QUEUE = "READ_QUEUE"
    READ_APPROVAL_STATUSES = "READ_APPROVAL_STATUSES"


class ViewerAction(StrEnum):
    """What a caller can do with an object now."""

    APPROVE = "APPROVE"
    FORCE_APPROVE = "FORCE_APPROVE"
    REJECT = "REJECT"
    ADD_APPROVER = "ADD_APPROVER"
    REMOVE_APPROVER = "REMOVE_APPROVER"
    SET_APPROVERS = "SET_APPROVERS"


class Decision(StrEnum):
    """What a person decides on an object."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"


class InvoiceKind(StrEnum):
    """What sort of document an invoice is."""

    INVOICE = "INVOICE"
    CREDIT_MEMO = "CREDIT_MEMO"
    BILL = "BILL"
    VENDOR_CREDIT = "VENDOR_CREDIT"
    PURCHASE = "PURCHASE"
    UNKNOWN = "UNKNOWN"


class InvoiceStatus(StrEnum):
    """Where an invoice stands in its life, in one set of words for all providers."""

    DRAFT = "DRAFT"
    PROCESSING = "PROCESSING"
    INCOMPLETE = "INCOMPLETE"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"
    UNASSIGNED = "UNASSIGNED"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    PAID = "PAID"
    EXPORTED = "EXPORTED"
    ARCHIVED = "ARCHIVED"
    UNKNOWN = "UNKNOWN"


class ApprovalState(StrEnum):
    """How far the approval of an object is."""

    NOT_REQUIRED = "NOT_REQUIRED"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"


class ApproverStatus(StrEnum):
    """How far one approver is."""

    PENDING = "PENDING"
    UPCOMING = "UPCOMING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    SKIPPED = "SKIPPED"
    UNKNOWN = "UNKNOWN"


class ProgressRule(StrEnum):
    """How many of the approvers must approve."""

    ALL = "ALL"
    ANY = "ANY"
    AT_LEAST = "AT_LEAST"
    IN_ORDER = "IN_ORDER"
    UNKNOWN = "UNKNOWN"


class TargetType(StrEnum):
    """What sort of object an approval status is about."""

    BOOKING = "BOOKING"
    TIME_ENTRY = "TIME_ENTRY"
    EXPENSE = "EXPENSE"
    UNKNOWN = "UNKNOWN"


class DynamicApproverType(StrEnum):
    """The role whose holder must approve, where no person is named."""

    MANAGER = "MANAGER"
    BUDGET_OWNER = "BUDGET_OWNER"
    PROJECT_MANAGER = "PROJECT_MANAGER"
    DESIGNATED_APPROVER = "DESIGNATED_APPROVER"
    UNKNOWN = "UNKNOWN"


class FallbackApproverType(StrEnum):
    """The role whose holder must approve where the first role has none."""

    ORGANIZATION_OWNER = "ORGANIZATION_OWNER"
    BUDGET_OWNER = "BUDGET_OWNER"
    UNKNOWN = "UNKNOWN"


class ApprovalRequirement(StrEnum):
    """How many of those whom a workflow names must approve."""

    NONE = "NONE"
    ANY = "ANY"
    ALL = "ALL"
    UNKNOWN = "UNKNOWN"


class Outcome(StrEnum):
    """What is known to have happened to a write."""

    APPLIED = "APPLIED"
    ALREADY_APPLIED = "ALREADY_APPLIED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


class ChangeCause(StrEnum):
    """How the gateway came to know that something changed."""

    GATEWAY = "GATEWAY"
    WEBHOOK = "WEBHOOK"
    POLL = "POLL"


class InvoiceOrderField(StrEnum):
    """What a list of invoices can be ordered by."""

    CREATED_AT = "CREATED_AT"
    ISSUE_DATE = "ISSUE_DATE"
    DUE_DATE = "DUE_DATE"
    UPDATED_AT = "UPDATED_AT"
    TOTAL = "TOTAL"


class OrderDirection(StrEnum):
    """Which end of an order comes first."""

    ASC = "ASC"
    DESC = "DESC"
