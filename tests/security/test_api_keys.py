import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.errors import UnauthenticatedError
from gateway.security import APIKeys, Caller
from gateway.settings import SettingsError

ASK = "Send an API key, as `X-API-Key: …` or `Authorization: Bearer …`."
REFUSED = "This API key is not accepted."
TAKES = (
    'takes "sha256:" and the 64 hex digits of its key\'s digest; a subject with a dot '
    "in it stands in quotes"
)

Write = Callable[..., Path]


def digest(key: str) -> str:
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Replace the file by one with these subjects' digests."""

    def replace(digests: Mapping[str, str]) -> Path:
        new = tmp_path / "new"
        lines = (f'"{subject}" = "{one}"\n' for subject, one in digests.items())
        new.write_text("".join(lines))
        return new.replace(tmp_path / "keys.toml")

    return replace


@pytest.fixture
def keys(write: Write) -> APIKeys:
    path = write({"anna": digest("key-of-anna"), "b@x.example": digest("key-of-b")})
    return APIKeys(path)


async def refusal(keys: APIKeys, headers: Mapping[str, str]) -> str:
    with pytest.raises(UnauthenticatedError) as raised:
        await keys.authenticate(headers)
    return raised.value.message


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": "key-of-anna"},
        {"authorization": "Bearer key-of-anna"},
        {"authorization": "bearer key-of-anna"},
    ],
)
async def test_a_key_names_its_subject_in_either_header(
    keys: APIKeys, headers: dict[str, str]
) -> None:
    assert await keys.authenticate(headers) == Caller(subject="anna", email=None)


async def test_each_key_is_its_own_subjects(keys: APIKeys) -> None:
    callers = [
        await keys.authenticate({"x-api-key": key})
        for key in ("key-of-b", "key-of-anna", "key-of-b")
    ]

    assert [one.subject for one in callers] == ["b@x.example", "anna", "b@x.example"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"authorization": ""},
        {"authorization": "Bearer "},
        {"authorization": "Basic a2V5LW9mLWFubmE="},
        {"authorization": "key-of-anna"},
    ],
)
async def test_a_caller_without_a_key_is_told_how_to_send_one(
    keys: APIKeys, headers: dict[str, str]
) -> None:
    assert await refusal(keys, headers) == ASK


@pytest.mark.parametrize(
    "key",
    [
        "key-of-nobody",
        "key-of-ann",
        "key-of-anna1",
        "KEY-OF-ANNA",
        "anna",
        "key-of-anna, key-of-anna",
        "\xff",
        digest("key-of-anna"),
        digest("key-of-anna").removeprefix("sha256:"),
    ],
)
async def test_any_other_key_is_refused(keys: APIKeys, key: str) -> None:
    for headers in ({"x-api-key": key}, {"authorization": f"Bearer {key}"}):
        assert await refusal(keys, headers) == REFUSED


async def test_a_key_beside_another_header_is_refused(keys: APIKeys) -> None:
    headers = {"x-api-key": "key-of-anna", "authorization": "Bearer key-of-anna"}

    assert await refusal(keys, headers) == (
        "Send `Authorization` or `X-API-Key`, not both: a request has one identity."
    )


async def test_a_key_of_other_letters_is_taken_by_its_bytes(write: Write) -> None:
    """A server hands the bytes of a header on as Latin-1."""
    keys = APIKeys(write({"anna": digest("schlüssel")}))

    key = "schlüssel".encode().decode("latin-1")

    assert await keys.authenticate({"x-api-key": key}) == Caller(subject="anna")


async def test_digits_may_be_capitals(write: Write) -> None:
    capitals = "sha256:" + digest("key").removeprefix("sha256:").upper()

    keys = APIKeys(write({"anna": capitals}))

    assert await keys.authenticate({"x-api-key": "key"}) == Caller(subject="anna")


async def test_an_empty_file_accepts_nobody(write: Write) -> None:
    assert await refusal(APIKeys(write({})), {"x-api-key": "key"}) == REFUSED


class TestChanges:
    """The file counts as it is now."""

    async def test_a_key_that_is_taken_out_is_refused(
        self, keys: APIKeys, write: Write
    ) -> None:
        assert await keys.authenticate({"x-api-key": "key-of-anna"})

        write({"b@x.example": digest("key-of-b")})

        assert await refusal(keys, {"x-api-key": "key-of-anna"}) == REFUSED
        caller = await keys.authenticate({"x-api-key": "key-of-b"})
        assert caller == Caller(subject="b@x.example")

    async def test_the_last_key_can_be_taken_out(
        self, keys: APIKeys, write: Write
    ) -> None:
        write({})

        assert await refusal(keys, {"x-api-key": "key-of-anna"}) == REFUSED

    async def test_a_key_that_is_replaced_counts_at_once(
        self, keys: APIKeys, write: Write
    ) -> None:
        write({"anna": digest("another"), "carl": digest("key-of-anna")})

        for key, subject in (("another", "anna"), ("key-of-anna", "carl")):
            caller = await keys.authenticate({"x-api-key": key})
            assert caller == Caller(subject=subject)

    async def test_a_broken_file_leaves_the_keys_in_force(
        self, keys: APIKeys, write: Write
    ) -> None:
        with capture_logs() as lines:
            write({"anna": "key-of-anna"})
            before = await keys.authenticate({"x-api-key": "key-of-anna"})
            again = await keys.authenticate({"x-api-key": "key-of-b"})
            write({"anna": digest("mended")})
            mended = await keys.authenticate({"x-api-key": "mended"})

        assert [one.subject for one in (before, again, mended)] == [
            "anna",
            "b@x.example",
            "anna",
        ]
        assert [line["event"] for line in lines] == ["file_unusable", "file_reloaded"]
        assert "key-of-anna" not in str(lines)


class TestStart:
    """What the file cannot say; each line names the file and the subject."""

    def refuse(self, path: Path) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            APIKeys(path)
        prefix = f"{path}: "
        lines = str(caught.value).splitlines()
        assert all(line.startswith(prefix) for line in lines)
        return [line.removeprefix(prefix) for line in lines]

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "the-key-itself",
            "sha256:",
            "sha256:abc",
            digest("key") + "0",
            digest("key") + "\\n",
            digest("key").replace("sha256:", ""),
            digest("key").replace("sha256:", "sha512:"),
            "sha256:" + "g" * 64,
        ],
    )
    def test_a_value_that_is_no_digest(self, write: Write, value: str) -> None:
        path = write({"anna": value, "carl": digest("key-of-carl")})

        assert self.refuse(path) == [f'"anna": {TAKES}']

    @pytest.mark.parametrize("value", ["1", "[]", "{}", "true"])
    def test_a_value_that_is_no_text(self, tmp_path: Path, value: str) -> None:
        path = tmp_path / "keys.toml"
        path.write_text(f"anna = {value}")

        assert self.refuse(path) == [f'"anna": {TAKES}']

    def test_a_dotted_subject_without_quotes(self, tmp_path: Path) -> None:
        path = tmp_path / "keys.toml"
        path.write_text(f'anna.smith = "{digest("key")}"')

        assert self.refuse(path) == [f'"anna": {TAKES}']

    @pytest.mark.parametrize("subject", ["", " "])
    def test_a_subject_without_a_name(self, write: Write, subject: str) -> None:
        path = write({subject: digest("key")})

        assert self.refuse(path) == [f'"{subject}": a subject has a name']

    def test_one_key_of_two_subjects(self, write: Write) -> None:
        """Who calls would depend on the order of the file."""
        same = digest("key")
        path = write({"anna": same, "carl": same.upper().replace("SHA", "sha")})

        assert self.refuse(path) == ['"carl": has the key of "anna"']

    def test_every_mistake_has_its_line(self, write: Write) -> None:
        path = write({"anna": "a", "b": digest("key"), "carl": "c"})

        assert self.refuse(path) == [f'"anna": {TAKES}', f'"carl": {TAKES}']

    def test_a_subject_twice(self, tmp_path: Path) -> None:
        path = tmp_path / "keys.toml"
        path.write_text(f'anna = "{digest("a")}"\nanna = "{digest("b")}"\n')

        [line] = self.refuse(path)

        assert line.startswith("not TOML: ")
