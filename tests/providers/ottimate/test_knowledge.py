"""What is learned of an account, and for how long it is believed."""

from collections.abc import Callable

import pytest

from gateway.domain import Capability
from gateway.providers.ottimate.knowledge import UNCERTAIN, Knowledge
from tests.support import Client, FakeTime, RecordingTransport

CERTAIN = {
    Capability.READ_INVOICES,
    Capability.READ_APPROVERS,
    Capability.READ_HISTORY,
    Capability.READ_QUEUE,
}
ALL = {
    *CERTAIN,
    Capability.APPROVE,
    Capability.FORCE_APPROVE,
    Capability.ADD_APPROVER,
    Capability.REMOVE_APPROVER,
}


@pytest.fixture
def knowledge(time: FakeTime) -> Knowledge:
    return Knowledge(time.clock)


def test_a_call_that_was_not_seen_counts_as_present(knowledge: Knowledge) -> None:
    assert knowledge.capabilities == ALL
    assert list(knowledge.unseen) == list(UNCERTAIN)


def test_ottimate_can_neither_reject_nor_set_nor_list_policies(
    knowledge: Knowledge,
) -> None:
    """5.8: there is no reject endpoint."""
    assert set(Capability) - knowledge.capabilities == {
        Capability.REJECT,
        Capability.SET_APPROVERS,
        Capability.CLEAR_APPROVERS,
        Capability.READ_POLICIES,
        Capability.MANAGE_POLICIES,
        Capability.READ_APPROVAL_STATUSES,
    }


@pytest.mark.parametrize(
    ("capability", "lost"),
    [
        (Capability.APPROVE, {Capability.APPROVE, Capability.FORCE_APPROVE}),
        (Capability.ADD_APPROVER, {Capability.ADD_APPROVER}),
        (Capability.REMOVE_APPROVER, {Capability.REMOVE_APPROVER}),
    ],
)
def test_what_was_seen_is_believed_for_an_hour(
    knowledge: Knowledge,
    time: FakeTime,
    capability: Capability,
    lost: set[Capability],
) -> None:
    knowledge.learn(capability, present=False)
    time.advance(3599.9)
    assert knowledge.capabilities == ALL - lost
    assert capability not in knowledge.unseen

    time.advance(0.1)

    assert knowledge.capabilities == ALL
    assert capability in knowledge.unseen


def test_the_last_that_was_seen_counts(knowledge: Knowledge, time: FakeTime) -> None:
    knowledge.learn(Capability.APPROVE, present=False)
    time.advance(1800)

    knowledge.learn(Capability.APPROVE, present=True)

    assert knowledge.capabilities == ALL
    time.advance(1800)
    assert Capability.APPROVE not in knowledge.unseen
    time.advance(1800)
    assert Capability.APPROVE in knowledge.unseen


def test_every_call_may_be_absent(knowledge: Knowledge) -> None:
    for capability in UNCERTAIN:
        knowledge.learn(capability, present=False)

    assert knowledge.capabilities == CERTAIN
    assert list(knowledge.unseen) == []


QUERY = "{ sources { capabilities } }"


async def test_an_account_that_is_given_a_call_shows_it_within_the_hour(
    client: Client,
    ottimate: RecordingTransport,
    switch: Callable[..., None],
    time: FakeTime,
) -> None:
    switch(absent_calls=("approve",))
    before = await client.execute(QUERY)
    switch(absent_calls=())
    ottimate.clear()

    time.advance(3599)
    during = await client.execute(QUERY)
    assert ottimate.calls == ["GET /invoices"]
    time.advance(1)
    after = await client.execute(QUERY)

    assert "APPROVE" not in before["data"]["sources"][0]["capabilities"]
    assert during == before
    assert after["data"]["sources"][0]["capabilities"] == [
        one.value for one in Capability if one in ALL
    ]


async def test_persons_know_for_themselves(
    client: Client, ottimate: RecordingTransport
) -> None:
    await client.execute(QUERY, person="controller")
    ottimate.clear()

    await client.execute(QUERY, person="clerk")

    assert len(ottimate.calls) == 4
