"""What a value may be: an API's address, a word, a number, a secret, a list."""

from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
)
from pydantic_settings import NoDecode

_URL = TypeAdapter(HttpUrl)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
# What an origin has not: a path, a query, a name, a pattern, a space.
_NOT_ORIGIN = frozenset("/?#@* \t")


def _check_url(text: str) -> str:
    try:
        url = _URL.validate_python(text)
    except ValidationError:
        url = None
    is_plain = url is not None and url.query is None and url.fragment is None
    if not is_plain or not is_word(text):
        raise ValueError("takes a URL that begins with https://")
    return text


def _check_word(text: str) -> str:
    if not is_word(text):
        raise ValueError("takes ASCII text without spaces")
    return text


def _check_secret(secret: SecretStr) -> SecretStr:
    _check_word(secret.get_secret_value())
    return secret


def _check_number(text: str) -> str:
    if not (text.isascii() and text.isdigit()) or text.startswith("0"):
        raise ValueError("takes a whole number")
    return text


def _split_list(value: object) -> object:
    """Return the parts of a list as the environment has it; others as they are."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def is_word(text: str) -> bool:
    """Return whether *text* can stand in a header or a URL as one word."""
    return text.isascii() and text.isprintable() and " " not in text and text != ""


# What providers' sections are made of: an API's address, a name, a number, secrets.
BaseURL = Annotated[str, AfterValidator(_check_url)]
Word = Annotated[str, AfterValidator(_check_word)]
SecretWord = Annotated[SecretStr, AfterValidator(_check_secret)]
Number = Annotated[str, AfterValidator(_check_number)]
SecretWords = Annotated[tuple[SecretWord, ...], NoDecode, BeforeValidator(_split_list)]
Paths = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_split_list)]


def _check_jwks_url(text: str) -> str:
    try:
        url = _URL.validate_python(text)
    except ValidationError:
        url = None
    is_plain = url is not None and not (url.username or url.password or url.fragment)
    is_private = url is not None and (url.scheme == "https" or url.host in _LOOPBACK)
    if not (is_plain and is_private and is_word(text)):
        raise ValueError("takes a URL that begins with https://")
    return text


def _check_origins(origins: list[str]) -> list[str]:
    for origin in origins:
        scheme, _, rest = origin.partition("://")
        if scheme not in {"http", "https"} or not rest or set(rest) & _NOT_ORIGIN:
            raise ValueError("takes origins such as https://app.example")
    return origins


# Where the keys of tokens are, and whose pages may call.
KeysURL = Annotated[str, AfterValidator(_check_jwks_url)]
Origins = Annotated[
    list[str],
    NoDecode,
    BeforeValidator(_split_list),
    AfterValidator(_check_origins),
]
