"""Amounts: how a line is computed, and how numbers are written (3.1, 4)."""

from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

from gateway.providers.accounteer.simulator.objects import Line, Tax

_CENT = Decimal("0.01")
_PLENTY = Context(prec=60, rounding=ROUND_HALF_UP)
_BASE_DIGITS = Context(prec=14, rounding=ROUND_HALF_UP)
HUNDRED = Decimal(100)


def rounded(amount: Decimal) -> Decimal:
    """Return *amount* with two places, half away from zero."""
    return amount.quantize(_CENT, context=_PLENTY)


@lru_cache(maxsize=8_192)
def number(amount: Decimal) -> Decimal:
    """Return *amount* as JSON shows it: ``605`` and ``605.5``, never ``605.00``."""
    whole = amount.to_integral_value()
    if whole == amount:
        return whole.quantize(Decimal(1), context=_PLENTY)
    return amount.normalize(_PLENTY)


def compute_line(
    *,
    id: str,  # noqa: A002 (the name on the wire)
    title: str,
    quantity: Decimal,
    price: Decimal,
    tax: Tax,
    gl_account_id: str,
    include_tax: bool = False,
    description: str | None = None,
) -> Line:
    """Return the line for a *price* as it was typed."""
    rate = tax.percentage / HUNDRED
    if include_tax:
        unit = _BASE_DIGITS.divide(price, 1 + rate)
        base = rounded(unit * quantity)
        total = rounded(price * quantity)
        part, shown = total - base, rounded(unit)
    else:
        unit = shown = price
        base = rounded(price * quantity)
        part = rounded(base * rate)
        total = base + part
    return Line(
        id=id,
        title=title,
        description=description,
        quantity=quantity,
        typed_price=price,
        item_base_amount=unit,
        tax_id=tax.id,
        tax_name=tax.name,
        tax_percentage=tax.percentage,
        line_base_amount=base,
        line_tax_amount=part,
        line_total_amount=total,
        tax_included=include_tax,
        price=shown,
        gl_account_id=gl_account_id,
    )
