"""Many approvals that go out in Productive's call for time entries: exact calls."""

from collections.abc import Callable

from gateway.providers.productive.simulator import situations as ids
from gateway.providers.productive.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    AUDITOR,
    CONTROLLER,
)
from gateway.providers.productive.simulator.objects import ANY, PROJECT_MANAGER
from tests.providers.productive.calls import (
    AWAITS,
    ENTRIES,
    MEMBERSHIPS,
    STATUSES,
    graph_id,
)
from tests.providers.productive.deciding import (
    NO_TARGET,
    NOT_YOURS,
    UNCHANGED,
    UNCLEAR,
    Office,
)
from tests.providers.productive.many import (
    ALREADY,
    APPLIED,
    BULK_ENTRIES,
    BULK_STATUSES,
    BULK_TYPE,
    approve,
    bodies,
    bulk_body,
    give_entries,
    refused,
    reject,
)
from tests.providers.productive.reading import status_includes, target_includes
from tests.support import writes


async def test_forty_time_entries_are_read_once_and_approved_once(
    office: Office,
) -> None:
    entries = give_entries(office, 40)

    results = await office.decide(*(approve(office.id(one)) for one in entries))

    assert results == [APPLIED] * 40
    assert office.productive.calls == [MEMBERSHIPS, ENTRIES, BULK_ENTRIES]
    assert office.productive.params(1) == {
        "filter[id]": ",".join(entries),
        "include": target_includes(),
        "page[number]": "1",
        "page[size]": "200",
    }
    # Never for all approvers.
    assert office.productive.params(2) == {}
    request = office.productive.requests[2]
    assert request.headers.get_list("content-type") == [BULK_TYPE]
    assert request.headers.get_list("accept") == [BULK_TYPE]
    assert bodies(office.productive, BULK_ENTRIES) == [
        bulk_body("time_entries", entries)
    ]
    for one in entries:
        assert office.states(one) == [("APPROVED", CONTROLLER)]


async def test_a_hundred_are_approved_in_one_call(office: Office) -> None:
    entries = give_entries(office, 100)

    results = await office.decide(
        *(approve(graph_id("TimeEntry", one)) for one in entries)
    )

    assert results == [APPLIED] * 100
    assert office.productive.calls == [MEMBERSHIPS, ENTRIES, BULK_ENTRIES]


async def test_what_was_decided_is_shown_in_one_more_call(office: Office) -> None:
    entries = give_entries(office, 5)
    text = (
        "mutation ($input: DecideInput!) { decide(input: $input) { results {"
        " outcome approvable { __typename id approvalState } } } }"
    )
    decisions = [approve(office.id(one)) for one in entries]

    body = await office.client.execute(
        text, {"input": {"decisions": decisions}}, person="controller"
    )

    assert body["data"]["decide"]["results"] == [
        {
            "outcome": "APPLIED",
            "approvable": {
                "__typename": "TimeEntry",
                "id": graph_id("TimeEntry", one),
                "approvalState": "APPROVED",
            },
        }
        for one in entries
    ]
    assert office.productive.calls == [MEMBERSHIPS, ENTRIES, BULK_ENTRIES, ENTRIES]


async def test_duties_on_time_entries_are_approved_with_their_entries(
    office: Office,
) -> None:
    """The first read tells what they are about, the second whose else it is."""
    entries = give_entries(office, 20)

    results = await office.decide(*(approve(office.status_id(one)) for one in entries))

    assert results == [APPLIED] * 20
    assert office.productive.calls == [MEMBERSHIPS, STATUSES, ENTRIES, BULK_ENTRIES]
    assert office.productive.params(1) == {
        "filter[id]": ",".join(office.row(one).id for one in entries),
        "include": status_includes(),
        "page[number]": "1",
        "page[size]": "200",
    }
    assert bodies(office.productive, BULK_ENTRIES) == [
        bulk_body("time_entries", entries)
    ]


async def test_a_part_of_a_whole_rule_is_read_back(office: Office) -> None:
    """An entry that another has yet to approve shows nobody's approval."""
    entries = give_entries(office, 10, CONTROLLER, APPROVER, key="all-")

    results = await office.decide(*(approve(office.id(one)) for one in entries))

    assert results == [APPLIED] * 10
    assert office.productive.calls == [MEMBERSHIPS, ENTRIES, BULK_ENTRIES, STATUSES]
    for one in entries:
        assert office.states(one) == [("APPROVED", CONTROLLER), ("PENDING", None)]


async def test_entries_that_show_their_approval_late_are_read_back(
    office: Office, switch_productive: Callable[..., None]
) -> None:
    switch_productive(target_lag_ms=60_000)
    entries = give_entries(office, 10)

    results = await office.decide(*(approve(office.id(one)) for one in entries))

    assert results == [APPLIED] * 10
    assert office.productive.calls == [MEMBERSHIPS, ENTRIES, BULK_ENTRIES, STATUSES]


async def test_roles_are_resolved_once_for_all(office: Office) -> None:
    entries = [ids.ENTRY_BUDGET_OWNER, ids.ENTRY_UNAPPROVED]

    results = await office.decide(
        *(approve(office.id(one)) for one in entries), person="accountant"
    )

    assert results == [APPLIED] * 2
    assert office.productive.calls == [
        MEMBERSHIPS,
        ENTRIES,
        ENTRIES,
        ENTRIES,
        BULK_ENTRIES,
    ]
    asked = [office.productive.params(at).get(AWAITS) for at in (1, 2, 3)]
    assert asked == [None, ACCOUNTANT, "0"]
    for one in entries:
        assert office.states(one) == [("APPROVED", ACCOUNTANT)]


async def test_roles_duties_are_proven_to_be_the_persons_as_well(
    office: Office,
) -> None:
    entries = [ids.ENTRY_BUDGET_OWNER, ids.ENTRY_UNAPPROVED]

    results = await office.decide(
        *(approve(office.status_id(one)) for one in entries), person="accountant"
    )

    assert results == [APPLIED] * 2
    assert writes(office.productive) == [BULK_ENTRIES]


async def test_an_entry_with_another_duty_that_may_be_the_persons_goes_by_itself(
    office: Office,
) -> None:
    """The call for entries would decide both."""
    twin = give_entries(office, 5, AUDITOR, APPROVER)[4]
    entries = give_entries(office, 4, AUDITOR)
    role = office.row(twin, 1)
    role.approver_id, role.dynamic_approver_type_id = None, PROJECT_MANAGER

    results = await office.decide(
        *(approve(office.id(one)) for one in (*entries, twin)), person="auditor"
    )

    assert results == [APPLIED] * 5
    assert bodies(office.productive, BULK_ENTRIES) == [
        bulk_body("time_entries", entries)
    ]
    assert sorted(writes(office.productive)) == sorted(
        [BULK_ENTRIES, office.call("approve", twin)]
    )
    assert office.states(twin) == [("APPROVED", AUDITOR), ("PENDING", None)]


async def test_an_entry_with_two_rows_of_one_requirement_goes_by_itself(
    office: Office,
) -> None:
    twin = give_entries(office, 3, CONTROLLER, CONTROLLER)[2]
    entries = give_entries(office, 2)
    for row in office.rows(twin):
        row.approver_group_key = "one"

    results = await office.decide(
        *(approve(office.id(one)) for one in (*entries, twin))
    )

    assert results == [APPLIED] * 3
    assert bodies(office.productive, BULK_ENTRIES) == [
        bulk_body("time_entries", entries)
    ]
    assert office.states(twin) == [("APPROVED", CONTROLLER), ("PENDING", None)]


async def test_a_duty_on_behalf_goes_by_itself(office: Office) -> None:
    """The call for entries decides what is the caller's own."""
    entries = give_entries(office, 3)

    results = await office.decide(
        *(approve(office.status_id(one)) for one in entries), person="auditor"
    )

    assert results == [APPLIED] * 3
    # The duties' own call was tried, and there is none.
    assert sorted(writes(office.productive)) == sorted(
        [BULK_STATUSES, *(office.call("approve", one) for one in entries)]
    )


async def test_one_alone_of_its_sort_goes_by_itself(office: Office) -> None:
    [entry] = give_entries(office, 1)

    results = await office.decide(
        approve(office.id(entry)), approve(office.status_id(ids.BOOKING_ANY))
    )

    assert results == [APPLIED] * 2
    assert sorted(writes(office.productive)) == sorted(
        [
            BULK_STATUSES,
            office.call("approve", entry),
            office.call("approve", ids.BOOKING_ANY),
        ]
    )


async def test_rejections_and_notes_do_not_go_together(office: Office) -> None:
    entries = give_entries(office, 6)

    results = await office.decide(
        approve(office.id(entries[0])),
        reject(office.id(entries[1])),
        approve(office.id(entries[2]), note="fine"),
        approve(office.id(entries[3]), note=""),
        approve(office.id(entries[4]), note=None),
        reject(office.id(entries[5])),
    )

    assert results == [APPLIED] * 6
    together = [entries[0], entries[3], entries[4]]
    assert bodies(office.productive, BULK_ENTRIES) == [
        bulk_body("time_entries", together)
    ]
    assert sorted(writes(office.productive)) == sorted(
        [
            BULK_ENTRIES,
            office.call("reject", entries[1]),
            office.call("approve", entries[2]),
            office.call("reject", entries[5]),
        ]
    )
    assert office.row(entries[2]).note == "fine"


async def test_what_cannot_be_approved_leaves_the_rest(office: Office) -> None:
    first, second = give_entries(office, 2)

    results = await office.decide(
        approve(office.id(ids.ENTRY_AT_ONCE)),
        approve(office.id(first)),
        approve(graph_id("TimeEntry", "999999")),
        approve(office.id(ids.ENTRY_OF_CONTROLLER)),
        approve(office.id(second)),
    )

    assert results[1] == results[4] == APPLIED
    assert results[0]["userErrors"][0]["code"] in {"NOT_FOUND", "CONFLICT"}
    assert results[2] == refused("NOT_FOUND", NO_TARGET["TimeEntry"], 2, "id")
    assert results[3] == refused("FORBIDDEN", UNCLEAR, 3)
    assert writes(office.productive) == [BULK_ENTRIES]
    assert bodies(office.productive, BULK_ENTRIES) == [
        bulk_body("time_entries", [first, second])
    ]


async def test_what_is_another_persons_or_done_is_told_without_a_call_of_its_own(
    office: Office,
) -> None:
    others = give_entries(office, 4, APPROVER)
    entries = give_entries(office, 2)
    for one in entries:
        office.act("approve", one, 0, "controller", None)

    results = await office.decide(
        *(approve(office.id(one)) for one in (*entries, *others[2:])), person="auditor"
    )
    mine = await office.decide(*(approve(office.id(one)) for one in entries))

    told = f"It is approved already. {UNCHANGED}"
    assert results == [
        refused("CONFLICT", told, 0),
        refused("CONFLICT", told, 1),
        refused("FORBIDDEN", NOT_YOURS, 2),
        refused("FORBIDDEN", NOT_YOURS, 3),
    ]
    assert mine == [ALREADY] * 2
    assert office.productive.calls == [MEMBERSHIPS, ENTRIES] * 2


async def test_who_could_decide_for_others_as_well_sends_it_by_itself(
    office: Office,
) -> None:
    """Whose own duty is decided meanwhile might decide those of others instead."""
    entries = give_entries(office, 3, AUDITOR, APPROVER, key="all-")

    results = await office.decide(
        *(approve(office.id(one)) for one in entries), person="auditor"
    )

    assert results == [APPLIED] * 3
    assert BULK_ENTRIES not in office.productive.calls
    for one in entries:
        assert office.states(one) == [("APPROVED", AUDITOR), ("PENDING", None)]


async def test_where_any_of_several_is_enough_they_do_not_matter(
    office: Office,
) -> None:
    entries = give_entries(office, 3, AUDITOR, APPROVER)
    state = office.simulator.state
    workflow_id = next(
        key
        for key, one in state.workflows.items()
        if one.approval_requirement_id == ANY
    )
    for one in entries:
        for row in office.rows(one):
            row.workflow_id = workflow_id

    results = await office.decide(
        *(approve(office.id(one)) for one in entries), person="auditor"
    )

    assert results == [APPLIED] * 3
    assert writes(office.productive) == [BULK_ENTRIES]
    for one in entries:
        assert office.states(one) == [("APPROVED", AUDITOR), ("PENDING", None)]


async def test_an_entry_and_its_own_duty_are_one_decision(office: Office) -> None:
    entries = give_entries(office, 2)

    results = await office.decide(
        approve(office.id(entries[0])),
        approve(office.status_id(entries[0])),
        approve(office.id(entries[1])),
    )

    assert results == [APPLIED, ALREADY, APPLIED]
    assert writes(office.productive) == [BULK_ENTRIES]
    assert bodies(office.productive, BULK_ENTRIES) == [
        bulk_body("time_entries", entries)
    ]
