"""What is told of approvables, computed by one set of rules over provider facts.

Providers' wires turn their words into facts, and each rule over facts stands here,
once, as a table: how far an approval is (``states``), how far its approvers are
(``progress``), what a caller can ask for (``actions``), and a digest of what a person
decides upon (``versions``).
"""

from gateway.approvals.actions import Turn, ViewerStanding, create_viewer_actions
from gateway.approvals.progress import create_progress, create_target_progress
from gateway.approvals.states import create_decided_state, create_invoice_state
from gateway.approvals.versions import create_invoice_version, create_target_version

__all__ = [
    "Turn",
    "ViewerStanding",
    "create_decided_state",
    "create_invoice_state",
    "create_invoice_version",
    "create_progress",
    "create_target_progress",
    "create_target_version",
    "create_viewer_actions",
]
