"""``gateway doctor`` against the sandbox, served over real HTTP."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
import pytest
import structlog
import uvicorn
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.providers import PROVIDERS
from gateway.sandbox import Sandbox
from tests.support import (
    accounteer_simulator,
    bill_simulator,
    ottimate_simulator,
    productive_simulator,
)

HEADER = "The settings are fine."
ROWS = {
    "sign-in": "ok     a token for 31536000 s",
    "invoices": "ok     350 can be read",
    "invoice_ids filter": "ok     honoured",
    "single read": "-      line items told, history told",
    "approver status": "-      not told",
    "policy of a manual approver": "-      empty text",
    "approve call": "ok     present",
    "add approver call": "ok     present",
    "remove approver call": "ok     present",
}
BILL_ROWS = {
    "signed-in user": (
        "ok     00601GATEWAYSERVICE0, profile Administrator; reads for callers without "
        "credentials of their own, and decides nothing"
    ),
    "in filter": "ok     many objects by id in one call",
    "List/BillApprover": "ok     approvers of many objects in one call",
    "List/VendorCreditApprover": "ok     approvers of many objects in one call",
    "List/ApprovalPolicy": "ok     6 policies are listed",
}
PRODUCTIVE_ROWS = {
    "owner of the token": (
        "ok     person 26; reads for callers without a token of their own, and decides "
        "nothing"
    ),
    "many by id": "ok     200 objects by id in one call",
    "pending bookings": "ok     the filter gives those that wait",
    "unknown filter": "ok     refused",
    "workflows as a list": "-      absent; they come with approval statuses",
    "policies by id": "ok     taken; the list is read whole all the same",
    "people by type": "ok     numbers are taken",
    "policy assignments": "ok     the first is of a person",
    "unapprove a booking": ("-      absent; approval statuses are decided one by one"),
    "reject an expense itself": (
        "ok     there is one; the gateway decides on approval statuses"
    ),
    "approve in bulk": "-      absent; approval statuses are decided one by one",
}
ACCOUNTEER_ROWS = {
    "read invoices": "ok     listed, and found by id",
    "read purchases": "ok     listed, and found by id",
    "read contacts": "ok     names are shown",
    "pages of lists": "-      not seen: all fits on one page",
    "filter by status": "-      ignored: the gateway filters",
    "approve purchases": (
        "-      not asked: without approving one this cannot be known"
    ),
}
ABSENT = "-      absent: answers UNSUPPORTED"

Doctor = Callable[..., Result]


def table(**changed: str) -> list[str]:
    """Return the lines of all but Accounteer; *changed* rows by name, spaces as ``_``.

    Those that are no row of Ottimate's or Productive's are BILL's.
    """
    rows = {name.replace("__", " "): row for name, row in changed.items()}
    ottimate = {name: rows.pop(name, row) for name, row in ROWS.items()}
    productive = {name: rows.pop(name, row) for name, row in PRODUCTIVE_ROWS.items()}
    return [
        HEADER,
        *lines("Ottimate", ottimate),
        *bill_lines(**rows),
        *productive_lines(**productive),
    ]


def bill_lines(**changed: str) -> list[str]:
    """Return BILL's lines, some rows *changed*."""
    assert set(changed) <= set(BILL_ROWS)
    return lines("BILL", {**BILL_ROWS, **changed})


def productive_lines(**changed: str) -> list[str]:
    """Return Productive's lines, some rows *changed*."""
    assert set(changed) <= set(PRODUCTIVE_ROWS)
    return lines("Productive", {**PRODUCTIVE_ROWS, **changed})


def accounteer_lines(**changed: str) -> list[str]:
    """Return Accounteer's lines, some rows *changed*."""
    assert set(changed) <= set(ACCOUNTEER_ROWS)
    return lines("Accounteer", {**ACCOUNTEER_ROWS, **changed})


def lines(title: str, rows: Mapping[str, str]) -> list[str]:
    """Return a provider's lines."""
    return [f"{title:<12}{name:<30}{row}" for name, row in rows.items()]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Sandbox, str]]:
    """A sandbox and where it is served."""
    sandbox = Sandbox()
    server = uvicorn.Server(
        uvicorn.Config(
            sandbox.app,
            host="127.0.0.1",
            port=0,
            log_config=None,
            access_log=False,
        )
    )
    with server.config.bind_socket() as bound:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        yield sandbox, f"http://127.0.0.1:{bound.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)
    assert not thread.is_alive()


@pytest.fixture
def doctor_of_all(
    served: tuple[Sandbox, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Doctor]:
    """Run the doctor over all providers, with some variables set otherwise."""
    sandbox, origin = served
    for provider in PROVIDERS:
        simulator = sandbox.simulators[provider.name]
        simulator.reset()
        for key, value in simulator.settings(origin).items():
            monkeypatch.setenv(f"GATEWAY_{provider.key}__{key}".upper(), value)

    def run(**environment: str | None) -> Result:
        return CliRunner().invoke(main, ["doctor"], env=environment)

    yield run
    structlog.reset_defaults()


@pytest.fixture
def doctor(doctor_of_all: Doctor) -> Doctor:
    """Run it without Accounteer, whose two calls a second take their time."""

    def run(**environment: str | None) -> Result:
        return doctor_of_all(**{**without("accounteer"), **environment})

    return run


@pytest.fixture
def switch_accounteer(served: tuple[Sandbox, str]) -> Callable[..., None]:
    simulator = accounteer_simulator(served[0])

    def set_switches(**values: Any) -> None:
        simulator.switches = msgspec.structs.replace(simulator.switches, **values)

    return set_switches


@pytest.fixture
def switch(served: tuple[Sandbox, str]) -> Callable[..., None]:
    simulator = ottimate_simulator(served[0])

    def set_switches(**values: Any) -> None:
        simulator.switches = msgspec.structs.replace(simulator.switches, **values)

    return set_switches


@pytest.fixture
def switch_productive(served: tuple[Sandbox, str]) -> Callable[..., None]:
    simulator = productive_simulator(served[0])

    def set_switches(**values: Any) -> None:
        simulator.switches = msgspec.structs.replace(simulator.switches, **values)

    return set_switches


@pytest.fixture
def switch_bill(served: tuple[Sandbox, str]) -> Callable[..., None]:
    simulator = bill_simulator(served[0])

    def set_switches(**values: Any) -> None:
        simulator.switches = msgspec.structs.replace(simulator.switches, **values)

    return set_switches


def without(key: str) -> dict[str, str | None]:
    """Return what leaves a provider without its settings."""
    section = next(one.settings for one in PROVIDERS if one.key == key)
    return {f"GATEWAY_{key}__{name}".upper(): None for name in section.model_fields}


def rows(result: Result) -> list[str]:
    """Return the lines of the table, whatever else was printed between them."""
    return [
        line
        for line in result.stdout.splitlines()
        if line.startswith(("Ottimate ", "BILL ", "Productive ", "Accounteer ", HEADER))
    ]


def test_all_is_as_expected(doctor_of_all: Doctor) -> None:
    result = doctor_of_all()

    assert result.exit_code == 0
    assert rows(result) == [*table(), *accounteer_lines()]


def test_the_table_alone_is_on_standard_output(doctor_of_all: Doctor) -> None:
    result = doctor_of_all()

    assert result.stdout.splitlines() == [*table(), *accounteer_lines()]


def test_nothing_is_changed_upstream(
    doctor_of_all: Doctor, served: tuple[Sandbox, str]
) -> None:
    ottimate, bill = ottimate_simulator(served[0]), bill_simulator(served[0])
    productive = productive_simulator(served[0])
    accounteer = accounteer_simulator(served[0])

    def look() -> list[object]:
        return [
            ottimate.switches,
            bill.switches,
            productive.switches,
            accounteer.switches,
            *(
                repr(one)
                for one in (
                    ottimate.state.invoices,
                    bill.state.bills,
                    bill.state.vendor_credits,
                    bill.state.policies,
                    bill.state.users,
                    productive.state.bookings,
                    productive.state.time_entries,
                    productive.state.expenses,
                    productive.state.statuses,
                    productive.state.policies,
                    productive.state.workflows,
                    productive.state.people,
                    accounteer.state.invoices,
                    accounteer.state.purchases,
                    accounteer.state.contacts,
                )
            ),
        ]

    before = look()

    doctor_of_all()

    assert look() == before


@pytest.mark.parametrize("status", [403, 404, 405, 501])
def test_an_absent_call_is_told_and_not_wrong(
    doctor: Doctor, switch: Callable[..., None], status: int
) -> None:
    switch(
        absent_calls=("approve", "add_approver", "remove_approver"),
        absent_status=status,
    )

    result = doctor()

    assert result.exit_code == 0
    assert rows(result) == table(
        approve__call=ABSENT, add__approver__call=ABSENT, remove__approver__call=ABSENT
    )


@pytest.mark.parametrize(
    ("call", "row"),
    [
        ("approve", "approve__call"),
        ("add_approver", "add__approver__call"),
        ("remove_approver", "remove__approver__call"),
    ],
)
def test_one_absent_call_is_told_alone(
    doctor: Doctor, switch: Callable[..., None], call: str, row: str
) -> None:
    switch(absent_calls=(call,))

    result = doctor()

    assert result.exit_code == 0
    assert rows(result) == table(**{row: ABSENT})


def test_a_filter_that_is_passed_over_is_wrong(
    doctor: Doctor, switch: Callable[..., None]
) -> None:
    switch(invoice_ids_filter=False)

    result = doctor()

    assert result.exit_code == 1
    assert rows(result) == table(
        **{"invoice_ids filter": "WRONG  not honoured: invoices cannot be read"}
    )


@pytest.mark.parametrize(
    ("switches", "row", "told"),
    [
        ({"approver_status_field": True}, "approver status", "-      told"),
        ({"manual_policy": "null"}, "policy of a manual approver", "-      null"),
        (
            {"manual_policy": "missing"},
            "policy of a manual approver",
            "-      left out",
        ),
        (
            {"items_in_detail": False},
            "single read",
            "-      line items not told, history told",
        ),
        ({"token_seconds": 60}, "sign-in", "ok     a token for 60 s"),
    ],
)
def test_what_an_account_does_otherwise_is_told(
    doctor: Doctor,
    switch: Callable[..., None],
    switches: dict[str, Any],
    row: str,
    told: str,
) -> None:
    switch(**switches)

    result = doctor()

    assert result.exit_code == 0
    assert rows(result) == table(**{row: told})


def test_a_call_that_does_not_answer_is_wrong(
    doctor: Doctor, switch: Callable[..., None]
) -> None:
    switch(fault="unavailable", fault_calls=("approve",))

    result = doctor()

    assert result.exit_code == 1
    assert rows(result) == table(
        approve__call="WRONG  The provider's answer to this write was lost."
    )


def test_reads_that_are_not_understood_are_wrong(
    doctor: Doctor, switch: Callable[..., None]
) -> None:
    switch(fault="html")

    result = doctor()

    assert result.exit_code == 1
    unread = "The provider's answer could not be understood."
    accepted = "accepted for an invoice that does not exist"
    assert rows(result) == [
        *table()[:2],
        *(
            f"Ottimate    {name:<30}WRONG  {detail}"
            for name, detail in [
                ("invoices", unread),
                ("approver records", unread),
                ("approve call", accepted),
                ("add approver call", accepted),
                ("remove approver call", accepted),
            ]
        ),
        *bill_lines(),
        *productive_lines(),
    ]


@pytest.mark.parametrize("name", ["CLIENT_SECRET", "CLIENT_ID", "API_KEY"])
def test_wrong_credentials_are_wrong_and_not_shown(doctor: Doctor, name: str) -> None:
    result = doctor(**{f"GATEWAY_OTTIMATE__{name}": "nobody-knows-this"})

    assert result.exit_code == 1
    assert rows(result) == [
        HEADER,
        (
            f"Ottimate    {'sign-in':<30}WRONG  "
            "Ottimate does not accept this gateway's sign-in."
        ),
        *bill_lines(),
        *productive_lines(),
    ]
    assert "nobody-knows-this" not in result.output


def test_a_provider_that_cannot_be_reached_is_wrong(doctor: Doctor) -> None:
    # Port 9 of loopback, for what is to be discarded, is closed.
    result = doctor(GATEWAY_OTTIMATE__BASE_URL="http://127.0.0.1:9/v1")

    assert result.exit_code == 1
    assert rows(result) == [
        HEADER,
        f"Ottimate    {'sign-in':<30}WRONG  The provider could not be reached.",
        *bill_lines(),
        *productive_lines(),
    ]


# BILL's rows


def test_one_provider_is_probed_alone(doctor: Doctor, doctor_of_all: Doctor) -> None:
    bill = doctor(**without("ottimate"), **without("productive"))
    ottimate = doctor(**without("bill"), **without("productive"))
    productive = doctor(**without("ottimate"), **without("bill"))
    accounteer = doctor_of_all(
        **without("ottimate"), **without("bill"), **without("productive")
    )

    assert rows(bill) == [HEADER, *bill_lines()]
    assert rows(ottimate) == [HEADER, *lines("Ottimate", ROWS)]
    assert rows(productive) == [HEADER, *productive_lines()]
    assert rows(accounteer) == [HEADER, *accounteer_lines()]


@pytest.mark.parametrize(
    ("switches", "changed"),
    [
        (
            {"list_billapprover_missing": True},
            {
                "List/BillApprover": (
                    "-      absent; ListApprovers is asked for each object"
                ),
                "List/VendorCreditApprover": (
                    "-      absent; ListApprovers is asked for each object"
                ),
            },
        ),
        (
            {"in_filter_unsupported": True},
            {
                "in filter": (
                    "-      not taken; objects are read one by one, three at a time"
                ),
                "List/BillApprover": (
                    "-      absent; ListApprovers is asked for each object"
                ),
                "List/VendorCreditApprover": (
                    "-      absent; ListApprovers is asked for each object"
                ),
            },
        ),
    ],
    ids=str,
)
def test_a_batch_that_bill_lacks_is_told_and_not_wrong(
    doctor: Doctor,
    switch_bill: Callable[..., None],
    switches: dict[str, Any],
    changed: dict[str, str],
) -> None:
    switch_bill(**switches)

    result = doctor()

    assert result.exit_code == 0
    assert rows(result) == table(**changed)


def test_bills_reads_that_are_not_understood_are_wrong(
    doctor: Doctor, switch_bill: Callable[..., None]
) -> None:
    switch_bill(fault="html")

    result = doctor()

    assert result.exit_code == 1
    unread = "WRONG  BILL's answer could not be understood."
    assert rows(result) == table(**dict.fromkeys(BILL_ROWS, unread))


@pytest.mark.parametrize("name", ["DEV_KEY", "ORG_ID", "USER_NAME", "PASSWORD"])
def test_a_sign_in_that_bill_refuses_is_wrong_and_not_shown(
    doctor: Doctor, name: str
) -> None:
    result = doctor(**{f"GATEWAY_BILL__{name}": "nobody-knows-this"})

    assert result.exit_code == 1
    assert rows(result) == [
        HEADER,
        *lines("Ottimate", ROWS),
        f"BILL        {'signed-in user':<30}WRONG  BILL does not accept this sign-in.",
        *productive_lines(),
    ]
    assert "nobody-knows-this" not in result.output


# Productive's rows


@pytest.mark.parametrize(
    ("switches", "changed"),
    [
        (
            {"lenient_filters": True},
            {
                "unknown filter": (
                    "-      ignored in silence; every row is checked against what was "
                    "asked"
                )
            },
        ),
        ({"workflow_list": True}, {"workflows as a list": "ok     there is one"}),
        (
            {"policy_id_filter": False},
            {"policies by id": "-      refused; the list is read whole"},
        ),
        (
            {"bookings_unapprove": True, "expense_reject": False},
            {
                "unapprove a booking": (
                    "ok     there is one; the gateway decides on approval statuses"
                ),
                "reject an expense itself": (
                    "-      absent; approval statuses are decided one by one"
                ),
            },
        ),
    ],
    ids=str,
)
def test_what_productive_does_otherwise_is_told_and_not_wrong(
    doctor: Doctor,
    switch_productive: Callable[..., None],
    switches: dict[str, Any],
    changed: dict[str, str],
) -> None:
    switch_productive(**switches)

    result = doctor()

    assert result.exit_code == 0
    assert rows(result) == table(**changed)


def test_productives_reads_that_are_not_understood_are_wrong(
    doctor: Doctor, switch_productive: Callable[..., None]
) -> None:
    switch_productive(fault="html")

    result = doctor()

    assert result.exit_code == 1
    assert rows(result) == [
        *table()[: -len(PRODUCTIVE_ROWS)],
        (
            f"Productive  {'owner of the token':<30}WRONG  "
            "The provider's answer could not be understood."
        ),
    ]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TOKEN", "nobody-knows-this", "Productive does not accept this token."),
        # Another's organization.
        (
            "ORGANIZATION_ID",
            "902",
            "This token is nobody's in the Productive organization.",
        ),
    ],
)
def test_a_token_that_is_nobodys_in_productive_is_wrong_and_not_shown(
    doctor: Doctor, name: str, value: str, told: str
) -> None:
    result = doctor(**{f"GATEWAY_PRODUCTIVE__{name}": value})

    assert result.exit_code == 1
    assert rows(result) == [
        *table()[: -len(PRODUCTIVE_ROWS)],
        f"Productive  {'owner of the token':<30}WRONG  {told}",
    ]
    assert "nobody-knows-this" not in result.output
    assert "sandbox-gateway-token" not in result.output


# Accounteer's rows


@pytest.fixture
def doctor_of_accounteer(doctor_of_all: Doctor) -> Doctor:
    def run(**environment: str | None) -> Result:
        others = [without(one) for one in ("ottimate", "bill", "productive")]
        return doctor_of_all(**{**others[0], **others[1], **others[2], **environment})

    return run


def test_what_accounteer_does_otherwise_is_told_and_not_wrong(
    doctor_of_accounteer: Doctor, switch_accounteer: Callable[..., None]
) -> None:
    switch_accounteer(filters=True)

    result = doctor_of_accounteer()

    assert result.exit_code == 0
    assert rows(result) == [
        HEADER,
        *accounteer_lines(**{"filter by status": "ok     honoured"}),
    ]


@pytest.mark.parametrize(
    ("switches", "environment", "told"),
    [
        (
            {"fault": "html"},
            {},
            "The provider's answer could not be understood.",
        ),
        (
            {},
            {"GATEWAY_ACCOUNTEER__ACCESS_TOKEN": "nobody-knows-this"},
            "Accounteer does not accept this access token.",
        ),
        # The token is of another's organization.
        (
            {},
            {"GATEWAY_ACCOUNTEER__ORGANIZATION_ID": "nobody-knows-this"},
            "Accounteer's token is of another organization than the settings name.",
        ),
    ],
    ids=str,
)
def test_reads_that_accounteer_refuses_are_wrong_and_show_no_secret(
    doctor_of_accounteer: Doctor,
    switch_accounteer: Callable[..., None],
    switches: dict[str, Any],
    environment: dict[str, str | None],
    told: str,
) -> None:
    switch_accounteer(**switches)

    result = doctor_of_accounteer(**environment)

    assert result.exit_code == 1
    *reads, unasked = ACCOUNTEER_ROWS
    assert rows(result) == [
        HEADER,
        *lines("Accounteer", dict.fromkeys(reads, f"WRONG  {told}")),
        *lines("Accounteer", {unasked: ACCOUNTEER_ROWS[unasked]}),
    ]
    assert "nobody-knows-this" not in result.output
    assert "sandbox-accounteer-gateway-token" not in result.output


def test_without_a_provider_there_is_nothing_to_probe(doctor: Doctor) -> None:
    result = doctor(**without("ottimate"), **without("bill"), **without("productive"))

    assert result.exit_code == 0
    assert result.stdout == "The settings are fine. No provider is configured.\n"


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"GATEWAY_NOPE": "1"}, "GATEWAY_NOPE: nothing reads this variable"),
        (
            {"GATEWAY_OTTIMATE__API_KEY": None},
            "GATEWAY_OTTIMATE__API_KEY: missing; the other ottimate settings need it",
        ),
        (
            {"GATEWAY_LIMITS__DEPTH": "0"},
            (
                "GATEWAY_LIMITS__DEPTH: got '0'; "
                "Input should be greater than or equal to 1"
            ),
        ),
        (
            {"GATEWAY_PRODUCTIVE__ORGANIZATION_ID": "not-a-number"},
            (
                "GATEWAY_PRODUCTIVE__ORGANIZATION_ID: got 'not-a-number'; "
                "takes a whole number"
            ),
        ),
    ],
)
def test_settings_that_cannot_be_used_end_with_2(
    doctor: Doctor, environment: dict[str, str | None], line: str
) -> None:
    result = doctor(**environment)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[-2:] == [
        "Error: The settings cannot be used.",
        line,
    ]
