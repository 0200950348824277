"""The entities: which members a caller may write, filter by and must give (3, 4, 6)."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gateway.providers.bill.simulator import objects
from gateway.providers.bill.simulator.fields import (
    amount,
    anything,
    boolean,
    day,
    flag,
    list_of,
    number,
    one_of,
    text,
    threshold,
    whole,
)
from gateway.providers.bill.simulator.objects import BILLS, VENDOR_CREDITS

Parse = Callable[[object], Any]

# Members that hold the id of an object which must be there.
REFERENCES = {
    "vendorId": "Vendor",
    "usersId": "User",
    "approvalPolicyId": "ApprovalPolicy",
}


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One entity.

    Attributes:
        name: Its name.
        holder: What holds one.
        filters: The members that a filter or an order may name.
        required: What a caller must give to create one, apart from ``entity``.
        written: The members that a caller may write, at any time.
        chosen: The members that a caller gives once; later they are ignored.
        lines: The member with its lines, and what holds one, where it has lines.
    """

    name: str
    holder: type[msgspec.Struct]
    filters: tuple[str, ...]
    required: tuple[str, ...] = ()
    written: Mapping[str, Parse] = {}
    chosen: Mapping[str, Parse] = {}
    lines: tuple[str, type[msgspec.Struct]] | None = None


def attributes(holder: type[msgspec.Struct]) -> dict[str, str]:
    """Return the attribute of each member on the wire."""
    return {one.encode_name: one.name for one in msgspec.structs.fields(holder)}


LINE_FIELDS: Mapping[str, Parse] = {
    "amount": amount,
    "chartOfAccountId": text,
    "departmentId": text,
    "locationId": text,
    "jobId": text,
    "customerId": text,
    "jobBillable": boolean,
    "description": text,
    "lineType": one_of("1", "2"),
    "itemId": text,
    "quantity": number,
    "unitPrice": number,
    "employeeId": text,
    "actgClassId": text,
}
_ALWAYS = ("id", "isActive", "createdTime", "updatedTime")
_CREATED: Mapping[str, Parse] = {"isActive": flag}
_VENDOR_TEXTS = (
    "name",
    "shortName",
    "nameOnCheck",
    "companyName",
    "accNumber",
    "taxId",
    "address1",
    "address2",
    "address3",
    "address4",
    "addressCity",
    "addressState",
    "addressZip",
    "addressCountry",
    "email",
    "fax",
    "phone",
    "payBy",
    "paymentEmail",
    "paymentPhone",
    "description",
    "contactFirstName",
    "contactLastName",
    "accountType",
    "paymentTermId",
    "billCurrency",
)

_BILL = Kind(
    name="Bill",
    holder=objects.Bill,
    filters=(
        *_ALWAYS,
        "vendorId",
        "invoiceNumber",
        "approvalStatus",
        "invoiceDate",
        "dueDate",
        "glPostingDate",
        "paymentStatus",
        "payFromBankAccountId",
        "payFromChartOfAccountId",
    ),
    required=("vendorId", "invoiceNumber", "invoiceDate", "dueDate", "billLineItems"),
    written={
        "vendorId": text,
        "invoiceNumber": text,
        "invoiceDate": day,
        "dueDate": day,
        "glPostingDate": day,
        "description": text,
        "poNumber": text,
        "payFromBankAccountId": text,
        "payFromChartOfAccountId": text,
        "paymentTermId": text,
        "billLineItems": list_of(anything),
    },
    chosen=_CREATED,
    lines=("billLineItems", objects.BillLineItem),
)
_VENDOR_CREDIT = Kind(
    name="VendorCredit",
    holder=objects.VendorCredit,
    filters=(*_ALWAYS, "vendorId", "applyToBankAccountId"),
    required=("vendorId", "refNumber", "creditDate", "vendorCreditLineItems"),
    written={
        "vendorId": text,
        "refNumber": text,
        "creditDate": day,
        "glPostingDate": day,
        "description": text,
        "applyToBankAccountId": text,
        "vendorCreditLineItems": list_of(anything),
    },
    chosen=_CREATED,
    lines=("vendorCreditLineItems", objects.VendorCreditLineItem),
)
_VENDOR = Kind(
    name="Vendor",
    holder=objects.Vendor,
    filters=(*_ALWAYS, "mergedIntoId", "paymentTermId"),
    required=("name",),
    written={**dict.fromkeys(_VENDOR_TEXTS, text), "track1099": boolean},
    chosen=_CREATED,
)
_APPROVAL_POLICY = Kind(
    name="ApprovalPolicy",
    holder=objects.ApprovalPolicy,
    filters=_ALWAYS,
    required=("type", "amountThreshold", "minNumApprovers"),
    written={"amountThreshold": threshold, "minNumApprovers": whole},
    chosen={**_CREATED, "type": one_of(BILLS, VENDOR_CREDITS)},
)
_APPROVAL_POLICY_APPROVER = Kind(
    name="ApprovalPolicyApprover",
    holder=objects.ApprovalPolicyApprover,
    filters=(*_ALWAYS, "approvalPolicyId", "usersId"),
    required=("approvalPolicyId", "usersId"),
    written={"sortOrder": whole},
    chosen={**_CREATED, "approvalPolicyId": text, "usersId": text},
)

# Rows of approvers show no times, so that these cannot be filtered by (5.5, 5.6).
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        _BILL,
        _VENDOR_CREDIT,
        _VENDOR,
        _APPROVAL_POLICY,
        _APPROVAL_POLICY_APPROVER,
        Kind(name="User", holder=objects.User, filters=(*_ALWAYS, "profileId")),
        Kind(name="Profile", holder=objects.Profile, filters=_ALWAYS),
        Kind(
            name="BillApprover",
            holder=objects.BillApprover,
            filters=("id", "isActive", "billId", "usersId", "status"),
        ),
        Kind(
            name="VendorCreditApprover",
            holder=objects.VendorCreditApprover,
            filters=("id", "isActive", "vendorCreditId", "usersId", "status"),
        ),
    )
}
