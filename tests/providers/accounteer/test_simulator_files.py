"""Attachments, images and sending (5.6, 5.7, 5.12, 5.16)."""

import base64
from typing import Any

import httpx
import pytest

from gateway.providers.accounteer.simulator import directory as known
from gateway.providers.accounteer.simulator import situations as seeded
from tests.providers.accounteer.simulator_support import (
    TODAY,
    Desk,
    Kind,
    field,
    refusal,
    sample,
    word,
)

both = pytest.mark.parametrize("kind", ["invoice", "purchase"])
TEN_MB = 10 * 1024 * 1024
ADDRESS = "https://elsewhere.example/x.pdf"


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def attach(desk: Desk, path: str, **fields: Any) -> httpx.Response:
    return await desk.send(
        "POST", f"{path}/attachments", {"filename": "x.pdf"} | fields
    )


@both
async def test_a_file_comes_by_address_or_by_content(desk: Desk, kind: Kind) -> None:
    document = desk.draft(kind)
    path = f"{kind}s/{document.id}"

    by_address = await attach(desk, path, url=ADDRESS)
    by_content = await attach(desk, path, encoded_string="JVBERi0xLjQK")

    assert (by_address.status_code, by_content.status_code) == (201, 201)
    first, second = (await desk.get(path))["attachments"]
    assert (first, second) == (by_address.json(), by_content.json())
    assert (first["url"], first["date_created"]) == (ADDRESS, TODAY)
    expected = f"https://files.accounteer.example/{second['id']}/x.pdf"
    assert second["url"] == expected
    assert document.date_updated.isoformat() == TODAY


@both
@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({}, "url"),
        ({"url": "", "encoded_string": None}, "url"),
        ({"url": ADDRESS, "encoded_string": "JVBERi0xLjQK"}, "url"),
        ({"encoded_string": "not base64!"}, "encoded_string"),
        ({"encoded_string": "JVBERi0xLjQ"}, "encoded_string"),
        ({"encoded_string": "é"}, "encoded_string"),
        ({"url": ADDRESS, "filename": ""}, "filename"),
        ({"url": 5}, "url"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused(
    desk: Desk, kind: Kind, fields: dict[str, Any], refused: str
) -> None:
    document = desk.draft(kind)

    answer = await attach(desk, f"{kind}s/{document.id}", **fields)

    assert (field(answer), document.attachments) == ([refused], [])


async def test_a_file_has_at_most_ten_megabytes(desk: Desk) -> None:
    path = f"invoices/{desk.draft('invoice').id}"
    largest = base64.b64encode(b"x" * TEN_MB).decode()
    too_large = base64.b64encode(b"x" * (TEN_MB + 1)).decode()

    assert (await attach(desk, path, encoded_string=largest)).status_code == 201
    answer = await attach(desk, path, encoded_string=too_large)
    assert field(answer) == ["encoded_string"]


@both
async def test_an_approved_document_gains_files_but_loses_none(
    desk: Desk, kind: Kind
) -> None:
    document = desk.draft(kind, status="approved")
    path = f"{kind}s/{document.id}"

    added = await attach(desk, path, url=ADDRESS)
    deleted = await desk.send("DELETE", f"{path}/attachments/{added.json()['id']}")

    assert added.status_code == 201
    assert refusal(deleted) == (422, "invalid_state", {"status": ["approved"]})
    assert len(document.attachments) == 1


async def test_a_draft_loses_files(desk: Desk) -> None:
    path = f"purchases/{seeded.PURCHASE_ATTACHED}"
    first, second = (await desk.get(path))["attachments"]

    answer = await desk.send("DELETE", f"{path}/attachments/{first['id']}")
    again = await desk.send("DELETE", f"{path}/attachments/{first['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert word(again) == (404, "not_found")
    assert (await desk.get(path))["attachments"] == [second]


async def test_an_item_has_images(desk: Desk) -> None:
    path = f"items/{known.PAPER}/images"
    body = sample("attachment") | {"item_id": known.PAPER}

    made = await desk.send("POST", path, body)
    wrong = await desk.send("POST", path, body | {"item_id": known.TONER})
    one = f"{path}/{made.json()['id']}"
    deleted = await desk.send("DELETE", one)

    assert (made.status_code, field(wrong)) == (201, ["item_id"])
    assert (deleted.status_code, word(await desk.send("DELETE", one))) == (
        204,
        (404, "not_found"),
    )
    assert desk.simulator.state.items[known.PAPER].images == ()


async def test_each_call_sends_again_and_leaves_the_draft(desk: Desk) -> None:
    path = f"invoices/{seeded.EXAMPLE}"
    before = await desk.get(path)

    first = await desk.send("POST", f"{path}/send", sample("invoice_send"))
    second = await desk.send("POST", f"{path}/send", sample("invoice_send"))

    sent = [(one.document_id, one.email) for one in desk.simulator.state.messages]
    assert (
        sent
        == [
            (seeded.EXAMPLE, "willem@client.test"),
            (seeded.EXAMPLE, "mara@example.org"),
        ]
        * 2
    )
    assert len({one["id"] for one in first.json() + second.json()}) == 4
    assert await desk.get(path) == before


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{}]}, "messages"),
        ({"messages": [{"contact": "x"}]}, "messages"),
        ({"messages": [{"contact": {"first_name": "Mara"}}]}, "email"),
        ({"messages": [{"contact": {"email": "mara"}}]}, "email"),
        ({"messages": [{"contact": {"email": "a@b", "last_name": 1}}]}, "last_name"),
        ({"messages": [{"contact_person_id": "0" * 40}]}, "contact_person_id"),
        (
            {
                "messages": [
                    {"contact": {"email": "a@b.example"}},
                    {"contact_person_id": "0" * 40},
                ]
            },
            "contact_person_id",
        ),
    ],
)
async def test_a_message_to_nobody_is_refused_and_nothing_is_sent(
    desk: Desk, body: dict[str, Any], refused: str
) -> None:
    answer = await desk.send("POST", f"invoices/{seeded.EXAMPLE}/send", body)

    assert (field(answer), desk.simulator.state.messages) == ([refused], [])
