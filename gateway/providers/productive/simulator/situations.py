"""The objects with a meaning: one per situation that an approval can be in.

Bookings:

| id | what is so |
| --- | --- |
| 301 | of the examples: the approver approved (5001), the clerk's manager, the \
controller, is asked (5002) |
| 302 | any of controller and approver, nobody has acted |
| 303 | all of controller and approver, nobody has acted |
| 304 | all of controller and approver, the approver has approved |
| 305 | the manager alone is asked: the controller |
| 306 | the manager is asked, but there is none: the organization's owner stands in |
| 307 | the manager is asked, but they are deactivated: only an admin can act |
| 308 | controller and approver share a requirement, the accountant is another |
| 309 | likewise, and the approver has approved: the controller's row is settled |
| 310 | the controller has two duties, by name and as the manager |
| 311 | the controller rejected it |
| 312 | controller and approver have approved it |
| 313 | any of controller and approver, and the approver has approved it |
| 314 | canceled while the controller is asked |
| 315 | a draft, which nobody is asked about |
| 316 | approved at once: sick leave asks nobody |
| 317 | the controller was asked, the auditor approved on behalf |
| 318 | a named approver is deactivated, nobody else is asked |
| 319 | its note, and that of the approver's row, hold HTML |
| 320 | project time, approved at once |
| 321 | the approver approved, then the controller rejected |
| 322 | made under a workflow that was deleted since |
| 323 | the clerk is the named approver of the clerk's own booking |
| 324 | the controller's own, the manager is asked: the owner |
| 325 | its approval was undone, so that its rows are new |
| 326 | the second organization's: the controller's person there is asked |
| 327 | the third organization's, approved at once |

Time entries:

| id | what is so |
| --- | --- |
| 601 | of the examples: the accountant, who owns the budget, approved it |
| 602 | the budget's owner is asked: the accountant |
| 603 | project manager (accountant) and designated approver (controller) are asked |
| 604 | likewise, and the project manager has approved |
| 605 | the budget has no owner: the organization's owner stands in |
| 606 | the project has no manager: the budget's owner, the controller, stands in |
| 607 | of today: the budget's owner is asked, and sees it from tomorrow on |
| 608 | the accountant rejected it, and said why |
| 609 | approved at once: its budget has no policy |
| 610 | approved and invoiced |
| 611 | any of controller and approver, chosen by name |
| 612 | a draft |
| 613 | its approval was undone, so that its row is new |
| 614 | its note holds HTML |
| 615 | the controller's own, the accountant is asked |

Expenses:

| id | what is so |
| --- | --- |
| 701 | of the examples: the approver and the budget's owner, all, nobody has acted |
| 702 | any of controller and approver, nobody has acted |
| 703 | auto-approved: no policy |
| 704 | deleted while the controller was asked |
| 705 | approvers chosen by hand, who must all approve; the approver has |
| 706 | the controller rejected it, and said why |
| 707 | approved and paid |
| 708 | a draft |
| 709 | the controller was asked, the auditor approved on behalf; reimbursed |
| 710 | a named approver is deactivated, the controller is asked as well |
| 711 | the controller alone, chosen by hand |
| 712 | in dollars, any of controller and approver |
| 713 | the approver approved, the budget's owner (accountant) is asked |
| 714 | project manager or designated approver, who both are nobody: the owner of the \
budget, the controller, has two duties |
"""

BOOKING_EXAMPLE = "301"
BOOKING_ANY = "302"
BOOKING_ALL = "303"
BOOKING_ALL_HALF = "304"
BOOKING_MANAGER = "305"
BOOKING_UNMANAGED = "306"
BOOKING_MANAGER_DEACTIVATED = "307"
BOOKING_GROUP = "308"
BOOKING_GROUP_SETTLED = "309"
BOOKING_TWO_DUTIES = "310"
BOOKING_REJECTED = "311"
BOOKING_APPROVED = "312"
BOOKING_ANY_APPROVED = "313"
BOOKING_CANCELED = "314"
BOOKING_DRAFT = "315"
BOOKING_AT_ONCE = "316"
BOOKING_ON_BEHALF = "317"
BOOKING_APPROVER_DEACTIVATED = "318"
BOOKING_HTML = "319"
BOOKING_PROJECT = "320"
BOOKING_APPROVED_THEN_REJECTED = "321"
BOOKING_WORKFLOW_DELETED = "322"
BOOKING_OWN = "323"
BOOKING_OF_CONTROLLER = "324"
BOOKING_UNAPPROVED = "325"
BOOKING_SECOND = "326"
BOOKING_THIRD = "327"

ENTRY_EXAMPLE = "601"
ENTRY_BUDGET_OWNER = "602"
ENTRY_TWO_ROLES = "603"
ENTRY_TWO_ROLES_HALF = "604"
ENTRY_OWNER_FALLBACK = "605"
ENTRY_BUDGET_FALLBACK = "606"
ENTRY_TODAY = "607"
ENTRY_REJECTED = "608"
ENTRY_AT_ONCE = "609"
ENTRY_INVOICED = "610"
ENTRY_ANY = "611"
ENTRY_DRAFT = "612"
ENTRY_UNAPPROVED = "613"
ENTRY_HTML = "614"
ENTRY_OF_CONTROLLER = "615"

EXPENSE_EXAMPLE = "701"
EXPENSE_ANY = "702"
EXPENSE_AUTOMATIC = "703"
EXPENSE_DELETED = "704"
EXPENSE_BY_HAND = "705"
EXPENSE_REJECTED = "706"
EXPENSE_PAID = "707"
EXPENSE_DRAFT = "708"
EXPENSE_ON_BEHALF = "709"
EXPENSE_APPROVER_DEACTIVATED = "710"
EXPENSE_ONE_BY_HAND = "711"
EXPENSE_DOLLARS = "712"
EXPENSE_ALL_HALF = "713"
EXPENSE_TWO_DUTIES = "714"

# The rows of the examples (3.1).
STATUS_APPROVED, STATUS_MANAGER = "5001", "5002"
