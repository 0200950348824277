"""BILL's sessions: shared, renewed in time, and the limits that all of them share."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import CONTROLLER, DEV_KEY
from tests.providers.bill.signing_in import (
    FOUND,
    NOT_FOUND,
    ONE,
    ONE_CALL,
    SignIns,
    end_sessions,
    fault_of,
    read_form,
    read_unknown,
    signed_out,
    spent,
)
from tests.providers.bill.writing import failure
from tests.support import Client, FakeTime, Handler, RecordingTransport

APPROVE = """
mutation ($id: ID!) {
  approve(input: {id: $id}) { outcome userErrors { code message } }
}
"""
APPROVED = {"data": {"approve": {"outcome": "APPLIED", "userErrors": []}}}
APPROVE_CALL = "POST /Approve.json"
QUEUE = "{ viewer { approvals(filter: {providers: [BILL]}) { totalCount } } }"
SOURCES = "{ sources { provider error { code } } }"
# The controller alone is asked about it.
WAITING = "BILL-1004"
NAMES = {ONE: "read", QUEUE: "queue", APPROVE: "approve", SOURCES: "sources"}
PERSONS = ("controller", "accountant", "approver", "buyer", "visitor")
NOT_KEPT = "BILL does not keep the session it gave."

Switch = Callable[..., None]


@pytest.fixture
def sign_ins(bill: RecordingTransport) -> SignIns:
    return SignIns(bill)


@pytest.fixture
def waiting_id(bill_simulator: BillSimulator) -> str:
    source_id = bill_simulator.state.numbered(WAITING).id
    return encode_id("Invoice", ProviderName.BILL, source_id)


def statuses(simulator: BillSimulator) -> list[str]:
    chain = simulator.state.chain(simulator.state.numbered(WAITING).id)
    return [row.status for row in chain]


async def gather(client: Client, query: str, times: int) -> list[dict[str, Any]]:
    return await asyncio.gather(*(client.execute(query) for _ in range(times)))


class TestSharing:
    """One session per organization and acting person (8.2)."""

    async def test_twenty_requests_at_once_share_one_sign_in(
        self, client: Client, bill: RecordingTransport, sign_ins: SignIns
    ) -> None:
        bodies = await gather(client, ONE, 20)

        assert bodies == [FOUND] * 20
        assert sign_ins.names == ["controller"]
        assert bill.calls == [ONE_CALL] * 20
        assert {form["sessionId"] for form in forms(bill)} == set(sign_ins.sessions)

    async def test_each_person_has_one(self, client: Client, sign_ins: SignIns) -> None:
        await asyncio.gather(
            *(client.execute(ONE, person=person) for person in PERSONS * 4)
        )

        # The visitor's calls go out in the session of the service account.
        users = ["accountant", "approver", "buyer", "controller", "gateway"]
        assert sorted(sign_ins.names) == users
        assert Counter(sign_ins.callers) == dict.fromkeys(users, 4)

    async def test_persons_without_credentials_share_the_service_accounts(
        self, client: Client, sign_ins: SignIns
    ) -> None:
        await asyncio.gather(
            *(client.execute(ONE, person="visitor") for _ in range(20))
        )

        assert sign_ins.names == ["gateway"]
        assert sign_ins.callers == ["gateway"] * 20

    async def test_a_decision_is_sent_in_the_session_that_reads_use(
        self, client: Client, sign_ins: SignIns, waiting_id: str
    ) -> None:
        await client.execute(ONE)

        body = await client.execute(APPROVE, {"id": waiting_id})

        assert body == APPROVED
        assert sign_ins.names == ["controller"]
        assert len(sign_ins.sessions) == 1


class TestRenewal:
    """A session ends after 35 minutes without a call, or when BILL says so (2.2)."""

    async def test_an_idle_session_is_renewed_before_bill_ends_it(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        time: FakeTime,
    ) -> None:
        await client.execute(ONE)

        time.advance(1739.5)
        await client.execute(ONE)
        assert len(sign_ins.names) == 1
        time.advance(1740)
        await client.execute(ONE)

        assert sign_ins.names == ["controller"] * 2
        # Never a call in a session that has ended: it would be sent twice.
        assert bill.calls == [ONE_CALL] * 3
        assert [form["sessionId"] for form in forms(bill)] == [
            sign_ins.sessions[0],
            sign_ins.sessions[0],
            sign_ins.sessions[1],
        ]

    async def test_a_session_in_use_lives_on_for_hours(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        time: FakeTime,
    ) -> None:
        for _ in range(20):
            assert await client.execute(ONE) == FOUND
            time.advance(1700)

        assert time.seconds == 1000 + 34_000
        assert sign_ins.names == ["controller"]
        assert bill.calls == [ONE_CALL] * 20

    async def test_a_call_that_bill_refuses_keeps_it_alive(
        self,
        client: Client,
        sign_ins: SignIns,
        bill: RecordingTransport,
        time: FakeTime,
    ) -> None:
        """2.2: so does a call that fails, if the session was valid."""
        await client.execute(ONE)
        time.advance(1700)
        refused = await client.execute(
            '{ policyBySource(provider: BILL, sourceId: "app01NOSUCHPOLICY000") {id} }'
        )
        time.advance(1700)
        sign_ins.clear()

        body = await client.execute(ONE)

        assert refused == {"data": {"policyBySource": None}}
        assert body == FOUND
        assert sign_ins.names == []
        assert bill.calls == [ONE_CALL]

    async def test_twenty_calls_in_a_lost_session_share_one_sign_in(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        bill_simulator: BillSimulator,
    ) -> None:
        await client.execute(ONE)
        end_sessions(bill_simulator)
        sign_ins.clear()

        bodies = await asyncio.gather(
            *(client.execute(read_unknown(number)) for number in range(20))
        )

        assert bodies == [NOT_FOUND] * 20
        assert sign_ins.names == ["controller"]
        old, new = sign_ins.sessions
        sent = Counter((form["sessionId"], form["data"]) for form in forms(bill))
        texts = {text for _, text in sent}
        assert len(texts) == 20
        assert sent == {(one, text): 1 for one in (old, new) for text in texts}

    async def test_a_late_word_of_a_lost_session_leaves_the_new_one(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        bill_simulator: BillSimulator,
    ) -> None:
        await client.execute(ONE)
        end_sessions(bill_simulator)
        sign_ins.clear()
        arrived, opened = asyncio.Event(), asyncio.Event()

        async def hold_first(
            request: httpx.Request, upstream: Handler
        ) -> httpx.Response:
            if request is bill.requests[0]:
                arrived.set()
                await opened.wait()
            return await upstream(request)

        bill.interceptors[ONE_CALL] = hold_first
        async with asyncio.timeout(5):
            late = asyncio.create_task(client.execute(ONE))
            await arrived.wait()
            bodies = [await client.execute(ONE)]
            opened.set()
            bodies += [await late, await client.execute(ONE)]

        assert bodies == [FOUND] * 3
        assert sign_ins.names == ["controller"]
        old, new = sign_ins.sessions
        sent = [form["sessionId"] for form in forms(bill)]
        assert sent == [old, old, new, new, new]

    async def test_a_decision_in_a_lost_session_is_sent_once_more_and_works_once(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        bill_simulator: BillSimulator,
        waiting_id: str,
    ) -> None:
        async def end_first(
            request: httpx.Request, upstream: Handler
        ) -> httpx.Response:
            if bill.calls.count(APPROVE_CALL) == 1:
                end_sessions(bill_simulator)
            return await upstream(request)

        bill.interceptors[APPROVE_CALL] = end_first

        body = await client.execute(APPROVE, {"id": waiting_id})

        assert body == APPROVED
        assert sign_ins.names == ["controller"] * 2
        sent = [
            form["sessionId"]
            for call, form in zip(bill.calls, forms(bill), strict=True)
            if call == APPROVE_CALL
        ]
        assert sent == sign_ins.sessions
        assert statuses(bill_simulator) == ["4"]

    async def test_a_session_that_is_lost_twice_in_a_row_is_given_up(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        switch_bill: Switch,
        time: FakeTime,
    ) -> None:
        """8.2: report the sign-in as lost; there is no third sending."""
        switch_bill(fault="session_lost")

        body = await client.execute(ONE)

        assert body["data"] == {"invoiceBySource": None}
        assert fault_of(body) == signed_out()
        assert body["errors"][0]["message"] == NOT_KEPT
        assert bill.calls == [ONE_CALL] * 2
        assert [form["sessionId"] for form in forms(bill)] == sign_ins.sessions
        assert sign_ins.names == ["controller"] * 2
        assert time.slept == []

    async def test_a_session_that_never_held_is_begun_again_in_half_a_minute(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        switch_bill: Switch,
        time: FakeTime,
    ) -> None:
        """Sessions that end at once would use up the sign-ins of everybody."""
        switch_bill(fault="session_lost")
        await client.execute(ONE)
        switch_bill(fault="none")
        sign_ins.clear()

        time.advance(29.5)
        held = [await client.execute(ONE) for _ in range(3)]
        assert [fault_of(body) for body in held] == [signed_out()] * 3
        assert {body["errors"][0]["message"] for body in held} == {NOT_KEPT}
        assert (sign_ins.names, bill.calls) == ([], [])
        assert await client.execute(ONE, person="buyer") == FOUND
        sign_ins.clear()

        time.advance(0.5)
        assert await client.execute(ONE) == FOUND
        assert sign_ins.names == ["controller"]
        assert bill.calls == [ONE_CALL]

    async def test_a_decision_is_sent_twice_at_most(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        bill_simulator: BillSimulator,
        switch_bill: Switch,
        waiting_id: str,
    ) -> None:
        switch_bill(fault="session_lost", fault_calls=("Approve",))

        body = await client.execute(APPROVE, {"id": waiting_id})

        assert body["data"] == {"approve": None}
        assert fault_of(body) == signed_out(retryable=True)
        assert bill.calls.count(APPROVE_CALL) == 2
        assert sign_ins.names == ["controller"] * 2
        assert statuses(bill_simulator) == ["0"]

    async def test_a_lost_session_of_one_person_is_nobody_elses(
        self,
        client: Client,
        sign_ins: SignIns,
        bill_simulator: BillSimulator,
    ) -> None:
        for person in PERSONS:
            await client.execute(ONE, person=person)
        end_sessions(bill_simulator, CONTROLLER)
        sign_ins.clear()

        bodies = await asyncio.gather(
            *(client.execute(ONE, person=person) for person in PERSONS)
        )

        assert bodies == [FOUND] * 5
        assert sign_ins.names == ["controller"]
        assert Counter(sign_ins.callers) == {
            "controller": 2,
            "accountant": 1,
            "approver": 1,
            "buyer": 1,
            "gateway": 1,
        }


class TestSignInBudget:
    """200 sign-ins in a clock hour, per developer key (1.5, 8.2)."""

    @pytest.fixture
    async def used_up(
        self, client: Client, sign_ins: SignIns, bill_simulator: BillSimulator
    ) -> None:
        """The accountant's session lives; the controller had the other 199."""
        await client.execute(ONE, person="accountant")
        for _ in range(199):
            end_sessions(bill_simulator, CONTROLLER)
            assert await client.execute(ONE) == FOUND
        end_sessions(bill_simulator, CONTROLLER)
        assert len(sign_ins.names) == 200
        sign_ins.clear()

    @pytest.mark.usefixtures("used_up")
    async def test_it_is_kept_until_the_hour_turns(
        self,
        client: Client,
        sign_ins: SignIns,
        bill_simulator: BillSimulator,
        time: FakeTime,
    ) -> None:
        time.advance(600.25)

        bodies = [
            await client.execute(ONE, person=person) for person in PERSONS[:1] * 2
        ]
        other = await client.execute(ONE, person="buyer")
        living = await client.execute(ONE, person="accountant")

        for body in (*bodies, other):
            assert body["data"] == {"invoiceBySource": None}
            assert fault_of(body) == spent(3000)
        assert living == FOUND
        assert sign_ins.names == []
        # The session that BILL has ended is tried once more, and then never.
        assert sign_ins.callers == ["controller", "accountant"]
        assert bill_simulator._pipeline.memory.limits.sign_ins[DEV_KEY] == 200
        assert time.slept == []

        time.advance(2999.5)
        almost = await client.execute(ONE)
        assert fault_of(almost) == spent(1)
        assert (sign_ins.names, time.slept) == ([], [])

        time.advance(0.25)
        assert await client.execute(ONE) == FOUND
        assert await client.execute(ONE, person="buyer") == FOUND
        assert sign_ins.names == ["controller", "buyer"]

    @pytest.mark.usefixtures("used_up")
    async def test_a_decision_without_a_session_is_refused_and_may_be_sent_again(
        self,
        client: Client,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        sign_ins: SignIns,
        waiting_id: str,
    ) -> None:
        # The session that has ended is forgotten once it was tried.
        await client.execute(ONE)
        sign_ins.clear()

        body = await client.execute(APPROVE, {"id": waiting_id})

        assert body["data"] == {"approve": None}
        assert fault_of(body) == spent(3600)
        assert (sign_ins.names, bill.calls) == ([], [])
        assert statuses(bill_simulator) == ["0"]

    async def test_sign_ins_that_bill_refuses_count_as_well(
        self,
        client: Client,
        sign_ins: SignIns,
        time: FakeTime,
    ) -> None:
        sign_ins.answers["controller"] = failure("BDC_1101")
        for _ in range(12):
            assert fault_of(await client.execute(ONE)) == signed_out()
            time.advance(300)
        assert len(sign_ins.names) == 12

        # Twelve refusals in an hour, and none of them is another's.
        assert await client.execute(ONE, person="buyer") == FOUND


class TestHourSpent:
    """BDC_1144 on a call: nobody sends anything until the hour turns (8.2)."""

    @pytest.mark.parametrize(
        ("person", "query"),
        [
            *(("controller", query) for query in (ONE, QUEUE, APPROVE, SOURCES)),
            *(("accountant", query) for query in (ONE, QUEUE, APPROVE, SOURCES)),
            *(("visitor", query) for query in (ONE, SOURCES)),
        ],
        ids=lambda value: NAMES.get(value, value),
    )
    async def test_nobody_sends_anything(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        switch_bill: Switch,
        waiting_id: str,
        query: str,
        person: str,
    ) -> None:
        """The controller is signed in; the others, who never were, stay out too."""
        await client.execute(ONE)
        switch_bill(fault="spent", fault_times=1)
        await client.execute(ONE)
        sign_ins.clear()

        body = await client.execute(
            query, {"id": waiting_id} if query is APPROVE else None, person=person
        )

        assert (sign_ins.names, bill.calls) == ([], [])
        if query is SOURCES:
            told = {one["provider"]: one["error"] for one in body["data"]["sources"]}
            assert told["BILL"] == {"code": "UPSTREAM_RATE_LIMITED"}
        else:
            assert fault_of(body) == spent(3600)

    async def test_its_error_says_when_the_hour_turns(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        switch_bill: Switch,
        time: FakeTime,
    ) -> None:
        for person in PERSONS:
            await client.execute(ONE, person=person)
        sign_ins.clear()
        time.advance(600.25)
        switch_bill(fault="spent", fault_times=1)

        first = await client.execute(ONE)
        time.advance(1000)
        bodies = [await client.execute(ONE, person=person) for person in PERSONS]

        assert first["data"] == {"invoiceBySource": None}
        assert fault_of(first) == spent(3000)
        assert [fault_of(body) for body in bodies] == [spent(2000)] * 5
        assert bill.calls == [ONE_CALL]
        assert time.slept == []

        # A little late rather than early: seconds are whole.
        time.advance(1999.5)
        assert fault_of(await client.execute(ONE)) == spent(1)
        time.advance(0.5)
        bodies = [await client.execute(ONE, person=person) for person in PERSONS]
        assert bodies == [FOUND] * 5
        assert bill.calls == [ONE_CALL] * 6

    async def test_calls_that_wait_for_a_slot_are_not_sent_either(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        switch_bill: Switch,
    ) -> None:
        await client.execute(ONE)
        switch_bill(fault="spent")
        sign_ins.clear()

        bodies = await gather(client, ONE, 20)

        assert [fault_of(body) for body in bodies] == [spent(3600)] * 20
        # Three were under way when BILL said so.
        assert bill.calls == [ONE_CALL] * 3

    async def test_sign_ins_that_wait_for_a_slot_are_not_sent_either(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        switch_bill: Switch,
    ) -> None:
        """1.5: a sign-in is one of the hour's calls, too."""
        await client.execute(ONE)
        switch_bill(fault="spent")
        sign_ins.clear()

        bodies = await asyncio.gather(
            *(client.execute(ONE) for _ in range(3)),
            *(client.execute(ONE, person=person) for person in PERSONS[1:]),
        )

        assert [fault_of(body) for body in bodies] == [spent(3600)] * 7
        assert (sign_ins.names, bill.calls) == ([], [ONE_CALL] * 3)

    async def test_a_decision_is_refused_and_may_be_sent_again(
        self,
        client: Client,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        switch_bill: Switch,
        waiting_id: str,
        time: FakeTime,
    ) -> None:
        switch_bill(fault="spent", fault_calls=("Approve",))

        body = await client.execute(APPROVE, {"id": waiting_id})
        again = await client.execute(APPROVE, {"id": waiting_id})

        assert body["data"] == again["data"] == {"approve": None}
        assert fault_of(body) == fault_of(again) == spent(3600)
        assert bill.calls.count(APPROVE_CALL) == 1
        assert statuses(bill_simulator) == ["0"]

        switch_bill(fault="none")
        time.advance(3600)
        assert await client.execute(APPROVE, {"id": waiting_id}) == APPROVED

    async def test_an_hour_that_turns_soon_is_waited_for(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        switch_bill: Switch,
        time: FakeTime,
    ) -> None:
        await client.execute(ONE)
        time.advance(3590)
        switch_bill(fault="spent", fault_times=1)
        sign_ins.clear()

        body = await client.execute(ONE)

        assert body == FOUND
        assert time.slept == [10]
        assert bill.calls == [ONE_CALL] * 2

    async def test_the_limit_of_the_real_status_is_the_same(
        self,
        client: Client,
        bill: RecordingTransport,
        switch_bill: Switch,
    ) -> None:
        await client.execute(ONE)
        switch_bill(fault="spent", http_status_on_error="real")
        bill.clear()

        bodies = [await client.execute(ONE) for _ in range(2)]

        assert [fault_of(body) for body in bodies] == [spent(3600)] * 2
        assert bill.calls == [ONE_CALL]


class TestSignInsSpent:
    """BDC_1144 on a sign-in: sessions that live go on."""

    async def test_only_sign_ins_stop(
        self,
        client: Client,
        sign_ins: SignIns,
        switch_bill: Switch,
        time: FakeTime,
    ) -> None:
        await client.execute(ONE)
        time.advance(1800)
        await client.execute(ONE)
        switch_bill(sign_ins_per_hour=2)
        sign_ins.clear()

        bodies = [
            await client.execute(ONE, person=person)
            for person in ("accountant", "accountant", "buyer", "visitor")
        ]
        living = [await client.execute(ONE) for _ in range(3)]

        assert [fault_of(body) for body in bodies] == [spent(1800)] * 4
        # What BILL has said once is not asked again.
        assert sign_ins.names == ["accountant"]
        assert living == [FOUND] * 3
        assert sign_ins.callers == ["controller"] * 3
        assert time.slept == []

        time.advance(1800)
        assert await client.execute(ONE, person="accountant") == FOUND


class TestSlots:
    """Three calls at a time per developer key and organization (1.5)."""

    async def test_a_call_waits_for_a_slot_ever_longer(
        self,
        client: Client,
        bill: RecordingTransport,
        switch_bill: Switch,
        time: FakeTime,
    ) -> None:
        """8.2: after 200 ms, doubling, up to five times, with jitter."""
        switch_bill(fault="busy", fault_times=5)

        body = await client.execute(ONE)

        assert body == FOUND
        assert bill.calls == [ONE_CALL] * 6
        assert bill.sign_ins == 1
        check_waits(time.slept)

    async def test_a_call_gives_up_after_five_waits(
        self,
        client: Client,
        bill: RecordingTransport,
        switch_bill: Switch,
        time: FakeTime,
    ) -> None:
        switch_bill(fault="busy")

        body = await client.execute(ONE)

        assert body["data"] == {"invoiceBySource": None}
        assert fault_of(body) == spent(1)
        assert bill.calls == [ONE_CALL] * 6
        assert bill.sign_ins == 1
        check_waits(time.slept)

    async def test_giving_up_stops_nobody_else(
        self,
        client: Client,
        bill: RecordingTransport,
        switch_bill: Switch,
    ) -> None:
        switch_bill(fault="busy", fault_times=6)
        assert fault_of(await client.execute(ONE)) == spent(1)
        bill.clear()

        bodies = [await client.execute(ONE, person=person) for person in PERSONS]

        assert bodies == [FOUND] * 5
        assert bill.calls == [ONE_CALL] * 5

    async def test_a_decision_waits_for_a_slot_and_works_once(
        self,
        client: Client,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        switch_bill: Switch,
        time: FakeTime,
        waiting_id: str,
    ) -> None:
        switch_bill(fault="busy", fault_calls=("Approve",), fault_times=5)

        body = await client.execute(APPROVE, {"id": waiting_id})

        assert body == APPROVED
        assert bill.calls.count(APPROVE_CALL) == 6
        assert statuses(bill_simulator) == ["4"]
        check_waits(time.slept)

    async def test_a_decision_that_finds_no_slot_may_be_sent_again(
        self,
        client: Client,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        switch_bill: Switch,
        waiting_id: str,
    ) -> None:
        switch_bill(fault="busy", fault_calls=("Approve",))

        body = await client.execute(APPROVE, {"id": waiting_id})

        assert body["data"] == {"approve": None}
        assert fault_of(body) == spent(1)
        assert bill.calls.count(APPROVE_CALL) == 6
        assert statuses(bill_simulator) == ["0"]

    async def test_a_sign_in_waits_for_a_slot_too(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        switch_bill: Switch,
        time: FakeTime,
    ) -> None:
        switch_bill(fault="busy", fault_calls=("Login",), fault_times=2)

        body = await client.execute(ONE)

        assert body == FOUND
        assert sign_ins.names == ["controller"] * 3
        assert bill.calls == [ONE_CALL]
        assert len(time.slept) == 2

    @pytest.mark.parametrize("latency_seconds", [0, 0.05])
    async def test_no_more_than_three_calls_are_under_way_over_all_persons(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        switch_bill: Switch,
        time: FakeTime,
        latency_seconds: float,
    ) -> None:
        switch_bill(latency_seconds=latency_seconds)

        bodies = await asyncio.gather(
            *(client.execute(ONE, person=person) for person in PERSONS * 10)
        )

        assert bodies == [FOUND] * 50
        assert bill.most_in_flight == 3
        assert bill.calls == [ONE_CALL] * 50
        assert len(sign_ins.names) == 5
        # Only BILL itself took its time: nobody waited because of a BDC_1322.
        taken = [latency_seconds] * 55 if latency_seconds else []
        assert time.slept == taken

    async def test_mixed_work_keeps_to_three_slots(
        self,
        client: Client,
        bill: RecordingTransport,
        switch_bill: Switch,
        time: FakeTime,
        waiting_id: str,
    ) -> None:
        switch_bill(latency_seconds=0.01)
        # Approvers of many objects, one by one.
        switch_bill(list_billapprover_missing=True)
        many = (
            "{ invoices(first: 20, filter: {providers: [BILL]}) "
            "{ nodes { number approvers { user { displayName } } } } }"
        )

        bodies = await asyncio.gather(
            *(client.execute(many, person=person) for person in PERSONS),
            *(client.execute(QUEUE, person=person) for person in PERSONS[:-1]),
            client.execute(APPROVE, {"id": waiting_id}),
        )

        assert not [body for body in bodies if "errors" in body]
        assert bill.most_in_flight == 3
        # What BILL does not know takes it no time.
        known = [call for call in bill.calls if "Approver.json" not in call]
        # Those of five lists, and those of the decision.
        assert known.count("POST /ListApprovers.json") == 5 * 20 + 1
        assert time.slept == [0.01] * (len(known) + bill.sign_ins)


def forms(bill: RecordingTransport) -> list[dict[str, str]]:
    return [read_form(request) for request in bill.requests]


def check_waits(slept: list[float]) -> None:
    assert len(slept) == 5
    for position, seconds in enumerate(slept):
        least = 0.2 * 2**position
        assert least <= seconds <= least + 0.2
