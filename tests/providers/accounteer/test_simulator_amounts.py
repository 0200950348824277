"""The computation of a line (4), and how numbers are written (3.1)."""

from decimal import Decimal

import pytest

from gateway.providers.accounteer.simulator.amounts import compute_line, number
from gateway.providers.accounteer.simulator.objects import Tax


def amounts(price: str, quantity: str, tax: str, *, included: bool) -> list[str]:
    line = compute_line(
        id="1",
        title="x",
        quantity=Decimal(quantity),
        price=Decimal(price),
        tax=Tax(id="t", organization_id="o", name="VAT", percentage=Decimal(tax)),
        gl_account_id="a",
        include_tax=included,
    )
    told = (
        line.item_base_amount,
        line.line_base_amount,
        line.line_tax_amount,
        line.line_total_amount,
        line.price,
    )
    return [str(number(one)) for one in told]


@pytest.mark.parametrize(
    ("price", "quantity", "tax", "included", "expected"),
    [
        ("100", "5", "21", False, ["100", "500", "105", "605", "100"]),
        # The check of the notes.
        ("50", "1", "6", True, ["47.169811320755", "47.17", "2.83", "50", "47.17"]),
        ("100", "1", "21", True, ["82.644628099174", "82.64", "17.36", "100", "82.64"]),
        # Half away from zero, on either side of it.
        ("0.125", "1", "0", False, ["0.125", "0.13", "0", "0.13", "0.125"]),
        ("-0.125", "1", "0", False, ["-0.125", "-0.13", "0", "-0.13", "-0.125"]),
        ("4.5", "10", "21", False, ["4.5", "45", "9.45", "54.45", "4.5"]),
        (
            "19.99",
            "3",
            "21",
            True,
            ["16.520661157025", "49.56", "10.41", "59.97", "16.52"],
        ),
        ("0.1", "3", "0", True, ["0.1", "0.3", "0", "0.3", "0.1"]),
    ],
)
def test_a_line_is_computed_to_the_digit(
    price: str, quantity: str, tax: str, included: bool, expected: list[str]
) -> None:
    assert amounts(price, quantity, tax, included=included) == expected


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("605.00", "605"),
        ("605.50", "605.5"),
        ("1E+3", "1000"),
        ("0.00", "0"),
        ("100", "100"),
        ("0.01", "0.01"),
    ],
)
def test_whole_numbers_are_written_without_decimals(amount: str, written: str) -> None:
    assert str(number(Decimal(amount))) == written
