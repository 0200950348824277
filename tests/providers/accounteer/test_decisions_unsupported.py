"""What Accounteer has not is refused without a call, and `status` has no other door."""

import json
from typing import Any

import pytest

from gateway.domain import ProviderName, encode_id
from tests.providers.accounteer.calls import (
    BODIES,
    graph_id,
)
from tests.providers.accounteer.deciding import (
    NO_APPROVERS,
    Office,
    error,
    payload,
)

KINDS = pytest.mark.parametrize("kind", ["invoice", "purchase"])
NO_REJECTION = (
    "Accounteer has no rejection: what is not approved stays a draft. Nothing was sent."
)
NO_NOTE = (
    "Accounteer takes no note with an approval; leave `note` out. Nothing was sent."
)
NO_FORCE = (
    "Accounteer has no approvers to approve past; leave `force` out. Nothing was sent."
)
UNSUPPORTED: list[tuple[str, dict[str, Any], str, list[str] | None]] = [
    ("reject", {}, NO_REJECTION, None),
    ("approve", {"note": "well"}, NO_NOTE, ["input", "note"]),
    ("approve", {"force": True}, NO_FORCE, ["input", "force"]),
]


@KINDS
@pytest.mark.parametrize(("mutation", "members", "message", "field"), UNSUPPORTED)
async def test_what_accounteer_has_not_is_refused_without_a_call(
    office: Office,
    kind: str,
    mutation: str,
    members: dict[str, Any],
    message: str,
    field: list[str] | None,
) -> None:
    draft = office.draft(kind)

    answer = await office.send(draft, mutation=mutation, **members)

    assert answer == payload("REFUSED", None, error("UNSUPPORTED", message, field))
    assert office.accounteer.calls == []
    assert (draft.status, office.accounteer.sign_ins) == ("draft", 0)


@pytest.mark.parametrize("members", [{"note": ""}, {"note": None}, {"force": False}])
async def test_what_asks_for_nothing_is_left_out(
    office: Office, members: dict[str, Any]
) -> None:
    draft = office.draft("invoice")

    answer = await office.send(draft, **members)

    assert answer["outcome"] == "APPLIED"
    office.check_sent_once(draft)


@pytest.mark.parametrize(
    ("mutation", "members"),
    [
        ("addApprover", {"userSourceId": "u1"}),
        ("addApprover", {"email": "a@example.org"}),
        ("removeApprover", {}),
        ("setApprovers", {"userSourceIds": ["u1"]}),
        ("clearApprovers", {}),
    ],
)
async def test_there_are_no_approvers_to_change(
    office: Office, mutation: str, members: dict[str, Any]
) -> None:
    draft = office.draft("invoice")
    key = encode_id("Approver", ProviderName.ACCOUNTEER, "a1", f"invoices/{draft.id}")
    ids = {"removeApprover": {"approverId": key}}
    wanted = {**ids.get(mutation, {"invoiceId": graph_id(draft)}), **members}
    input_type = mutation[0].upper() + mutation[1:]
    text = f"""mutation ($input: {input_type}Input!) {{
      {mutation}(input: $input) {{
        outcome userErrors {{ code message field provider }}
      }}
    }}"""

    body = await office.client.execute(text, {"input": wanted})

    assert body == {
        "data": {
            mutation: {
                "outcome": "REFUSED",
                "userErrors": [error("UNSUPPORTED", NO_APPROVERS)],
            }
        }
    }
    assert office.accounteer.calls == []


async def test_no_input_of_the_graph_takes_a_status(office: Office) -> None:
    """6.4, 3: strip or refuse `status`; three doors lead to approval, not one."""
    query = "{ __schema { types { kind name inputFields { name } } } }"

    body = await office.client.execute(query)

    inputs = {
        one["name"]: {field["name"] for field in one["inputFields"]}
        for one in body["data"]["__schema"]["types"]
        if one["kind"] == "INPUT_OBJECT"
    }
    assert [name for name, fields in inputs.items() if "status" in fields] == []
    assert inputs["ApproveInput"] == {
        "id",
        "note",
        "expectedVersion",
        "clientMutationId",
        "force",
    }


def test_the_bodies_are_the_documented_ones() -> None:
    assert [json.loads(body) for body in BODIES.values()] == [
        {"invoice": {"status": "approved"}},
        {"purchase": {"status": "approved"}},
    ]
