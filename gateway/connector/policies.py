"""The facet of a provider that keeps policies which can be listed."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from gateway.connector.written import Written
from gateway.domain import PolicyChanges, PolicyDraft, PolicyRecord, UserRecord


class Policies(Protocol):
    """A provider's policies; ``Connector`` has the rules."""

    async def list_policies(self) -> list[PolicyRecord]:
        """Return every policy, active or not, in no order."""

    async def get_policies(self, ids: Sequence[str]) -> Mapping[str, PolicyRecord]:
        """Return the policies that exist and can be read by id."""

    async def get_mandatory_approvers(
        self, policy_ids: Sequence[str]
    ) -> Mapping[str, list[UserRecord]]:
        """Return who must approve, by policy id; left out where it is not told."""

    async def create_policy(self, draft: PolicyDraft) -> Written:
        """Make a policy."""

    async def update_policy(self, policy_id: str, changes: PolicyChanges) -> Written:
        """Change a policy."""

    async def delete_policy(self, policy_id: str) -> Written:
        """Take a policy out of use."""

    async def restore_policy(self, policy_id: str) -> Written:
        """Put a policy that was deleted into use again."""

    async def add_policy_approver(self, policy_id: str, user_source_id: str) -> Written:
        """Make a person a mandatory approver of a policy."""

    async def remove_policy_approver(
        self, policy_id: str, user_source_id: str
    ) -> Written:
        """Make a person no mandatory approver of a policy any more."""
