"""Productive's approval policies: the names under which its workflows stand.

They are few, and their list is read whole: that it filters by id is not sure (C6).
"""

from collections.abc import Mapping, Sequence

from gateway.connector import NoPolicies
from gateway.domain import PolicyRecord
from gateway.errors import LimitError
from gateway.providers.productive.lists import ProductiveLists
from gateway.providers.productive.tables import POLICY_ROWS
from gateway.providers.productive.words import PAGE, PROVIDER

_MOST_PAGES = 5


class ProductivePolicies(NoPolicies):
    """What can be read of policies within one request; no change is offered."""

    def __init__(self, lists: ProductiveLists) -> None:
        super().__init__(PROVIDER)
        self._lists = lists

    async def list_policies(self) -> list[PolicyRecord]:
        """Return every policy, archived or not, by id.

        Raises:
            LimitError: There are more than are read.
        """
        rows, is_whole = await self._lists.list_all(
            POLICY_ROWS, {}, most_pages=_MOST_PAGES
        )
        if not is_whole:
            raise LimitError(
                "MAX_ROWS_LIMIT",
                f"Productive has more than {_MOST_PAGES * PAGE} approval policies. "
                "Leave it out by `filter.providers`.",
            )
        return list(rows.values())

    async def get_policies(self, ids: Sequence[str]) -> Mapping[str, PolicyRecord]:
        """Return the policies that exist, from the whole list."""
        if len(ids) == 1:
            return await self._lists.get_each(POLICY_ROWS, ids)
        policies = {one.source_id: one for one in await self.list_policies()}
        return {one: policies[one] for one in ids if one in policies}
