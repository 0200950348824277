"""Ids that clients send: what they stand for, or why they do not fit."""

from collections.abc import Collection

from gateway.domain import GlobalID, decode_id
from gateway.errors import InvalidInputError


def parse_id(text: str, types: Collection[str], *, field: str) -> GlobalID:
    """Return what an id stands for, given that *types* may be sent here.

    Raises:
        InvalidInputError: It is no id of this graph, or one of another type; *field*
            names where it was sent.
    """
    try:
        decoded = decode_id(text)
    except InvalidInputError as error:
        raise InvalidInputError(error.message, field=(field,)) from error
    if decoded.type_name not in types:
        raise InvalidInputError(
            f"`{field}` takes the id of {' or '.join(types)}, and this is the id of "
            f"{decoded.type_name}.",
            field=(field,),
        )
    return decoded
