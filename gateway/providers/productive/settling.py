"""Decisions that nothing confirmed: whether they happened is found out by reading."""

from collections.abc import Mapping, Sequence

from gateway.connector import Written
from gateway.domain import ApprovalState, ApprovalStatusRecord, Outcome
from gateway.providers.productive.lists import ProductiveLists
from gateway.providers.productive.looks import Wanted, decided
from gateway.providers.productive.tables import STATUS_ROWS
from gateway.upstream import Deadline, Upstream

_ENDS = frozenset({ApprovalState.APPROVED, ApprovalState.REJECTED})


class ProductiveSettling:
    """Reads back what was sent, within one request; nothing is ever sent again."""

    def __init__(
        self, upstream: Upstream, deadline: Deadline, lists: ProductiveLists
    ) -> None:
        self._upstream = upstream
        self._deadline = deadline
        self._lists = lists
        self._unknown: set[tuple[str, ApprovalState]] = set()

    def is_unknown(self, status: ApprovalStatusRecord, wanted: Wanted) -> bool:
        """Return whether such a decision on a duty was sent, and may yet happen."""
        return (status.source_id, wanted.aim) in self._unknown

    async def settle(
        self, statuses: Sequence[ApprovalStatusRecord], wanted: Wanted
    ) -> dict[str, Written | Exception]:
        """Return how a decision on each of these duties ended, by the duties' ids.

        Those that are not proven are read again, all in one call.
        """
        proven: dict[str, ApprovalStatusRecord] = {}

        async def look() -> Mapping[str, ApprovalStatusRecord] | None:
            open_ids = [
                one.source_id for one in statuses if one.source_id not in proven
            ]
            rows = await self._lists.get_by_id(STATUS_ROWS, open_ids)
            proven.update(
                {
                    source_id: row.status
                    for source_id, row in rows.items()
                    if _is_proof(row.status)
                }
            )
            return proven if len(proven) == len(statuses) else None

        await self._upstream.settle(look, self._deadline)
        self._unknown |= {
            (one.source_id, wanted.aim)
            for one in statuses
            if one.source_id not in proven
        }
        return {
            one.source_id: _end(one, proven.get(one.source_id), wanted)
            for one in statuses
        }


def create_written(outcome: Outcome, status: ApprovalStatusRecord) -> Written:
    """Return what is known of a decision on a duty."""
    return Written(
        outcome=outcome,
        approval_status_source_id=status.source_id,
        target=status.target,
    )


def _is_proof(now: ApprovalStatusRecord) -> bool:
    # That it is decided proves nothing where it is not told who decided it.
    return now.state in _ENDS and now.actual_approver is not None


def _end(
    status: ApprovalStatusRecord, now: ApprovalStatusRecord | None, wanted: Wanted
) -> Written | Exception:
    if now is None:
        return create_written(Outcome.UNKNOWN, status)
    if wanted.is_done(now):
        return create_written(Outcome.APPLIED, now)
    return decided(now)
