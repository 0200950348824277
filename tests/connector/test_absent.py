"""What answers for a facet that a provider lacks; what it holds answers for itself."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import cast

import pytest

from gateway.approvals import create_viewer_actions
from gateway.connector import (
    ApprovalStatusSlice,
    Connector,
    InvoiceSlice,
    Person,
    invoices_of,
    policies_of,
    targets_of,
)
from gateway.domain import (
    ApprovalState,
    ApprovalStatusFilter,
    BookingRecord,
    InvoiceFilter,
    InvoiceKind,
    PolicyChanges,
    PolicyDraft,
    ProviderName,
    TargetDetails,
    TargetKey,
    TargetType,
)
from gateway.errors import UnsupportedError
from gateway.loaders import ProviderLoaders

# No member but these is there to be called.
NOTHING = cast("Connector", SimpleNamespace(invoices=None, policies=None, targets=None))
INVOICES = invoices_of(ProviderName.BILL, NOTHING)
POLICIES = policies_of(ProviderName.BILL, NOTHING)
TARGETS = targets_of(NOTHING)
BOOKING = TargetKey(TargetType.BOOKING, "1")
DRAFT = PolicyDraft(
    amount_threshold=Decimal(1),
    minimum_approvers=1,
    applies_to=InvoiceKind.BILL,
    mandatory_approver_source_ids=[],
)
CHANGES = PolicyChanges(amount_threshold=None, minimum_approvers=2)


def test_a_facet_that_is_there_is_what_answers() -> None:
    held = SimpleNamespace(invoices=object(), policies=object(), targets=object())
    connector = cast("Connector", held)

    assert invoices_of(ProviderName.BILL, connector) is held.invoices
    assert policies_of(ProviderName.BILL, connector) is held.policies
    assert targets_of(connector) is held.targets


async def test_reads_of_invoices_find_nothing() -> None:
    everything = InvoiceFilter()

    assert await INVOICES.get_invoices(["1"]) == {}
    assert await INVOICES.get_invoice_details(["1"]) == {}
    assert await INVOICES.get_approvers(["1"]) == {}
    assert await INVOICES.get_applicable_policies([]) == {}
    assert await INVOICES.list_invoices(
        first=1, after=None, invoice_filter=everything
    ) == InvoiceSlice(invoices=[], is_last=True, total=0)
    assert INVOICES.has_counts
    assert await INVOICES.count_invoices(everything) == 0


async def test_reads_of_policies_find_nothing() -> None:
    assert await POLICIES.list_policies() == []
    assert await POLICIES.get_policies(["1"]) == {}
    assert await POLICIES.get_mandatory_approvers(["1"]) == {}


async def test_reads_of_targets_find_nothing() -> None:
    assert await TARGETS.list_statuses(
        first=1, after=None, status_filter=ApprovalStatusFilter()
    ) == ApprovalStatusSlice(statuses=[], places=[], has_next=False, total=0)
    assert await TARGETS.get_statuses(["1"]) == {}
    assert await TARGETS.get_targets([BOOKING]) == {}
    assert await TARGETS.get_workflows(["1"]) == {}
    assert await TARGETS.get_awaited(list(TargetType)) == {}


async def test_no_action_is_offered_for_a_target_and_nothing_is_loaded() -> None:
    async def load_details() -> TargetDetails | None:
        raise AssertionError

    async def load_awaited(target_type: TargetType) -> frozenset[str] | None:
        raise AssertionError(target_type)

    booking = BookingRecord(
        id="id-1",
        provider=ProviderName.PRODUCTIVE,
        source_id="1",
        title="Vacation",
        approval_state=ApprovalState.PENDING,
        person=None,
        manager_source_id=None,
        is_open=True,
        start_date=date(2026, 11, 2),
        end_date=date(2026, 11, 3),
        minutes=None,
        minutes_per_day=None,
        working_days=None,
        percentage=None,
        note=None,
        event=None,
        service_source_id=None,
        is_draft=None,
        is_canceled=False,
        canceled_at=None,
        approved_at=None,
        rejected_at=None,
        rejected_reason=None,
        created_at=None,
        updated_at=None,
    )

    found = await TARGETS.get_viewer_standing(booking, load_details, load_awaited)

    assert create_viewer_actions(found) == []


async def test_every_change_of_who_approves_is_refused() -> None:
    writes = [
        INVOICES.add_approver("1", user_source_id="2", email=None),
        INVOICES.remove_approver("1", "2"),
        INVOICES.set_approvers("1", ["2"]),
        INVOICES.clear_approvers("1"),
    ]

    for write in writes:
        with pytest.raises(UnsupportedError) as refused:
            await write
        assert refused.value.message == (
            "BILL keeps no invoices whose approvers could be changed here. Nothing was "
            "sent."
        )
        assert not refused.value.asked


async def test_every_change_of_a_policy_is_refused() -> None:
    writes = [
        POLICIES.create_policy(DRAFT),
        POLICIES.update_policy("1", CHANGES),
        POLICIES.delete_policy("1"),
        POLICIES.restore_policy("1"),
        POLICIES.add_policy_approver("1", "2"),
        POLICIES.remove_policy_approver("1", "2"),
    ]

    for write in writes:
        with pytest.raises(UnsupportedError) as refused:
            await write
        assert refused.value.message == (
            "BILL keeps no policies that could be changed here; its own application "
            "does. Nothing was sent."
        )
        assert not refused.value.asked


async def test_loaders_are_there_and_find_nothing() -> None:
    person = Person(is_signed_in=True, email=None)
    loaders = ProviderLoaders(ProviderName.BILL, NOTHING, person)

    assert await loaders.invoice_by_key.load("1") is None
    assert await loaders.invoice_details_by_key.load("1") is None
    assert await loaders.approvers_by_invoice.load("1") is None
    assert await loaders.policy_by_id.load("1") is None
    assert await loaders.mandatory_approvers_by_policy.load("1") is None
    assert await loaders.approval_status_by_id.load("1") is None
    assert await loaders.target_by_key.load(BOOKING) is None
    assert await loaders.target_details_by_key.load(BOOKING) is None
    assert await loaders.workflow_by_id.load("1") is None
    assert await loaders.awaited_by_type.load(TargetType.BOOKING) is None
