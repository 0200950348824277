"""The values that filters take, and makers of the filters that are common (2.4)."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from gateway.providers.productive.simulator.replies import ZONE
from gateway.providers.productive.simulator.shape import (
    ORDER,
    Filter,
    View,
)

Values = Callable[[Any, View], Iterable[Any]]
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def parse_id(text: str, _view: View) -> str:
    """Return the id in its one spelling."""
    return str(int(text))


def parse_word(text: str, _view: View) -> str:
    """Return a word; its case does not count."""
    return text.lower()


def _parse_whole(text: str, _view: View) -> int:
    return int(text)


def _parse_boolean(text: str, _view: View) -> bool:
    if text.lower() not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS[text.lower()]


def _parse_date(text: str, _view: View) -> date:
    return date.fromisoformat(text[:10])


def _parse_time(text: str, view: View) -> date:
    moment = datetime.fromisoformat(text)
    if not view.with_times:
        return moment.date()
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


def _attribute(name: str) -> Values:
    def values(row: Any, _view: View) -> tuple[Any, ...]:
        found = getattr(row, name)
        return () if found is None else (found,)

    return values


def ids(source: str | Values, *, is_array: bool = False) -> Filter:
    """Return a filter on ids: an attribute, or what *source* returns."""
    values = _attribute(source) if isinstance(source, str) else source
    return Filter(parse=parse_id, values=values, is_array=is_array)


def id_text(attribute: str = "id") -> Filter:
    """Return a filter on ids that the service takes as text (6, 8.1)."""
    return Filter(parse=parse_word, values=_attribute(attribute))


def codes(
    values: Values, allowed: tuple[int, ...], *, is_array: bool = False
) -> Filter:
    """Return a filter on numbers that stand for words; others are bad values."""

    def parse(text: str, _view: View) -> int:
        code = int(text)
        if code not in allowed:
            raise ValueError(text)
        return code

    return Filter(parse=parse, values=values, is_array=is_array)


def words(values: Values, *allowed: str) -> Filter:
    """Return a filter on words; without *allowed* any word is taken."""

    def parse(text: str, view: View) -> str:
        word = parse_word(text, view)
        if allowed and word not in allowed:
            raise ValueError(text)
        return word

    return Filter(parse=parse, values=values)


def numbers(attribute: str) -> Filter:
    """Return a filter on a number."""
    return Filter(parse=_parse_whole, values=_attribute(attribute), ops=ORDER)


def flags(source: str | Values) -> Filter:
    """Return a filter on a boolean."""
    values = _attribute(source) if isinstance(source, str) else source
    return Filter(
        parse=_parse_boolean, values=values, ops=("eq", "not_eq"), is_list=False
    )


def dates(attribute: str) -> Filter:
    """Return a filter on a date."""
    return Filter(parse=_parse_date, values=_attribute(attribute), ops=ORDER)


def since(attribute: str) -> Filter:
    """Return a filter for dates from the named one on, that day included."""
    return Filter(
        parse=_parse_date, values=_attribute(attribute), ops=("eq",), plain="gt_eq"
    )


def until(attribute: str) -> Filter:
    """Return a filter for dates up to the named one, that day included."""
    return Filter(
        parse=_parse_date, values=_attribute(attribute), ops=("eq",), plain="lt_eq"
    )


def times(source: str | Callable[[Any, View], datetime | None]) -> Filter:
    """Return a filter on a time, which is cut to its date without the flag (1)."""

    def values(row: Any, view: View) -> tuple[Any, ...]:
        moment = getattr(row, source) if isinstance(source, str) else source(row, view)
        if moment is None:
            return ()
        return (moment if view.with_times else moment.astimezone(ZONE).date(),)

    return Filter(parse=_parse_time, values=values, ops=ORDER)


def texts(source: str | Values, *, searches: bool = False) -> Filter:
    """Return a filter on free text; *searches* looks inside without being told."""
    values = _attribute(source) if isinstance(source, str) else source
    return Filter(
        parse=parse_word,
        values=lambda row, view: [str(text).lower() for text in values(row, view)],
        plain="contains" if searches else "eq",
        is_list=False,
        is_text=True,
    )


def no_ids(*, is_array: bool = False) -> Filter:
    """Return a filter on ids of a thing that the sandbox does not have."""
    return Filter(parse=parse_id, values=lambda _row, _view: (), is_array=is_array)


def no_words() -> Filter:
    """Return a filter on a property that the sandbox does not have."""
    return Filter(parse=parse_word, values=lambda _row, _view: ())
