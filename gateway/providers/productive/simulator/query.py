"""What an address asks for: pages, includes, fields, sorts, filters (2.2 to 2.4)."""

import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from gateway.providers.productive.simulator.replies import unsupported

_PAGE_SIZE, _MAX_PAGE_SIZE = 30, 200
_BRACKET = re.compile(r"\[([^\[\]]*)\]")


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """The query of one call.

    Attributes:
        filters: The tree under ``filter``; a value is text, or a list of texts.
        fields: The chosen members by type.
        includes: The tree of ``include``.
        sorts: The names under ``sort``, each with its sign.
        plain: The other parameters.
    """

    filters: dict[str, Any]
    fields: dict[str, frozenset[str]]
    includes: dict[str, Any]
    sorts: tuple[str, ...]
    page_number: int
    page_size: int
    plain: dict[str, str]


def parse_query(text: str) -> Query:
    """Return what the query *text* asks for.

    Raises:
        ProductiveError: 400; a filter is malformed, or rows are to be grouped.
    """
    plain: dict[str, str] = {}
    filters: dict[str, Any] = {}
    fields: dict[str, frozenset[str]] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        name, parts = key.split("[", maxsplit=1)[0], _BRACKET.findall(key)
        if name == "filter" and parts:
            _put(filters, parts, value)
        elif name == "fields" and parts:
            fields[parts[0]] = frozenset(value.split(","))
        else:
            plain[key] = value
    if "group" in plain:
        raise unsupported("Group", plain["group"])
    return Query(
        filters=filters,
        fields=fields,
        includes=_tree(plain.get("include", "")),
        sorts=_names(plain.get("sort", "")),
        page_number=_whole(plain.get("page[number]"), 1),
        page_size=min(
            _whole(plain.get("page[size]", plain.get("per_page")), _PAGE_SIZE),
            _MAX_PAGE_SIZE,
        ),
        plain=plain,
    )


def _put(tree: dict[str, Any], parts: list[str], value: str) -> None:
    """Put a value at its place; an empty last bracket collects a list."""
    *path, last = parts if parts[-1] else parts[:-1] or [""]
    node = tree
    for part in path:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            raise unsupported("Filter", part)
    if parts[-1]:
        node[last] = value
        return
    listed = node.setdefault(last, [])
    if not isinstance(listed, list):
        raise unsupported("Filter", last)
    listed.append(value)


def _tree(text: str) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in _names(text):
        node = tree
        for name in path.split("."):
            node = node.setdefault(name, {})
    return tree


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _whole(text: str | None, default: int) -> int:
    """Return a positive number; anything else is as if it were not said."""
    is_number = text is not None and text.isdecimal() and int(text) > 0
    return int(text) if is_number and text is not None else default
