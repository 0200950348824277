"""The objects that an organization holds, with the members of sections 4 to 6.

A member's name on the wire is its name here in camel case. Times are kept as the text
that is sent; amounts are exact.
"""

from decimal import Decimal

import msgspec

EMPTY_ID = "0" * 20
ACTIVE, INACTIVE = "1", "2"
UNASSIGNED, ASSIGNED, APPROVED, APPROVING, DENIED = "0", "1", "3", "4", "5"
OPEN, SCHEDULED, PAID, PARTIALLY_PAID, PENDING = "1", "4", "0", "2", "5"
WAITING, VIEWED, REROUTED = "0", "1", "2"
ROW_DENIED, ROW_APPROVED, UPCOMING, STALE = "3", "4", "5", "6"
BILLS, VENDOR_CREDITS = "0", "1"
_NOTHING = Decimal("0.00")


class Stored(msgspec.Struct, kw_only=True, rename="camel"):
    """What every object has; who made and changed it is shown with ``showAudit``."""

    id: str
    is_active: str = ACTIVE
    created_time: str
    updated_time: str
    created_by: str
    updated_by: str


class BillLineItem(
    msgspec.Struct, kw_only=True, rename="camel", tag_field="entity", tag="BillLineItem"
):
    """One line of a bill."""

    id: str
    bill_id: str
    amount: Decimal
    created_time: str
    updated_time: str
    chart_of_account_id: str = EMPTY_ID
    department_id: str = EMPTY_ID
    location_id: str = EMPTY_ID
    job_id: str = EMPTY_ID
    customer_id: str = EMPTY_ID
    job_billable: bool = False
    description: str | None = None
    line_type: str = "1"
    item_id: str = EMPTY_ID
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    employee_id: str = EMPTY_ID
    actg_class_id: str = EMPTY_ID


class Bill(Stored, kw_only=True, rename="camel", tag_field="entity", tag="Bill"):
    """A bill; approval and payment are not for the caller to write."""

    vendor_id: str
    invoice_number: str
    approval_status: str = UNASSIGNED
    invoice_date: str
    due_date: str
    gl_posting_date: str
    amount: Decimal = _NOTHING
    scheduled_amount: Decimal = _NOTHING
    paid_amount: Decimal | None = _NOTHING
    due_amount: Decimal = _NOTHING
    payment_status: str = OPEN
    description: str | None = None
    po_number: str | None = None
    pay_from_bank_account_id: str = EMPTY_ID
    pay_from_chart_of_account_id: str = EMPTY_ID
    credit_amount: Decimal | None = None
    local_amount: Decimal | None = None
    exchange_rate: Decimal | None = None
    ui_payment_status: str = OPEN
    num_appr_policy_ex: int = 0
    source: str | None = None
    payment_term_id: str = EMPTY_ID
    last_payment_date: str | None = None
    bill_line_items: list[BillLineItem] = []


class VendorCreditLineItem(
    msgspec.Struct,
    kw_only=True,
    rename="camel",
    tag_field="entity",
    tag="VendorCreditLineItem",
):
    """One line of a vendor credit."""

    id: str
    vendor_credit_id: str
    amount: Decimal
    created_time: str
    updated_time: str
    chart_of_account_id: str = EMPTY_ID
    description: str | None = None


class VendorCredit(
    Stored, kw_only=True, rename="camel", tag_field="entity", tag="VendorCredit"
):
    """A credit that a vendor gave."""

    vendor_id: str
    ref_number: str
    approval_status: str = UNASSIGNED
    credit_date: str
    gl_posting_date: str
    amount: Decimal = _NOTHING
    description: str | None = None
    apply_to_bank_account_id: str = EMPTY_ID
    vendor_credit_line_items: list[VendorCreditLineItem] = []


class Vendor(Stored, kw_only=True, rename="camel", tag_field="entity", tag="Vendor"):
    """Somebody who sends bills."""

    name: str
    short_name: str | None = None
    name_on_check: str | None = None
    company_name: str | None = None
    acc_number: str | None = None
    tax_id: str | None = None
    track1099: bool = False
    address1: str | None = None
    address2: str | None = None
    address3: str | None = None
    address4: str | None = None
    address_city: str | None = None
    address_state: str | None = None
    address_zip: str | None = None
    address_country: str | None = None
    email: str | None = None
    fax: str | None = None
    phone: str | None = None
    pay_by: str = "0"
    payment_email: str | None = None
    payment_phone: str | None = None
    description: str | None = None
    contact_first_name: str | None = None
    contact_last_name: str | None = None
    merged_into_id: str = EMPTY_ID
    account_type: str = "0"
    payment_term_id: str = EMPTY_ID
    balance: Decimal | None = None
    bill_currency: str | None = None


class User(Stored, kw_only=True, rename="camel", tag_field="entity", tag="User"):
    """Somebody who signs in; *login_id* is not always the e-mail."""

    login_id: str
    profile_id: str
    first_name: str
    last_name: str
    email: str
    timezone_id: str = "1"
    partner_user_group_type: str = "0"


class Profile(Stored, kw_only=True, rename="camel", tag_field="entity", tag="Profile"):
    """What its users may do."""

    name: str
    description: str


class ApprovalPolicy(
    Stored, kw_only=True, rename="camel", tag_field="entity", tag="ApprovalPolicy"
):
    """How many approvers an amount needs; the name follows from the rest."""

    name: str = ""
    type: str
    amount_threshold: Decimal
    min_num_approvers: int


class ApprovalPolicyApprover(
    Stored,
    kw_only=True,
    rename="camel",
    tag_field="entity",
    tag="ApprovalPolicyApprover",
):
    """A user who must be among the approvers wherever the policy governs."""

    approval_policy_id: str
    users_id: str
    sort_order: int = 0


class BillApprover(
    msgspec.Struct, kw_only=True, rename="camel", tag_field="entity", tag="BillApprover"
):
    """One user in the chain of one bill."""

    id: str
    is_active: str = ACTIVE
    bill_id: str
    users_id: str
    sort_order: int = 0
    status: str = UPCOMING
    status_changed_date: str | None = None
    last_reminder_date: str | None = None

    @property
    def object_id(self) -> str:
        """The bill."""
        return self.bill_id


class VendorCreditApprover(
    msgspec.Struct,
    kw_only=True,
    rename="camel",
    tag_field="entity",
    tag="VendorCreditApprover",
):
    """One user in the chain of one vendor credit."""

    id: str
    is_active: str = ACTIVE
    vendor_credit_id: str
    users_id: str
    sort_order: int = 0
    status: str = UPCOMING
    status_changed_date: str | None = None
    last_reminder_date: str | None = None

    @property
    def object_id(self) -> str:
        """The vendor credit."""
        return self.vendor_credit_id


Approvable = Bill | VendorCredit
Approver = BillApprover | VendorCreditApprover
