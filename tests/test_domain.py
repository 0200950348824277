import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import (
    GlobalID,
    InvoicePlace,
    ProviderName,
    decode_id,
    encode_id,
)
from gateway.errors import InvalidInputError

MALFORMED = (
    "This is not an id of this graph. Send an `id` exactly as a query returned it; "
    "a provider's own id goes to `invoiceBySource`, `policyBySource` or "
    "`approvalStatusBySource`."
)
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _refused(text: str) -> bool:
    with pytest.raises(InvalidInputError) as raised:
        decode_id(text)
    assert raised.value.extensions == {"code": "BAD_USER_INPUT", "retryable": False}
    return raised.value.message == MALFORMED


@given(type_name=st.text(), source_id=st.text(), parent=st.text())
def test_an_id_stands_for_what_it_was_made_of(
    type_name: str, source_id: str, parent: str
) -> None:
    text = encode_id(type_name, ProviderName.OTTIMATE, source_id, parent)

    assert decode_id(text) == GlobalID(
        1, type_name, ProviderName.OTTIMATE, source_id, parent
    )
    assert text.isascii()
    assert not set(text) & set("+/= ")


def test_an_id_is_the_same_for_ever() -> None:
    """Clients store ids: this text must not change."""
    text = encode_id("Approver", ProviderName.OTTIMATE, "a1", "42")

    assert text == "WzEsIkFwcHJvdmVyIiwiT1RUSU1BVEUiLCJhMSIsIjQyIl0"


@given(
    at=st.integers(min_value=0),
    by=st.sampled_from("ABCDEFabcdef0123-_=+/ \n\xe9"),
)
def test_an_id_with_another_letter_is_refused_or_another_id(at: int, by: str) -> None:
    text = encode_id("Invoice", ProviderName.OTTIMATE, "12345", "")
    at %= len(text)
    other = text[:at] + by + text[at + 1 :]

    try:
        found = decode_id(other)
    except InvalidInputError:
        return
    assert other == encode_id(
        found.type_name, found.provider, found.source_id, found.parent
    )


@given(st.binary())
def test_bytes_that_are_no_id_are_refused(data: bytes) -> None:
    assert _refused(_packed(data))


@given(st.text())
def test_text_that_is_no_id_is_refused(text: str) -> None:
    assert _refused(text)


@pytest.mark.parametrize(
    "data",
    [
        b'[2,"Invoice","OTTIMATE","1",""]',
        b'[0,"Invoice","OTTIMATE","1",""]',
        b'["1","Invoice","OTTIMATE","1",""]',
        b'[1,"Invoice","ottimate","1",""]',
        b'[1,"Invoice","NOBODY","1",""]',
        b'[1,"Invoice","OTTIMATE",1,""]',
        b'[1,"Invoice","OTTIMATE",null,""]',
        b'[1,"Invoice","OTTIMATE","1"]',
        b'[1,"Invoice","OTTIMATE","1","","more"]',
        b'[1, "Invoice","OTTIMATE","1",""]',
        b'[1,"Invoice","OTTIMATE","1",""] ',
        b'[1,"Invoice","OTTIMATE","\\u0031",""]',
        b'[1,"Invoice","OTTIMATE","\xff",""]',
        b'[1,"Invoice","OTTIMATE","\\ud800",""]',
        pytest.param(
            b'[1,"Invoice","OTTIMATE","1","",' + b"[" * 2000 + b"]" * 2000 + b"]",
            id="nested",
        ),
        b'{"version":1}',
        b"Invoice:1",
        b"",
    ],
)
def test_an_id_that_was_put_together_by_hand_is_refused(data: bytes) -> None:
    assert _refused(_packed(data))


@pytest.mark.parametrize("suffix", ["=", "==", " ", "\n", "A", "\u0130"])
def test_an_id_with_something_behind_it_is_refused(suffix: str) -> None:
    text = encode_id("Invoice", ProviderName.OTTIMATE, "1")

    assert _refused(text + suffix)


def test_an_id_in_another_case_or_alphabet_is_refused() -> None:
    text = encode_id("Invoice", ProviderName.OTTIMATE, "???>>>")
    assert set(text) & set("-_")

    assert _refused(text.swapcase())
    assert _refused(text.upper())
    assert _refused(text.replace("-", "+").replace("_", "/"))


@pytest.mark.parametrize(
    ("created_at", "row_id", "comes_after"),
    [
        (NOON - timedelta(microseconds=1), "a", True),
        (NOON + timedelta(microseconds=1), "z", False),
        (NOON, "m", False),
        (NOON, "n", True),
        (NOON, "l", False),
        (NOON.astimezone(timezone(timedelta(hours=-8))), "n", True),
    ],
)
def test_a_place_precedes_what_is_older_and_of_the_same_instant_what_has_a_later_id(
    created_at: datetime, row_id: str, *, comes_after: bool
) -> None:
    place = InvoicePlace(created_at=NOON, id="m")

    assert place.precedes(created_at, row_id) is comes_after
