"""Where BILL's public text contradicts itself (C1 to C8), in both forms of each."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

import gateway
from gateway.app import create_app
from gateway.domain import ProviderName
from gateway.providers.bill.account import BillSettings
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    ASSISTANT,
    BUYER,
    CONTROLLER,
    DELETED_FROM_1500,
    FROM_4000,
    FROM_25000,
)
from gateway.settings import read_settings
from tests.providers.bill.writing import Office, policy_id
from tests.support import (
    Client,
    FakeTime,
    Handler,
    RecordingTransport,
    writes,
)

# Paths of a community connector; nothing of the vendor uses them (C8).
UNUSED = re.compile(r"(Approve|Deny)/|List/Approval(?!Policy)")
QUEUE = "{ viewer { approvals(first: 20) { nodes { id viewerActions } } } }"


class TestC1:
    """The value of a denied `approvalStatus`: 5; many guess 2."""

    @pytest.mark.parametrize(
        ("denied_value", "status", "state"),
        [("5", "REJECTED", "REJECTED"), ("2", "UNKNOWN", "UNKNOWN")],
    )
    async def test_what_is_unknown_is_never_shown_as_approved(
        self,
        office: Office,
        switch_bill: Callable[..., None],
        denied_value: Any,
        status: str,
        state: str,
    ) -> None:
        switch_bill(denied_value=denied_value)

        answer = await office.send("reject", id=office.id("BILL-1001"))

        assert answer["outcome"] == "APPLIED"
        assert answer["approvable"]["status"] == status
        assert answer["approvable"]["approvalState"] == state
        statuses = [one["status"] for one in answer["approvable"]["approvers"]]
        assert statuses == ["REJECTED", "SKIPPED"]

    @pytest.mark.parametrize("denied_value", ["5", "2"])
    async def test_a_denied_bill_takes_no_approval_in_either_form(
        self, office: Office, switch_bill: Callable[..., None], denied_value: Any
    ) -> None:
        switch_bill(denied_value=denied_value)
        state = office.state()

        answer = await office.send(
            "approve", person="accountant", id=office.id("BILL-1007")
        )

        assert answer["outcome"] == "REFUSED"
        assert [one["code"] for one in answer["userErrors"]] == ["CONFLICT"]
        assert writes(office.bill) == []
        assert office.state() == state

    async def test_every_undocumented_status_is_unknown(
        self, office: Office, switch_bill: Callable[..., None]
    ) -> None:
        switch_bill(unknown_statuses=True)

        shown = await office.look("BILL-1008")

        assert (shown["status"], shown["approvalState"]) == ("UNKNOWN", "UNKNOWN")
        assert [one["status"] for one in shown["approvers"]] == ["UNKNOWN"] * 2
        assert shown["progress"] == {
            "required": 2,
            "approved": None,
            "rejected": None,
            "waitingOn": None,
        }


class TestC2:
    """The items of `ListApprovers`: bare, or each wrapped in an `obj`."""

    @pytest.mark.parametrize("mutation", ["approve", "setApprovers", "addApprover"])
    async def test_both_forms_give_the_same_answer_and_the_same_write(
        self, office: Office, switch_bill: Callable[..., None], mutation: str
    ) -> None:
        variables: dict[str, dict[str, Any]] = {
            "approve": {"id": office.id("BILL-1015")},
            "setApprovers": {
                "invoiceId": office.id("BILL-1015"),
                "userSourceIds": [BUYER, CONTROLLER],
            },
            "addApprover": {
                "invoiceId": office.id("BILL-1015"),
                "userSourceId": APPROVER,
            },
        }
        members = variables[mutation]
        bare = await office.send(mutation, **members)
        sent = office.written()
        office.simulator.reset()
        office.bill.clear()
        switch_bill(wrapped_list_approvers=True)

        wrapped = await office.send(mutation, **members)

        assert wrapped == bare
        assert wrapped["outcome"] == "APPLIED"
        assert office.written() == sent

    @pytest.mark.parametrize("wrapped", [False, True])
    async def test_a_chain_is_read_in_either_form(
        self,
        office: Office,
        switch_bill: Callable[..., None],
        wrapped: bool,
    ) -> None:
        switch_bill(wrapped_list_approvers=wrapped)

        shown = await office.look("BILL-1020")

        assert [
            (one["position"], one["user"]["sourceId"], one["status"])
            for one in shown["approvers"]
        ] == [(1, CONTROLLER, "APPROVED"), (2, ACCOUNTANT, "PENDING")]


class TestC3:
    """Whether an approval survives `ClearApprovers` and `SetApprovers`."""

    @pytest.mark.parametrize(
        ("forgets", "chain", "waiting"),
        [
            (
                False,
                [(ACCOUNTANT, "APPROVED"), (BUYER, "PENDING"), (APPROVER, "UPCOMING")],
                BUYER,
            ),
            (
                True,
                [(ACCOUNTANT, "PENDING"), (BUYER, "UPCOMING"), (APPROVER, "UPCOMING")],
                ACCOUNTANT,
            ),
        ],
        ids=["API", "web application"],
    )
    async def test_the_vendors_example_shows_what_list_approvers_says(
        self,
        office: Office,
        switch_bill: Callable[..., None],
        forgets: bool,
        chain: list[tuple[str, str]],
        waiting: str,
    ) -> None:
        # The accountant approved BILL-1016, then the approver denied it.
        switch_bill(clear_forgets_approvals=forgets)
        await office.send("clearApprovers", invoiceId=office.id("BILL-1016"))

        answer = await office.send(
            "setApprovers",
            invoiceId=office.id("BILL-1016"),
            userSourceIds=[ACCOUNTANT, BUYER, APPROVER],
        )

        shown = answer["invoice"]
        assert answer["outcome"] == "APPLIED"
        assert [
            (one["user"]["sourceId"], one["status"]) for one in shown["approvers"]
        ] == chain
        assert shown["progress"]["waitingOn"] == [{"sourceId": waiting}]
        assert office.bill.calls[-3:].count("POST /ListApprovers.json") == 1
        assert writes(office.bill) == [
            "POST /ClearApprovers.json",
            "POST /SetApprovers.json",
        ]


class TestC4:
    """What an update of a policy answers as `isActive`."""

    @pytest.mark.parametrize("quirk", [False, True])
    @pytest.mark.parametrize(
        ("source_id", "is_active"), [(FROM_25000, True), (DELETED_FROM_1500, False)]
    )
    async def test_it_is_read_and_never_inferred(
        self,
        office: Office,
        switch_bill: Callable[..., None],
        quirk: bool,
        source_id: str,
        is_active: bool,
    ) -> None:
        switch_bill(quirk_update_inactive=quirk)

        answer = await office.send(
            "updatePolicy", policyId=policy_id(source_id), minimumApprovers=7
        )

        assert answer["outcome"] == "APPLIED"
        assert answer["policy"]["minimumApprovers"] == 7
        assert answer["policy"]["isActive"] is is_active
        assert writes(office.bill) == ["POST /Crud/Update/ApprovalPolicy.json"]


class TestC5:
    """Whether a policy governs the very amount of its threshold."""

    @pytest.mark.parametrize("rule", ["at_least", "above"])
    async def test_the_policy_that_is_shown_is_reached_at_its_threshold(
        self, office: Office, switch_bill: Callable[..., None], rule: Any
    ) -> None:
        switch_bill(threshold_rule=rule)

        body = await office.client.execute(
            "query ($id: ID!) { node(id: $id) "
            "{ ... on Invoice { policies { sourceId } } } }",
            {"id": office.id("BILL-1019")},
        )

        assert body == {"data": {"node": {"policies": [{"sourceId": FROM_4000}]}}}

    @pytest.mark.parametrize(
        ("rule", "outcome"), [("at_least", "REFUSED"), ("above", "APPLIED")]
    )
    async def test_whether_a_chain_is_enough_is_for_bill_to_say(
        self, office: Office, switch_bill: Callable[..., None], rule: Any, outcome: str
    ) -> None:
        switch_bill(threshold_rule=rule)

        answer = await office.send(
            "setApprovers",
            invoiceId=office.id("BILL-1019"),
            userSourceIds=[ACCOUNTANT],
        )

        assert answer["outcome"] == outcome
        assert [one["code"] for one in answer["userErrors"]] == (
            ["INVALID"] if outcome == "REFUSED" else []
        )
        assert writes(office.bill) == ["POST /SetApprovers.json"]


CAPS = pytest.mark.parametrize("cap", [999, 1000])
OVER = pytest.mark.parametrize("over", ["clamp", "error"])


class TestC6:
    """The largest page: 999; an older copy of the page says 1000."""

    @staticmethod
    def pages(bill: RecordingTransport) -> list[Any]:
        """Return the arguments of every call that asks for a page."""
        paged = ("POST /List/", "POST /ListUserApprovals.json")
        return [
            bill.data(index)
            for index, call in enumerate(bill.calls)
            if call.startswith(paged)
        ]

    @CAPS
    @OVER
    @pytest.mark.parametrize("count", [998, 999, 1000, 1998, 1999])
    async def test_a_list_is_read_to_its_end(
        self,
        office: Office,
        switch_bill: Callable[..., None],
        cap: Any,
        over: Any,
        count: int,
    ) -> None:
        switch_bill(list_cap=cap, list_over_cap=over)
        users = office.simulator.state.users
        example = users[ASSISTANT]
        for number in range(count - len(users)):
            user_id = f"00602MEMBER{number:09}"
            users[user_id] = msgspec.structs.replace(
                example, id=user_id, email=f"member-{number}@harbor.example"
            )
        # The last of all by id.
        last = max(users)

        answer = await office.send(
            "addApprover", invoiceId=office.id("BILL-1004"), email=users[last].email
        )

        assert answer["outcome"] == "APPLIED"
        assert answer["approver"]["user"]["sourceId"] == last
        asked = [
            (one["start"], one["max"])
            for one in self.pages(office.bill)
            if one["filters"] == []
        ]
        assert asked == [(start, 999) for start in range(0, count + 1, 999)]

    @CAPS
    @OVER
    async def test_never_more_is_asked_for(
        self,
        office: Office,
        switch_bill: Callable[..., None],
        cap: Any,
        over: Any,
    ) -> None:
        switch_bill(list_cap=cap, list_over_cap=over)

        bodies = [
            await office.client.run("Policies", {"first": 100}),
            await office.client.run("InvoiceList", {"first": 100}),
            await office.client.execute(QUEUE),
            await office.client.run("InvoiceCard", {"id": office.id("BILL-1001")}),
            await office.client.run("Nodes", {"ids": [office.id("BILL-1001")]}),
        ]

        assert [list(body) for body in bodies] == [["data"]] * 5
        largest = [one["max"] for one in self.pages(office.bill)]
        assert max(largest) <= 999
        assert min(largest) >= 1
        assert writes(office.bill) == []


class Wire(httpx.AsyncBaseTransport):
    """The network: BILL answers under ``/api/v2`` of any host; *hosts* were asked."""

    def __init__(self, simulator: BillSimulator) -> None:
        app = Starlette(routes=[Mount("/api/v2", app=simulator.app)])
        self._inner = httpx.ASGITransport(app)
        self.hosts: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.hosts.append(request.url.host)
        return await self._inner.handle_async_request(request)


HOSTS = ["api-stage.bill.com", "api-sandbox.bill.com"]


@pytest.mark.parametrize("host", HOSTS)
class TestC7:
    """The host of BILL's sandbox: either, as the settings say."""

    @pytest.fixture
    def wire(self, bill_simulator: BillSimulator) -> Wire:
        return Wire(bill_simulator)

    @pytest.fixture
    def live(self, wire: Wire) -> RecordingTransport:
        return RecordingTransport(wire, "/api/v2")

    @pytest.fixture
    async def office(
        self,
        host: str,
        live: RecordingTransport,
        bill_simulator: BillSimulator,
        time: FakeTime,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> AsyncIterator[Office]:
        words = bill_simulator.settings("https://nowhere.example")
        words["base_url"] = f"https://{host}/api/v2"
        for word, value in words.items():
            monkeypatch.setenv(f"GATEWAY_BILL__{word.upper()}", value)
        credentials = tmp_path / "credentials.toml"
        credentials.write_text(
            '["anna".bill]\nuser_name = "controller@harbor.example"\n'
            'password = "sandbox-controller-password"\n'
        )
        keys = tmp_path / "keys.toml"
        # The digest of "test".
        keys.write_text(
            'anna = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15'
            'b0f00a08"\n'
        )
        monkeypatch.setenv("GATEWAY_CREDENTIALS_FILE", str(credentials))
        monkeypatch.setenv("GATEWAY_AUTH__MODE", "api_key")
        monkeypatch.setenv("GATEWAY_AUTH__API_KEYS_FILE", str(keys))
        app = create_app(
            read_settings({"bill": BillSettings}),
            transports={ProviderName.BILL: live},
            clock=time.clock,
        )
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://127.0.0.1",
            headers={"X-API-Key": "test"},
        ) as http:
            yield Office(Client(http), live, bill_simulator)

    async def test_reads_and_writes_go_where_the_settings_say(
        self, office: Office, host: str, wire: Wire
    ) -> None:
        answer = await office.send("approve", id=office.id("BILL-1004"))

        assert answer["outcome"] == "APPLIED"
        assert answer["approvable"]["status"] == "APPROVED"
        # A sign-in, a look, the write and the read back.
        assert wire.hosts == [host] * 7

    @pytest.mark.parametrize("named", [*HOSTS, "elsewhere.example"])
    async def test_a_sign_in_sends_nobody_to_another_host(
        self, office: Office, host: str, wire: Wire, named: str
    ) -> None:
        async def rename(request: httpx.Request, upstream: Handler) -> httpx.Response:
            answer = await upstream(request)
            content = msgspec.json.decode(await answer.aread())
            content["response_data"]["apiEndPoint"] = f"https://{named}/api/v2"
            return httpx.Response(200, json=content)

        office.intercept("Login", rename)

        answer = await office.send("approve", id=office.id("BILL-1004"))

        assert answer["outcome"] == "APPLIED"
        assert set(wire.hosts) == {host}


class TestC8:
    """Paths such as `Approve/Bill`, which one community connector uses."""

    def test_the_source_names_none_of_them(self) -> None:
        folder = Path(gateway.__file__).parent
        sources = [
            source
            for source in sorted(folder.rglob("*.py"))
            if "simulator" not in source.parts
        ]

        found = [
            (source.name, match.group())
            for source in sources
            for match in UNUSED.finditer(source.read_text(encoding="utf-8"))
        ]

        assert found == []
        assert "writes.py" in {source.name for source in sources}

    @pytest.mark.parametrize("exist", [False, True])
    async def test_none_of_them_is_called_where_they_exist_or_not(
        self,
        office: Office,
        switch_bill: Callable[..., None],
        exist: bool,
    ) -> None:
        switch_bill(legacy_approval_paths=exist)

        outcomes = [
            (await office.send(mutation, **members))["outcome"]
            for mutation, members in (
                ("approve", {"id": office.id("BILL-1001")}),
                ("reject", {"id": office.id("BILL-1015")}),
                ("approve", {"id": office.id("VC-1001")}),
                ("clearApprovers", {"invoiceId": office.id("BILL-1015")}),
                (
                    "setApprovers",
                    {
                        "invoiceId": office.id("BILL-1015"),
                        "userSourceIds": [BUYER, APPROVER],
                    },
                ),
            )
        ]
        bodies = [
            await office.client.run("Policies", {"first": 20}),
            await office.client.run("InvoiceList", {"first": 20}),
            await office.client.execute(QUEUE),
        ]

        assert outcomes == ["APPLIED"] * 5
        assert [list(body) for body in bodies] == [["data"]] * 3
        assert writes(office.bill) == [
            "POST /Approve.json",
            "POST /Deny.json",
            "POST /Approve.json",
            "POST /ClearApprovers.json",
            "POST /SetApprovers.json",
        ]
        assert [call for call in office.bill.calls if UNUSED.search(call)] == []
