"""BILL's approval policies in domain terms."""

from collections.abc import Mapping, Sequence

from gateway.connector import Written
from gateway.domain import PolicyChanges, PolicyDraft, PolicyRecord, UserRecord
from gateway.providers.bill.policy_writes import BillPolicyWrites
from gateway.providers.bill.reads import BillReads
from gateway.upstream import as_write


class BillPolicies:
    """BILL's approval policies, for one user, within one request."""

    def __init__(self, reads: BillReads, writes: BillPolicyWrites) -> None:
        self._reads = reads
        self._writes = writes

    async def list_policies(self) -> list[PolicyRecord]:
        """Return every policy, deleted ones too."""
        return await self._reads.list_policies()

    async def get_policies(self, ids: Sequence[str]) -> Mapping[str, PolicyRecord]:
        """Return the policies that exist, by id."""
        return await self._reads.get_policies(ids)

    async def get_mandatory_approvers(
        self, policy_ids: Sequence[str]
    ) -> Mapping[str, list[UserRecord]]:
        """Return who must approve by each policy."""
        return await self._reads.get_mandatory_approvers(policy_ids)

    async def create_policy(self, draft: PolicyDraft) -> Written:
        """Make a policy with its mandatory approvers."""
        return await as_write(self._writes.create(draft))

    async def update_policy(self, policy_id: str, changes: PolicyChanges) -> Written:
        """Change a policy."""
        return await as_write(self._writes.update(policy_id, changes))

    async def delete_policy(self, policy_id: str) -> Written:
        """Take a policy out of use."""
        return await as_write(self._writes.delete(policy_id))

    async def restore_policy(self, policy_id: str) -> Written:
        """Put a policy into use again."""
        return await as_write(self._writes.restore(policy_id))

    async def add_policy_approver(self, policy_id: str, user_source_id: str) -> Written:
        """Make a user a mandatory approver of a policy."""
        return await as_write(self._writes.add_approver(policy_id, user_source_id))

    async def remove_policy_approver(
        self, policy_id: str, user_source_id: str
    ) -> Written:
        """Make a user no mandatory approver of a policy any more."""
        return await as_write(self._writes.remove_approver(policy_id, user_source_id))
