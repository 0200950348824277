from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr
from structlog.testing import capture_logs

from gateway.security import Credentials
from gateway.settings import SecretWord, Section, SettingsError, Word


class Login(Section):
    user_name: Word
    password: SecretWord


class Token(BaseModel):
    """A section that does not itself refuse words that it does not know."""

    token: SecretStr
    region: int = 1


SECTIONS: dict[str, type[BaseModel]] = {"alpha": Login, "beta": Token}
FILE = """
["anna".alpha]
user_name = "anna@alpha.example"
password = "anna-password"

["anna".beta]
token = "anna-token"

["carl@x.example".alpha]
user_name = "carl"
password = "carl-password"
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def replace(text: str) -> Path:
        new = tmp_path / "new"
        new.write_text(text)
        return new.replace(tmp_path / "credentials.toml")

    return replace


@pytest.fixture
def credentials(write: Write) -> Credentials:
    return Credentials(write(FILE), SECTIONS)


def reveal(section: BaseModel | None) -> dict[str, Any] | None:
    if section is None:
        return None
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in section
    }


@pytest.mark.parametrize(
    ("subject", "key", "words"),
    [
        (
            "anna",
            "alpha",
            {"user_name": "anna@alpha.example", "password": "anna-password"},
        ),
        ("anna", "beta", {"token": "anna-token", "region": 1}),
        (
            "carl@x.example",
            "alpha",
            {"user_name": "carl", "password": "carl-password"},
        ),
        ("carl@x.example", "beta", None),
        ("carl", "alpha", None),
        ("Anna", "alpha", None),
        ("", "alpha", None),
        (None, "alpha", None),
        ("anna", "gamma", None),
    ],
)
def test_a_subject_has_what_the_file_lists(
    credentials: Credentials,
    subject: str | None,
    key: str,
    words: dict[str, Any] | None,
) -> None:
    assert reveal(credentials.get(subject, key)) == words


def test_they_are_of_the_providers_type_and_the_same_until_the_file_changes(
    credentials: Credentials,
) -> None:
    found = credentials.get("anna", "alpha")

    assert isinstance(found, Login)
    assert credentials.get("anna", "alpha") is found


def test_without_a_file_nobody_has_any() -> None:
    credentials = Credentials(None, SECTIONS)

    assert credentials.get("anna", "alpha") is None
    assert credentials.get(None, "alpha") is None


def test_an_empty_file_gives_nobody_any(write: Write) -> None:
    assert Credentials(write(""), SECTIONS).get("anna", "alpha") is None


def test_they_do_not_show_their_secrets(credentials: Credentials) -> None:
    assert "anna-password" not in repr(credentials.get("anna", "alpha"))


class TestChanges:
    def test_a_subject_that_is_taken_out_has_none(
        self, credentials: Credentials, write: Write
    ) -> None:
        assert credentials.get("carl@x.example", "alpha") is not None

        write(FILE[: FILE.index('["carl')])

        assert credentials.get("carl@x.example", "alpha") is None
        assert credentials.get("anna", "alpha") is not None

    def test_a_secret_that_is_replaced_counts_at_once(
        self, credentials: Credentials, write: Write
    ) -> None:
        write(FILE.replace("anna-token", "new-token"))

        assert reveal(credentials.get("anna", "beta")) == {
            "token": "new-token",
            "region": 1,
        }

    def test_a_broken_file_leaves_the_last_one_in_force(
        self, credentials: Credentials, write: Write
    ) -> None:
        broken = FILE.replace('password = "anna-password"', 'passwort = "the-new-one"')

        with capture_logs() as lines:
            path = write(broken)
            kept = [reveal(credentials.get("anna", "alpha")) for _ in range(3)]
            write(FILE.replace("anna-password", "mended"))
            mended = reveal(credentials.get("anna", "alpha"))

        assert [one and one["password"] for one in (*kept, mended)] == [
            *["anna-password"] * 3,
            "mended",
        ]
        place = f'{path}: ["anna".alpha]'
        assert lines == [
            {
                "event": "file_unusable",
                "log_level": "error",
                "path": str(path),
                "problem": (
                    f"{place} passwort: nothing reads this word\n"
                    f"{place} password: missing"
                ),
            },
            {"event": "file_reloaded", "log_level": "info", "path": str(path)},
        ]


class TestStart:
    """What the file cannot say; a line names the place and never a value."""

    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            ('anna = "the-secret"', ['"anna": takes tables, such as ["anna".bill]']),
            ("anna = []", ['"anna": takes tables, such as ["anna".bill]']),
            (
                '["".alpha]\nuser_name = "a"\npassword = "the-secret"',
                ['"": takes tables, such as ["anna".bill]'],
            ),
            (
                '[anna]\nalpha = "the-secret"',
                ['["anna".alpha] takes user_name, password'],
            ),
            (
                '["anna".gamma]\ntoken = "the-secret"',
                ['["anna".gamma] is no provider; a subject takes alpha, beta'],
            ),
            (
                '["anna".Alpha]\ntoken = "the-secret"',
                ['["anna".Alpha] is no provider; a subject takes alpha, beta'],
            ),
            (
                '["anna".alpha]\nuser_name = "a"',
                ['["anna".alpha] password: missing'],
            ),
            (
                '["anna".alpha]',
                [
                    '["anna".alpha] user_name: missing',
                    '["anna".alpha] password: missing',
                ],
            ),
            (
                '["anna".alpha]\nuser_name = "a"\npassword = ["the-secret"]',
                ['["anna".alpha] password: Input should be a valid string'],
            ),
            (
                '["anna".alpha]\nuser_name = "a b"\npassword = "the secret"',
                [
                    '["anna".alpha] user_name: takes ASCII text without spaces',
                    '["anna".alpha] password: takes ASCII text without spaces',
                ],
            ),
            (
                '["anna".beta]\ntoken = 5\nregion = "the-secret"',
                [
                    '["anna".beta] token: Input should be a valid string',
                    (
                        '["anna".beta] region: Input should be a valid integer, '
                        "unable to parse string as an integer"
                    ),
                ],
            ),
            (
                '["anna".beta]\ntoken = "the-secret"\ndev_key = "the-secret"',
                ['["anna".beta] dev_key: nothing reads this word'],
            ),
            (
                '["anna".beta]\n["carl".alpha]\nuser_name = "c"',
                [
                    '["anna".beta] token: missing',
                    '["carl".alpha] password: missing',
                ],
            ),
        ],
    )
    def test_a_mistake_is_named_by_its_place(
        self, write: Write, text: str, lines: list[str]
    ) -> None:
        path = write(text)

        with pytest.raises(SettingsError) as caught:
            Credentials(path, SECTIONS)

        assert str(caught.value).splitlines() == [f"{path}: {line}" for line in lines]
        for error in (caught.value, caught.value.__cause__, caught.value.__context__):
            assert "the-secret" not in f"{error}{error!r}"
            assert "the secret" not in f"{error}{error!r}"

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        path = tmp_path / "absent.toml"

        with pytest.raises(SettingsError) as caught:
            Credentials(path, SECTIONS)

        assert str(caught.value) == f"{path}: cannot be read: No such file or directory"
