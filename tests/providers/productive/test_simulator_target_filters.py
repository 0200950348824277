"""The filters of bookings, time entries, expenses and people (5 to 8)."""

import pytest

from tests.providers.productive.simulator_support import Desk, refusal

ALL = "page[size]=200"
BOOKINGS = "filter[id]=301,302,305,311,312,314,316,320"
ENTRIES = "filter[id]=601,602,603,605,606,608,609"
EXPENSES = "filter[id]=701,702,703,706,707,709,712"


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("filter[approval_status]=1", ["312", "316", "320"]),
        ("filter[approval_status]=2", ["301", "302", "305"]),
        ("filter[approval_status]=3", ["311"]),
        ("filter[approval_status]=5", ["314"]),
        ("filter[approval_status]=3,5", ["311", "314"]),
        ("filter[status]=3", ["311"]),
        ("filter[approval_status][not_eq]=1,2", ["311", "314"]),
        ("filter[canceled]=true", ["314"]),
        ("filter[booking_type]=service", ["320"]),
        ("filter[booking_type]=SERVICE", ["320"]),
        ("filter[event_id]=44", ["301"]),
        ("filter[event_id][not_eq]=44,45,46,47,48", ["320"]),
        ("filter[person_id]=12&filter[event_id]=45,46", ["302", "316"]),
        ("filter[approver_id]=21", ["312"]),
        ("filter[project_id]=510", ["320"]),
        ("filter[budget_id]=520", ["320"]),
        ("filter[company_id]=502", ["320"]),
        ("filter[company_id]=501", []),
        ("filter[task_id]=1", []),
        ("filter[after]=2026-12-09", ["316", "320"]),
        ("filter[before]=2026-04-08", ["301"]),
        ("filter[after]=2026-04-08&filter[before]=2026-04-08", ["301"]),
        ("filter[started_on]=2026-04-06", ["301"]),
        ("filter[started_on][lt]=2026-04-06", []),
        ("filter[ended_on][gt_eq]=2026-12-18", ["320"]),
        ("filter[ended_on][gt]=2026-12-18", []),
        ("filter[created_at][lt_eq]=2026-03-02", ["301"]),
        ("filter[rejected_at][gt]=2026-01-01", ["311"]),
        ("filter[canceled_at][gt]=2026-01-01", ["314"]),
        ("filter[note]=spring leave", ["301"]),
        ("filter[note][contains]=SPRING", ["301"]),
        ("filter[tags]=x", []),
        ("filter[autotracking]=true", []),
        ("filter[person_type]=1&filter[approval_status]=3", ["311"]),
        ("filter[custom_fields]=x", []),
    ],
)
async def test_bookings_are_filtered(desk: Desk, query: str, ids: list[str]) -> None:
    assert await desk.ids(f"bookings?{BOOKINGS}&{query}") == ids


async def test_drafts_are_listed_only_when_asked_for(desk: Desk) -> None:
    path = "bookings?filter[id]=303,315"

    assert await desk.ids(path) == ["303"]
    assert await desk.ids(f"{path}&filter[with_draft]=true") == ["303", "315"]
    assert await desk.ids(f"{path}&filter[with_draft]=false") == ["303"]
    assert await desk.ids(f"{path}&filter[draft]=true") == ["315"]
    assert await desk.ids(f"{path}&filter[draft][not_eq]=true") == ["303"]
    assert await desk.ids("expenses?filter[id]=702,708") == ["702"]
    assert await desk.ids("time_entries?filter[id]=602,612") == ["602", "612"]


async def test_times_are_cut_to_dates_without_the_flag(desk: Desk) -> None:
    query = "filter[id]=301&filter[created_at]"
    exact = "2026-03-02T10:00:00.000%2B01:00"
    other = "2026-03-02T09:00:00Z"
    later = "2026-03-02T10:00:01"
    flag = "filteringSkipDatetimeCastToDate"

    async def found(value: str, **headers: str) -> int:
        path = f"bookings?{query}{value}"
        answer = await desk.send("GET", path, None, **headers)
        count: int = answer.json()["meta"]["total_count"]
        return count

    assert [await found(f"={one}") for one in (exact, other, later)] == [1, 1, 1]
    flagged = [
        await found(f"={one}", X_Feature_Flags=flag) for one in (exact, other, later)
    ]
    assert flagged == [1, 1, 0]
    assert await found(f"[lt]={later}", X_Feature_Flags=flag) == 1
    assert await found(f"[lt]={later}") == 0


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("filter[status]=1", ["601", "609"]),
        ("filter[status]=2", ["602", "603", "605", "606"]),
        ("filter[status]=3", ["608"]),
        ("filter[status]=4", []),
        ("filter[status]=1,3", ["601", "608", "609"]),
        ("filter[approver_id]=22", ["601"]),
        ("filter[assigned_approver_id]=22", []),
        ("filter[awaiting_approval_from_approver_id]=22", ["602", "603"]),
        ("filter[awaiting_approval_from_approver_id]=20,23", ["603", "605", "606"]),
        ("filter[designated_approver_id]=20", ["603"]),
        ("filter[approval_policy_id]=73", ["603"]),
        ("filter[responsible_id]=20", ["606"]),
        ("filter[service_id]=412,413", ["603", "605"]),
        ("filter[budget_id]=522", ["605"]),
        ("filter[deal_id]=522", ["605"]),
        ("filter[project_id]=512", ["605", "606"]),
        ("filter[booking_id]=301", []),
        ("filter[track_method_id]=1&filter[deal_id]=522", ["605"]),
        ("filter[person_id]=20", []),
        ("filter[creator_id]=12&filter[status]=3", ["608"]),
        ("filter[date]=2026-03-02", ["601"]),
        ("filter[before]=2026-03-02", ["601"]),
        ("filter[after]=2026-10-12", ["608", "609"]),
        ("filter[approved_at]=2026-03-03", ["601"]),
        ("filter[updated_at]=2026-03-03", ["601"]),
    ],
)
async def test_time_entries_are_filtered(
    desk: Desk, query: str, ids: list[str]
) -> None:
    assert await desk.ids(f"time_entries?{ENTRIES}&{query}") == ids


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("filter[approval_status]=1", ["703", "707", "709"]),
        ("filter[approval_status]=2", ["701", "702", "712"]),
        ("filter[approval_status]=3", ["706"]),
        ("filter[approval_status]=4", ["703"]),
        ("filter[status]=1", ["707"]),
        ("filter[status]=2&filter[approval_status]=1", ["703", "709"]),
        ("filter[assigned_approver_id]=21", ["701", "702", "706", "707", "712"]),
        ("filter[awaiting_approval_from_approver_id]=20", ["702", "712"]),
        ("filter[awaiting_approval_from_approver_id]=22", ["701"]),
        ("filter[designated_approver_id]=21", ["701"]),
        ("filter[approver_id]=24", ["709"]),
        ("filter[deal_id]=520", ["701"]),
        ("filter[service_id]=411,414", ["701", "703"]),
        ("filter[vendor_id]=1", []),
        ("filter[date]=2026-03-02", ["701"]),
        ("filter[date_before]=2026-03-02", ["701"]),
        ("filter[date_after]=2026-10-13", ["709", "712"]),
        ("filter[draft]=false&filter[deal_id]=520", ["701"]),
        ("filter[creator_id]=12&filter[service_id]=414", ["703"]),
    ],
)
async def test_expenses_are_filtered(desk: Desk, query: str, ids: list[str]) -> None:
    assert await desk.ids(f"expenses?{EXPENSES}&{query}") == ids


async def test_the_status_of_expenses_can_mean_approval(desk: Desk) -> None:
    desk.switch(expense_status_filter="approval")

    assert await desk.ids(f"expenses?{EXPENSES}&filter[status]=3") == ["706"]
    assert await desk.ids(f"expenses?{EXPENSES}&filter[status]=4") == ["703"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("filter[id]=12,20", ["12", "20"]),
        ("filter[email]=amy@demo.test", ["21"]),
        ("filter[email]=AMY@demo.test,carla@demo.test", ["20", "21"]),
        ("filter[status]=2", ["18"]),
        ("filter[status]=1&filter[manager_id]=18", ["17"]),
        ("filter[manager_id]=22", ["27", "28"]),
        ("filter[approval_policy_id]=75", ["35"]),
        ("filter[approval_workflow_id]=38", ["35"]),
        ("filter[company_id]=501,502", ["37", "38"]),
        ("filter[role_id]=1", ["24", "26"]),
        ("filter[query]=novak", ["22"]),
        ("filter[query]=amy@", ["21"]),
        ("filter[query]=Amy Moss", ["21"]),
        ("filter[team]=x", []),
        ("filter[subsidiary_id]=1", []),
        ("filter[subscribable_id]=1", []),
    ],
)
async def test_people_are_filtered(desk: Desk, query: str, ids: list[str]) -> None:
    assert await desk.ids(f"people?{query}&{ALL}", "clerk") == ids


@pytest.mark.parametrize(
    ("form", "value", "count"),
    [
        ("both", "1", 27),
        ("both", "user", 27),
        ("both", "2", 3),
        ("both", "contact", 3),
        ("both", "placeholder", 1),
        ("both", "agent", 0),
        ("both", "user,contact", 30),
        ("number", "3", 1),
        ("number", "user", None),
        ("word", "contact", 3),
        ("word", "2", None),
        ("both", "robot", None),
    ],
)
async def test_a_person_type_is_a_number_or_a_word(
    desk: Desk, form: str, value: str, count: int | None
) -> None:
    desk.switch(person_type_filter=form)

    answer = await desk.send("GET", f"people?filter[person_type]={value}&{ALL}")

    if count is None:
        assert refusal(answer) == (400, ["filter_value_unsupported"])
    else:
        assert answer.json()["meta"]["total_count"] == count
