"""Productive's JSON and the records that it becomes: what is told, and what is not."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.domain import (
    ApprovalRequirement,
    ApprovalState,
    DynamicApproverType,
    FallbackApproverType,
    TargetKey,
    TargetType,
    decode_id,
)
from gateway.providers.productive import tables, wire
from gateway.providers.productive.documents import Document, parse_many, parse_one
from gateway.providers.productive.shapes import Resource
from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.providers.productive.words import is_id, order_of
from tests.providers.productive.calls import Row, graph_id, sample
from tests.support import Client

RELATIONS = ("approver", "actual_approver", "approval_workflow", "booking")


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def first(document: Any) -> tuple[Document, Resource]:
    parsed = parse_many(encoded(document))
    return parsed, parsed.rows[0]


def only(document: Any) -> tuple[Document, Resource]:
    parsed = parse_one(encoded(document))
    return parsed, parsed.rows[0]


def statuses(**attributes: Any) -> Any:
    """Return the documented list, with its workflow included as the gateway asks."""
    document = sample("statuses")
    for row in document["data"]:
        row["attributes"] |= attributes
        row["relationships"]["approval_workflow"] = {"data": None}
    return document


def test_every_sample_says_where_it_is_from() -> None:
    paths = sorted((Path(__file__).parent / "samples").glob("*.json"))

    assert len(paths) == 13
    for path in paths:
        document = json.loads(path.read_text(encoding="utf-8"))
        assert list(document) == ["source", "body"]
        assert document["source"].startswith("Wire notes ")


class TestStatuses:
    def test_the_sample_is_two_duties(self) -> None:
        document = parse_many(encoded(statuses()))

        one, two = (wire.parse_status(document, row) for row in document.rows)

        assert (document.meta.total_count, document.meta.total_pages) == (2, 1)
        assert (one.source_id, one.state, one.note) == (
            "5001",
            ApprovalState.APPROVED,
            "fine",
        )
        assert one.approver == one.actual_approver
        assert one.approver is not None
        assert (one.approver.display_name, one.approver.email) == (
            "Amy Moss",
            "amy@demo.test",
        )
        assert one.target == TargetKey(TargetType.BOOKING, "301")
        assert (one.group_key, one.organization_source_id) == ("wf31-a", "900")
        assert one.dynamic_approver_type is None
        assert two.state is ApprovalState.PENDING
        assert (two.approver, two.actual_approver, two.note) == (None, None, None)
        assert two.dynamic_approver_type is DynamicApproverType.MANAGER
        assert two.fallback_approver_type is FallbackApproverType.ORGANIZATION_OWNER

    def test_a_time_keeps_the_offset_that_it_came_with(self) -> None:
        one = wire.parse_status(*first(statuses()))

        moment = one.approved_at
        assert moment is not None
        assert moment.isoformat() == "2026-03-03T09:12:00+01:00"
        assert moment.utcoffset() == dt.timedelta(hours=1)

    def test_a_time_without_an_offset_is_not_understood(self) -> None:
        document = statuses(approved_at="2026-03-03T09:12:00.000")

        with pytest.raises(msgspec.ValidationError):
            wire.parse_status(*first(document))

    @pytest.mark.parametrize("name", RELATIONS)
    @pytest.mark.parametrize("left", [{"meta": {"included": False}}, {}, None])
    def test_a_relation_that_was_not_included_is_never_taken_for_empty(
        self, name: str, left: Row | None
    ) -> None:
        """2.1: a missing `data` does not mean "empty"."""
        document = statuses()
        relations = document["data"][0]["relationships"]
        if left is None:
            del relations[name]
        else:
            relations[name] = left

        with pytest.raises(ValueError, match=f"approval_statuses without {name}"):
            wire.parse_status(*first(document))

    def test_the_sample_without_its_workflow_is_no_duty_of_nobodys_rule(self) -> None:
        with pytest.raises(ValueError, match="without approval_workflow"):
            wire.parse_status(*first(sample("statuses")))

    def test_a_decision_is_read_without_relations(self) -> None:
        _, row = only(sample("status_approved"))

        assert wire.parse_decision(row) is ApprovalState.APPROVED

    def test_several_where_one_is_meant_are_not_understood(self) -> None:
        document = statuses()
        several = {"data": [{"type": "people", "id": "21"}]}
        document["data"][0]["relationships"]["approver"] = several

        with pytest.raises(ValueError, match="with several approver"):
            wire.parse_status(*first(document))

    def test_both_times_at_once_are_unknown(self) -> None:
        moment = "2026-03-03T09:12:00.000+01:00"
        document = statuses(approved_at=moment, rejected_at=moment)

        assert wire.parse_status(*first(document)).state is ApprovalState.UNKNOWN

    @pytest.mark.parametrize(
        ("number", "role"),
        [(None, None), *enumerate(list(DynamicApproverType)[:4], 1), (0, 9), (5, 9)],
    )
    def test_roles_are_known_or_unknown(self, number: int | None, role: Any) -> None:
        document = statuses(dynamic_approver_type_id=number)

        found = wire.parse_status(*first(document)).dynamic_approver_type

        expected = DynamicApproverType.UNKNOWN if role == 9 else role
        assert found == expected

    @pytest.mark.parametrize(
        ("number", "role"),
        [
            (None, None),
            (1, FallbackApproverType.ORGANIZATION_OWNER),
            (2, FallbackApproverType.BUDGET_OWNER),
            (3, FallbackApproverType.UNKNOWN),
        ],
    )
    def test_fallbacks_are_known_or_unknown(
        self, number: int | None, role: FallbackApproverType | None
    ) -> None:
        document = statuses(fallback_approver_type_id=number)

        assert wire.parse_status(*first(document)).fallback_approver_type == role

    @pytest.mark.parametrize("word", ["invoice", "", "Booking"])
    def test_an_unknown_sort_of_target_has_no_target(self, word: str) -> None:
        found = wire.parse_status(*first(statuses(target_type=word)))

        assert (found.target_type, found.target) == (TargetType.UNKNOWN, None)

    def test_a_target_that_may_not_be_seen_is_told_by_its_id_alone(self) -> None:
        document = statuses()
        document["included"] = []

        found = tables.STATUS_ROWS.parse(*first(document))

        assert found.status.target == TargetKey(TargetType.BOOKING, "301")
        assert found.target is None
        assert found.status.approver is not None
        assert (
            found.status.approver.source_id,
            found.status.approver.display_name,
        ) == (
            "21",
            None,
        )


class TestOthers:
    def test_a_workflow_is_read_as_its_sample_tells_it(self) -> None:
        found = wire.parse_workflow(*only(sample("workflow")))

        assert found.requirement is ApprovalRequirement.ALL
        assert found.approvers is not None
        assert [one.source_id for one in found.approvers] == ["21", "22"]
        assert found.dynamic_approver_types == [DynamicApproverType.MANAGER]
        assert found.policy is None

    @pytest.mark.parametrize(
        ("number", "word"),
        [(1, "NONE"), (2, "ANY"), (3, "ALL"), (4, "UNKNOWN"), (0, "UNKNOWN")],
    )
    def test_requirements_are_known_or_unknown(self, number: int, word: str) -> None:
        document = sample("workflow")
        document["data"]["attributes"]["approval_requirement_id"] = number

        assert wire.parse_workflow(*only(document)).requirement.value == word

    def test_a_policy_is_read_as_its_sample_tells_it(self) -> None:
        document = sample("policy")
        _, row = only(document)

        found = wire.parse_policy(row)

        assert (found.source_id, found.name, found.is_active) == (
            "71",
            "Leave, two steps",
            True,
        )
        document["data"]["attributes"]["archived_at"] = "2026-03-02T10:00:00.000+01:00"
        assert wire.parse_policy(only(document)[1]).is_active is False

    def test_an_empty_list_is_read_as_its_sample_tells_it(self) -> None:
        document = parse_many(encoded(sample("no_policies")))

        assert document.rows == []
        assert (document.meta.current_page, document.meta.total_pages) == (1, 0)

    def test_the_sample_of_memberships_tells_the_person(self) -> None:
        found = wire.parse_membership(*first(sample("memberships")))

        assert (found.person_id, found.organization_id) == ("21", None)

    @pytest.mark.parametrize("word", ["person", "Person", "quote", "Quote"])
    def test_what_a_policy_is_for_is_compared_without_case(self, word: str) -> None:
        document = sample("assignment")
        document["data"]["attributes"]["target_type"] = word

        assert wire.parse_assignment(only(document)[1]) == word.lower()

    def test_a_policy_for_something_else_is_told_so(self) -> None:
        document = sample("assignment")
        document["data"]["attributes"]["target_type"] = "team"

        assert wire.parse_assignment(only(document)[1]) is None

    @pytest.mark.parametrize(
        ("parser", "body"),
        [
            (parse_one, b"{}"),
            (parse_one, b'{"data": []}'),
            (parse_one, b'{"data": null}'),
            (parse_many, b'{"data": []}'),
            (parse_many, b'{"data": {}, "meta": {}}'),
            (parse_many, b""),
            (parse_many, b"[]"),
        ],
    )
    def test_what_is_no_such_document_is_not_understood(
        self, parser: Callable[[bytes], Document], body: bytes
    ) -> None:
        with pytest.raises(msgspec.DecodeError):
            parser(body)

    @pytest.mark.parametrize("text", ["1", "5001", "9" * 18])
    def test_whole_numbers_are_ids(self, text: str) -> None:
        assert is_id(text)

    @pytest.mark.parametrize("text", ["", "0", "01", "x", "1 ", "+1", "٣", "9" * 19])
    def test_nothing_else_is(self, text: str) -> None:
        assert not is_id(text)

    def test_ids_are_ordered_as_numbers(self) -> None:
        assert sorted(["10", "9", "100", "99"], key=order_of) == [
            "9",
            "10",
            "99",
            "100",
        ]


TARGET = """
__typename id title approvalState
progress { rule required approved rejected waitingOn { displayName } }
approvalStatuses { sourceId note approvedAt rejectedAt actualApprover { email } }
... on Booking {
  startDate endDate minutes minutesPerDay workingDays percentage serviceSourceId note
  isDraft isCanceled canceledAt createdAt updatedAt person { email } event { name }
}
... on TimeEntry {
  date minutes billableMinutes serviceSourceId note isDraft isSubmitted isInvoiced
  createdAt updatedAt person { email }
}
... on Expense {
  date amount { amount currency } billableAmount { amount currency } quantity
  exchangeRate serviceSourceId isDraft isReimbursable reimbursementDate paymentDate
  createdAt deletedAt person { email }
}
"""
EVERYTHING = f"""
query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Approvable {{ {TARGET} }} }} }}
"""


@pytest.mark.parametrize("person", ["auditor", "controller", "clerk", "payer"])
async def test_all_that_the_simulator_sends_is_understood(
    client: Client, productive_simulator: ProductiveSimulator, person: str
) -> None:
    state = productive_simulator.state
    keys = [
        *(graph_id("Booking", one) for one in state.bookings),
        *(graph_id("TimeEntry", one) for one in state.time_entries),
        *(graph_id("Expense", one) for one in state.expenses),
    ]
    found = []

    for at in range(0, len(keys), 100):
        variables = {"ids": keys[at : at + 100]}
        body = await client.execute(EVERYTHING, variables, person=person)
        assert "errors" not in body
        found += [one for one in body["data"]["nodes"] if one is not None]

    by_type = {
        "Booking": state.bookings,
        "TimeEntry": state.time_entries,
        "Expense": state.expenses,
    }
    for one in found:
        table: Any = by_type[one["__typename"]]
        row = table[decode_id(one["id"]).source_id]
        assert one["serviceSourceId"] == row.service_id
        assert one["person"]["email"] == state.people[row.person_id].email
    assert len(found) > 20
