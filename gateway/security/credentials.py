"""Whose credentials are used: a file of them, by subject and provider.

["<subject>".bill]
user_name = "…"
password = "…"
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.security.toml_file import TomlFile
from gateway.settings import SettingsError

_Found: TypeAlias = Mapping[tuple[str, str], BaseModel]


class Credentials:
    """The credentials that subjects have of their own with providers.

    The file is read again when it changes.
    """

    def __init__(
        self, path: Path | None, sections: Mapping[str, type[BaseModel]]
    ) -> None:
        """Read the file; without *path* nobody has any.

        Args:
            path: The file.
            sections: The words that a subject may set, by the provider's key in the
                settings.

        Raises:
            SettingsError: The file cannot be used; each line names the file, and
                where it can the subject, the provider and the word; never a value.
        """
        parse = functools.partial(_parse, sections)
        self._file = None if path is None else TomlFile[_Found](path, parse)

    def sections(self) -> Mapping[tuple[str, str], BaseModel]:
        """Return everybody's, by subject and the provider's key."""
        return {} if self._file is None else self._file.get()

    def get(self, subject: str | None, key: str) -> BaseModel | None:
        """Return what *subject* signs in with at the provider named *key*.

        None means that the file does not say, or that the caller is anonymous. What
        is returned is the same object until the file changes.
        """
        if self._file is None or subject is None:
            return None
        return self._file.get().get((subject, key))


def _parse(sections: Mapping[str, type[BaseModel]], document: dict[str, Any]) -> _Found:
    """Return everybody's credentials.

    Raises:
        SettingsError: A line for each mistake, with its place and without a value.
    """
    found: dict[tuple[str, str], BaseModel] = {}
    problems: list[str] = []
    for subject, tables in document.items():
        if not subject.strip() or not isinstance(tables, dict):
            problems.append(f'"{subject}": takes tables, such as ["anna".bill]')
            continue
        for key, words in tables.items():
            try:
                found[subject, key] = _parse_words(sections, key, words)
            except SettingsError as error:
                place = f'["{subject}".{key}]'
                problems += [f"{place} {line}" for line in str(error).splitlines()]
    if problems:
        raise SettingsError("\n".join(problems))
    return found


def _parse_words(
    sections: Mapping[str, type[BaseModel]], key: str, words: object
) -> BaseModel:
    section = sections.get(key)
    if section is None:
        known = ", ".join(sections)
        raise SettingsError(f"is no provider; a subject takes {known}")
    if not isinstance(words, dict):
        raise SettingsError(f"takes {', '.join(section.model_fields)}")
    problems = [
        f"{word}: nothing reads this word"
        for word in words
        if word not in section.model_fields
    ]
    try:
        credentials = section.model_validate(words)
    except ValidationError as error:
        problems += [_explain(one) for one in error.errors()]
    if problems:
        # Outside the handler: what pydantic raised shows the values.
        raise SettingsError("\n".join(dict.fromkeys(problems)))
    return credentials


def _explain(detail: ErrorDetails) -> str:
    word = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "missing":
        return f"{word}: missing"
    if detail["type"] == "extra_forbidden":
        return f"{word}: nothing reads this word"
    return f"{word}: {detail['msg'].removeprefix('Value error, ')}".removeprefix(": ")
