"""How the organizations are set up: budgets, absence categories, policies.

| policy | what it asks |
| --- | --- |
| 71 "Leave, two steps" | vacation: approver, accountant and manager, all; sick leave: \
nobody; remote work: any of controller and approver; unpaid: both of them; parental: \
the manager |
| 72 "Budgets, owner" | time: its owner; expenses: approver and owner, all |
| 73 "Budgets, roles" | time: project manager and designated approver, all; expenses: \
any of controller and approver |
| 74 "Leave, manager" | vacation: the manager; remote work: any of manager and \
accountant |
| 75 "Leave, old" | archived |
| 76 "Deals" | for deals, which have no approval statuses |
| 77 "Budgets, nobody" | time and expenses: nobody |
| 78 "Budgets, project" | time: the project manager; expenses: project manager or \
designated approver |
"""

from gateway.providers.productive.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    CLERK,
    CONTROLLER,
    CONTROLLER_ELSEWHERE,
    LEAD,
    LEFT_ALONE,
    MAIN,
    SECOND,
    SECOND_STAFF,
    UNMANAGED,
)
from gateway.providers.productive.simulator.objects import (
    ABSENCE_POLICY,
    ALL,
    ANY,
    BUDGET_OWNER,
    BUDGET_POLICY,
    DEAL_POLICY,
    DESIGNATED_APPROVER,
    EVENT_TARGET,
    EXPENSE_TARGET,
    MANAGER,
    NONE,
    PROJECT_MANAGER,
    TIME_TARGET,
    Deal,
    Event,
    Named,
    Policy,
    Project,
    Service,
    Workflow,
)

VACATION, SICK, REMOTE, UNPAID, PARENTAL, JUBILEE = "44", "45", "46", "47", "48", "49"
ELSEWHERE_LEAVE = "50"

COMPANIES = tuple(
    Named(id=one_id, organization_id=MAIN, name=name)
    for one_id, name in (
        ("501", "Bayline Seafood"),
        ("502", "Copper Kettle Dairy"),
        ("503", "Granite Properties"),
    )
)


def _project(one_id: str, name: str, manager_id: str | None) -> Project:
    return Project(id=one_id, organization_id=MAIN, name=name, manager_id=manager_id)


PROJECTS = (
    _project("510", "Harbor rollout", ACCOUNTANT),
    _project("511", "Menu redesign", ACCOUNTANT),
    _project("512", "Festival booth", None),
    _project("513", "Warehouse move", LEAD),
)


def _deal(
    one_id: str,
    name: str,
    project_id: str,
    responsible_id: str | None,
    designated_approver_id: str | None = None,
) -> Deal:
    return Deal(
        id=one_id,
        organization_id=MAIN,
        name=name,
        project_id=project_id,
        company_id=f"50{int(one_id) % 3 + 1}",
        responsible_id=responsible_id,
        designated_approver_id=designated_approver_id,
    )


DEALS = (
    _deal("520", "Rollout 2026", "510", ACCOUNTANT, APPROVER),
    _deal("521", "Redesign 2026", "511", LEAD, CONTROLLER),
    # Nobody owns it, and nobody manages its project.
    _deal("522", "Booth 2026", "512", None),
    _deal("523", "Inventory", "513", LEAD),
    _deal("524", "Small jobs", "513", LEAD),
    # Nobody manages its project, so that its owner stands in.
    _deal("525", "Booth, catering", "512", CONTROLLER),
)
SERVICES = tuple(
    Service(id=one_id, organization_id=MAIN, name=name, deal_id=deal_id)
    for one_id, name, deal_id in (
        ("410", "Consulting", "520"),
        ("411", "Travel", "520"),
        ("412", "Design", "521"),
        ("413", "Booth building", "522"),
        ("414", "Stock taking", "523"),
        ("415", "Odd jobs", "524"),
        ("416", "Catering", "525"),
    )
)


def _event(one_id: str, name: str, organization_id: str = MAIN, **rest: str) -> Event:
    return Event(id=one_id, organization_id=organization_id, name=name, **rest)  # type: ignore[arg-type]


EVENTS = (
    _event(VACATION, "Vacation"),
    _event(SICK, "Sick leave"),
    _event(REMOTE, "Remote work", absence_type="remote_work"),
    _event(UNPAID, "Unpaid leave"),
    _event(PARENTAL, "Parental leave"),
    _event(JUBILEE, "Jubilee day"),
    _event(ELSEWHERE_LEAVE, "Leave", SECOND),
)


def _policy(
    one_id: str, name: str, type_id: int, organization_id: str = MAIN
) -> Policy:
    return Policy(
        id=one_id, organization_id=organization_id, name=name, type_id=type_id
    )


POLICIES = (
    _policy("71", "Leave, two steps", ABSENCE_POLICY),
    _policy("72", "Budgets, owner", BUDGET_POLICY),
    _policy("73", "Budgets, roles", BUDGET_POLICY),
    _policy("74", "Leave, manager", ABSENCE_POLICY),
    _policy("75", "Leave, old", ABSENCE_POLICY),
    _policy("76", "Deals", DEAL_POLICY),
    _policy("77", "Budgets, nobody", BUDGET_POLICY),
    _policy("78", "Budgets, project", BUDGET_POLICY),
    _policy("79", "Museum leave", ABSENCE_POLICY, SECOND),
)
ARCHIVED_POLICY, ARCHIVED_EVENT = "75", JUBILEE


def _leave(
    one_id: str,
    policy_id: str,
    event_id: str,
    requirement_id: int,
    *approver_ids: str,
    roles: tuple[int, ...] = (),
    organization_id: str = MAIN,
) -> Workflow:
    return Workflow(
        id=one_id,
        organization_id=organization_id,
        policy_id=policy_id,
        event_id=event_id,
        target_type_id=EVENT_TARGET,
        approval_requirement_id=requirement_id,
        approver_ids=list(approver_ids),
        dynamic_approver_ids=list(roles),
    )


def _budget(
    one_id: str,
    policy_id: str,
    target_type_id: int,
    requirement_id: int,
    *approver_ids: str,
    roles: tuple[int, ...] = (),
) -> Workflow:
    return Workflow(
        id=one_id,
        organization_id=MAIN,
        policy_id=policy_id,
        event_id=None,
        target_type_id=target_type_id,
        approval_requirement_id=requirement_id,
        approver_ids=list(approver_ids),
        dynamic_approver_ids=list(roles),
    )


_MANAGER, _OWNER, _PROJECT = (MANAGER,), (BUDGET_OWNER,), (PROJECT_MANAGER,)
_PROJECT_ROLES = (PROJECT_MANAGER, DESIGNATED_APPROVER)
WORKFLOWS = (
    _leave("31", "71", VACATION, ALL, APPROVER, ACCOUNTANT, roles=_MANAGER),
    _leave("32", "71", SICK, NONE),
    _leave("33", "71", REMOTE, ANY, CONTROLLER, APPROVER),
    _leave("34", "71", UNPAID, ALL, CONTROLLER, APPROVER),
    _leave("35", "71", PARENTAL, ALL, roles=_MANAGER),
    _leave("36", "74", VACATION, ANY, roles=_MANAGER),
    _leave("37", "74", REMOTE, ANY, ACCOUNTANT, roles=_MANAGER),
    _leave("38", "75", VACATION, ALL, APPROVER),
    _budget("41", "72", TIME_TARGET, ANY, roles=_OWNER),
    _budget("42", "72", EXPENSE_TARGET, ALL, APPROVER, roles=_OWNER),
    _budget("43", "73", TIME_TARGET, ALL, roles=_PROJECT_ROLES),
    _budget("44", "73", EXPENSE_TARGET, ANY, CONTROLLER, APPROVER),
    _budget("45", "77", TIME_TARGET, NONE),
    _budget("46", "77", EXPENSE_TARGET, NONE),
    _budget("47", "78", TIME_TARGET, ANY, roles=_PROJECT),
    _budget("48", "78", EXPENSE_TARGET, ANY, roles=_PROJECT_ROLES),
    _leave(
        "51",
        "79",
        ELSEWHERE_LEAVE,
        ALL,
        CONTROLLER_ELSEWHERE,
        organization_id=SECOND,
    ),
)

# Which person, or which budget, has which policy. Who is not here needs no approval.
PERSON_POLICIES = (
    ("81", CLERK, "71"),
    ("82", "11", "71"),
    ("83", "13", "71"),
    ("84", "14", "74"),
    ("85", "15", "71"),
    ("86", UNMANAGED, "74"),
    ("87", LEFT_ALONE, "74"),
    ("88", CONTROLLER, "74"),
    ("89", APPROVER, "74"),
    ("90", ACCOUNTANT, "71"),
    ("91", "27", "74"),
    ("92", "28", "71"),
    ("93", "29", "71"),
    ("94", "30", "74"),
    ("95", "31", "71"),
    ("96", "32", "71"),
    ("97", "33", "74"),
    ("98", "34", "71"),
    ("99", "35", "75"),
    ("100", SECOND_STAFF, "79"),
)
DEAL_POLICIES = (
    ("101", "520", "72"),
    ("102", "521", "73"),
    ("103", "522", "72"),
    ("104", "524", "77"),
    ("105", "525", "78"),
)
