"""Ids that clients send: what they stand for, or why they do not fit."""

from collections.abc import Collection

from gateway.context import Context
from gateway.domain import GlobalID, decode_id
from gateway.errors import InvalidInputError


def parse_id(text: str, types: Collection[str], *, field: str) -> GlobalID:
    """Return what an id stands for, given that *types* may be sent here.

    Raises:
        InvalidInputError: It is no id of this graph, or one of another type; *field*
            names where it was sent.
    """
    key = _decode(text, field)
    _check_type(key, types, field)
    return key


def parse_decided_id(text: str, context: Context, *, field: str) -> GlobalID:
    """Return what an id stands for that is of a type its provider decides on.

    Raises:
        InvalidInputError: It is no id of this graph, of a provider that this gateway is
            not connected to, or of another type; *field* names where it was sent.
    """
    key = _decode(text, field)
    decides = context.connector(key.provider, field=field).decides
    _check_type(key, sorted(decides), field)
    return key


def _decode(text: str, field: str) -> GlobalID:
    try:
        return decode_id(text)
    except InvalidInputError as error:
        raise InvalidInputError(error.message, field=(field,)) from error


def _check_type(key: GlobalID, types: Collection[str], field: str) -> None:
    if key.type_name not in types:
        raise InvalidInputError(
            f"`{field}` takes the id of {' or '.join(types)}, and this is the id of "
            f"{key.type_name}.",
            field=(field,),
        )
