"""What the simulated organization holds, and the ids that come next."""

from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from string import ascii_uppercase, digits
from typing import Any, Literal

import msgspec

from gateway.providers.bill.simulator.objects import (
    Approvable,
    ApprovalPolicy,
    ApprovalPolicyApprover,
    Approver,
    Bill,
    BillApprover,
    Profile,
    User,
    Vendor,
    VendorCredit,
    VendorCreditApprover,
)
from gateway.providers.bill.simulator.replies import BillError

_ALPHABET = ascii_uppercase + digits
_LENGTH = 15
# The notes know no prefix for `vca` and `vcl`; the others are theirs (1.2).
PREFIXES = {
    "Bill": "00n",
    "BillLineItem": "bli",
    "VendorCredit": "vcr",
    "VendorCreditLineItem": "vcl",
    "Vendor": "009",
    "User": "006",
    "Profile": "0po",
    "ApprovalPolicy": "app",
    "ApprovalPolicyApprover": "apa",
    "BillApprover": "0ba",
    "VendorCreditApprover": "vca",
    "Organization": "008",
    "ChartOfAccount": "0ca",
    "BankAccount": "bac",
}
_ENTITIES = {prefix: entity for entity, prefix in PREFIXES.items()}

MailEvent = Literal["Create", "SetApprovers", "Approve"]


class Mail(msgspec.Struct, frozen=True):
    """A message that tells *user_id* of a turn; *event* is the call that sent it."""

    event: MailEvent
    user_id: str
    object_id: str


class Note(msgspec.Struct, frozen=True):
    """A comment on an object."""

    object_id: str
    user_id: str
    text: str


class State:
    """Every object of the organization, by entity and id.

    Ids are deterministic: the same calls in the same order give the same ids.

    Attributes:
        approving_profiles: The ids of the profiles whose users may approve.
        earlier_approvals: By object, who had approved before its chain was cleared,
            and when (C3).
        outbox: The mails that were sent.
        notes: The comments of approvals and denials.
    """

    def __init__(self) -> None:
        self.bills: dict[str, Bill] = {}
        self.vendor_credits: dict[str, VendorCredit] = {}
        self.vendors: dict[str, Vendor] = {}
        self.users: dict[str, User] = {}
        self.profiles: dict[str, Profile] = {}
        self.policies: dict[str, ApprovalPolicy] = {}
        self.policy_approvers: dict[str, ApprovalPolicyApprover] = {}
        self.bill_approvers: dict[str, BillApprover] = {}
        self.vendor_credit_approvers: dict[str, VendorCreditApprover] = {}
        self.approving_profiles: set[str] = set()
        self.earlier_approvals: dict[str, dict[str, str]] = {}
        self.outbox: list[Mail] = []
        self.notes: list[Note] = []
        self._counts: Counter[str] = Counter()

    def next_id(self, entity: str) -> str:
        """Return an id that no other object has."""
        prefix = PREFIXES[entity]
        self._counts[prefix] += 1
        made = sha256(f"{prefix}{self._counts[prefix]}".encode()).digest()
        rest = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in made[:_LENGTH])
        return f"{prefix}01{rest}"

    # The tables differ in type, and so does what the callers do with them.
    def table(self, entity: str) -> dict[str, Any]:
        """Return the objects of *entity* by id."""
        tables: Mapping[str, dict[str, Any]] = {
            "Bill": self.bills,
            "VendorCredit": self.vendor_credits,
            "Vendor": self.vendors,
            "User": self.users,
            "Profile": self.profiles,
            "ApprovalPolicy": self.policies,
            "ApprovalPolicyApprover": self.policy_approvers,
            "BillApprover": self.bill_approvers,
            "VendorCreditApprover": self.vendor_credit_approvers,
        }
        return tables[entity]

    def find(self, entity: str, object_id: str) -> Any:
        """Return one object.

        Raises:
            BillError: BDC_1302 for an id of another entity, BDC_1205 for an unknown
                one.
        """
        found = self.table(entity).get(object_id)
        if found is not None:
            return found
        is_foreign = _ENTITIES.get(object_id[:3], entity) != entity
        raise BillError("BDC_1302" if is_foreign else "BDC_1205")

    def numbered(self, number: str) -> Approvable:
        """Return the bill or the vendor credit that carries *number*.

        Raises:
            KeyError: Nothing carries it.
        """
        for bill in self.bills.values():
            if bill.invoice_number == number:
                return bill
        for credit in self.vendor_credits.values():
            if credit.ref_number == number:
                return credit
        raise KeyError(number)

    def chain(self, object_id: str) -> list[Approver]:
        """Return the rows of an object, in their order."""
        rows: list[Approver] = [
            *(row for row in self.bill_approvers.values() if row.bill_id == object_id),
            *(
                row
                for row in self.vendor_credit_approvers.values()
                if row.vendor_credit_id == object_id
            ),
        ]
        return sorted(rows, key=lambda row: row.sort_order)

    def rows_of(self, one: Approvable) -> dict[str, Any]:
        """Return the table that holds the rows of *one*."""
        if isinstance(one, Bill):
            return self.bill_approvers
        return self.vendor_credit_approvers

    def may_approve(self, user_id: str) -> bool:
        """Whether the user's profile has the right to approve."""
        return self.users[user_id].profile_id in self.approving_profiles
