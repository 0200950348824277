"""The lists that BILL has, and which belong to what can be approved."""

from collections.abc import Mapping

from gateway.providers.bill import shapes
from gateway.providers.bill.lists import Linked, Table
from gateway.providers.bill.words import Entity

USERS = Table("User", shapes.User)
PROFILES = Table("Profile", shapes.Profile)
VENDORS = Table("Vendor", shapes.Vendor)
POLICIES = Table("ApprovalPolicy", shapes.Policy)
POLICY_APPROVERS = Table("ApprovalPolicyApprover", shapes.PolicyApprover)
APPROVABLES: Mapping[Entity, Table[shapes.Approvable]] = {
    entity: Table(entity.value, shapes.Approvable) for entity in Entity
}


# "BillApprover" is not in the reference, but seen in use; how a vendor credit is named
# in its approvers is assumed (A).
APPROVERS: Mapping[Entity, Linked[shapes.ApproverRow]] = {
    Entity.BILL: Linked(
        table=Table("BillApprover", shapes.ApproverRow),
        field="billId",
        key_of=lambda row: row.bill_id,
    ),
    Entity.VENDOR_CREDIT: Linked(
        table=Table("VendorCreditApprover", shapes.ApproverRow),
        field="vendorCreditId",
        key_of=lambda row: row.vendor_credit_id,
    ),
}
