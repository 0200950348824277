"""What a list is asked for: conditions, includes and pages, as parameters.

Several values are asked for as a list after commas, which is assumed (A!), or as a
group of conditions, which is documented ("Filtering"). Groups in a group hold
together: that their parameters nest so is assumed (A).
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.providers.productive.words import PAGE

# How much further in front is read where rows have gone: rarely more go at once.
STEP_BACK = PAGE // 2


class Condition(Struct, frozen=True):
    """A filter and the values of which a row has any."""

    key: str
    values: Sequence[str]


def all_of(conditions: Sequence[Condition]) -> dict[str, str]:
    """Return the parameters of rows that meet every one of *conditions*.

    One value is asked for plainly; several are a group, and several conditions of
    which one is a group are a group of groups.
    """
    if all(len(one.values) == 1 for one in conditions):
        return {f"filter[{one.key}]": one.values[0] for one in conditions}
    if len(conditions) == 1:
        return any_of(conditions[0])
    found = {"filter[$op]": "and"}
    for index, one in enumerate(conditions):
        found |= any_of(one, f"filter[{index}]")
    return found


def any_of(condition: Condition, prefix: str = "filter") -> dict[str, str]:
    """Return the parameters of rows with any of a condition's values, as a group."""
    return {
        f"{prefix}[$op]": "or",
        **{
            f"{prefix}[{index}][{condition.key}][eq]": value
            for index, value in enumerate(condition.values)
        },
    }


def listed(condition: Condition) -> dict[str, str]:
    """Return the parameters of rows with any of a condition's values, by commas."""
    return {f"filter[{condition.key}]": ",".join(condition.values)}


def including(names: Sequence[str]) -> dict[str, str]:
    """Return the parameters of what is to be read with each row."""
    return {"include": ",".join(names)} if names else {}


def paged(number: int = 1, size: int = PAGE) -> Mapping[str, str]:
    """Return the parameters of one page; they are counted from 1."""
    return {"page[number]": str(number), "page[size]": str(size)}
