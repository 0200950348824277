"""What an operator can set: each variable, and each way to get one wrong."""

import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from gateway.providers import PROVIDERS
from gateway.settings import (
    AuthSettings,
    LimitSettings,
    MaxAges,
    OperationSettings,
    Settings,
    SettingsError,
    read_settings,
)

SECTIONS = {provider.key: provider.settings for provider in PROVIDERS}
OTTIMATE = {
    "GATEWAY_OTTIMATE__BASE_URL": "https://api.example/v1",
    "GATEWAY_OTTIMATE__API_KEY": "the-api-key",
    "GATEWAY_OTTIMATE__CLIENT_ID": "the-client",
    "GATEWAY_OTTIMATE__CLIENT_SECRET": "the-client-secret",
}
BILL = {
    "GATEWAY_BILL__BASE_URL": "https://api.example/api/v2",
    "GATEWAY_BILL__DEV_KEY": "the-dev-key",
    "GATEWAY_BILL__ORG_ID": "the-organization",
    "GATEWAY_BILL__USER_NAME": "someone@app.example",
    "GATEWAY_BILL__PASSWORD": "the-password",
}
PRODUCTIVE = {
    "GATEWAY_PRODUCTIVE__BASE_URL": "https://api.example/productive",
    "GATEWAY_PRODUCTIVE__TOKEN": "the-token",
    "GATEWAY_PRODUCTIVE__ORGANIZATION_ID": "900",
}
ACCOUNTEER = {
    "GATEWAY_ACCOUNTEER__BASE_URL": "https://api.example/api/v0.1",
    "GATEWAY_ACCOUNTEER__ACCESS_TOKEN": "the-access-token",
}
RENEWAL = {
    "GATEWAY_ACCOUNTEER__CLIENT_ID": "the-application",
    "GATEWAY_ACCOUNTEER__CLIENT_SECRET": "the-application-secret",
    "GATEWAY_ACCOUNTEER__REFRESH_TOKEN": "the-refresh-token",
    "GATEWAY_ACCOUNTEER__TOKEN_URL": "https://id.example/token",
}
FILE = """
introspection = true
cors_origins = ["https://a.example", "https://b.example"]

[limits]
depth = 4
aliases = 3

[ottimate]
base_url = "https://file.example/v1"
api_key = "key-in-the-file"
client_id = "client-in-the-file"
client_secret = "secret-in-the-file"
"""

# The members that a mode of authentication needs, and that it alone reads.
JWT = {
    "GATEWAY_AUTH__JWKS_URL": "https://id.example/keys",
    "GATEWAY_AUTH__ISSUER": "https://id.example/",
    "GATEWAY_AUTH__AUDIENCE": "approvals",
}
API_KEY = {"GATEWAY_AUTH__API_KEYS_FILE": "/etc/keys.toml"}
MODES = {"none": {}, "api_key": API_KEY, "jwt": JWT}

Environment = Callable[[Mapping[str, str]], None]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Begin without any variable of ours, and set some."""
    for name in list(os.environ):
        if name.upper().startswith("GATEWAY_"):
            monkeypatch.delenv(name)

    def set_variables(variables: Mapping[str, str]) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_variables


@pytest.fixture
def config(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "gateway.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refusal(**more: Any) -> list[str]:
    """Return the lines of the refusal to read the settings."""
    with pytest.raises(SettingsError) as caught:
        read_settings(SECTIONS, **more)
    return str(caught.value).splitlines()


def reveal(section: BaseModel | None) -> dict[str, Any]:
    assert section is not None
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in section
    }


def test_nothing_set_is_the_defaults() -> None:
    settings = read_settings(SECTIONS)

    assert settings.model_dump() == {
        "auth": {
            "mode": "none",
            "allow_anonymous": False,
            "jwks_url": None,
            "issuer": None,
            "audience": None,
            "api_keys_file": None,
        },
        "credentials_file": None,
        "limits": {
            "body_bytes": 262_144,
            "depth": 15,
            "aliases": 30,
            "root_fields": 20,
            "tokens": 2_000,
            "first": 100,
            "batch": 1,
            "deadline_seconds": 25.0,
        },
        "operations": {"mode": "open", "manifests": ()},
        "cache": {
            "max_age_seconds": {
                "invoice": 0,
                "approvers": 0,
                "approval_status": 0,
                "booking": 0,
                "time_entry": 0,
                "expense": 0,
                "policy": 0,
                "workflow": 60,
                "user": 300,
            }
        },
        "introspection": None,
        "graphiql": None,
        "cors_origins": [],
        "ottimate": None,
        "bill": None,
        "productive": None,
        "accounteer": None,
    }
    assert {settings.provider(provider.key) for provider in PROVIDERS} == {None}


KINDS = (
    "INVOICE",
    "APPROVERS",
    "APPROVAL_STATUS",
    "BOOKING",
    "TIME_ENTRY",
    "EXPENSE",
    "POLICY",
    "WORKFLOW",
    "USER",
)
VARIABLES: list[tuple[str, str, str, object]] = [
    ("AUTH__MODE", "none", "auth.mode", "none"),
    ("AUTH__ALLOW_ANONYMOUS", "true", "auth.allow_anonymous", True),
    ("CREDENTIALS_FILE", "/etc/it.toml", "credentials_file", Path("/etc/it.toml")),
    ("LIMITS__BODY_BYTES", "1024", "limits.body_bytes", 1024),
    ("LIMITS__DEPTH", "1", "limits.depth", 1),
    ("LIMITS__ALIASES", "0", "limits.aliases", 0),
    ("LIMITS__ROOT_FIELDS", "1", "limits.root_fields", 1),
    ("LIMITS__TOKENS", "10", "limits.tokens", 10),
    ("LIMITS__FIRST", "1000", "limits.first", 1000),
    ("LIMITS__BATCH", "100", "limits.batch", 100),
    ("LIMITS__DEADLINE_SECONDS", "0.05", "limits.deadline_seconds", 0.05),
    ("OPERATIONS__MODE", "log", "operations.mode", "log"),
    (
        "OPERATIONS__MANIFESTS",
        "/etc/ios.json, /etc/web",
        "operations.manifests",
        (Path("/etc/ios.json"), Path("/etc/web")),
    ),
    *(
        (
            f"CACHE__MAX_AGE_SECONDS__{kind}",
            "86400",
            f"cache.max_age_seconds.{kind.lower()}",
            86_400,
        )
        for kind in KINDS
    ),
    ("INTROSPECTION", "false", "introspection", False),
    ("GRAPHIQL", "1", "graphiql", True),
    ("CORS_ORIGINS", "https://a.example", "cors_origins", ["https://a.example"]),
]


def names(model: type[BaseModel]) -> list[str]:
    """Return the variables of *model*, without the prefix."""
    found = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += [f"{name}__{one}" for one in names(inner)]
        else:
            found.append(name)
    return [name.upper() for name in found]


def test_every_variable_is_tried_here() -> None:
    tried = {f"GATEWAY_{name}" for name, *_ in VARIABLES} | {*JWT, *API_KEY}

    assert tried == {f"GATEWAY_{name}" for name in names(Settings)}


@pytest.mark.parametrize(("name", "text", "path", "value"), VARIABLES)
def test_a_variable_sets_its_member_alone(
    environment: Environment, name: str, text: str, path: str, value: object
) -> None:
    default = read_settings(SECTIONS).model_dump()
    environment({f"GATEWAY_{name}": text})

    found = read_settings(SECTIONS).model_dump()

    *sections, member = path.split(".")
    target = functools.reduce(dict.__getitem__, sections, default)
    target[member] = value
    assert found == default


def test_lower_case_works_too(environment: Environment) -> None:
    environment({"gateway_limits__depth": "3"})

    assert read_settings(SECTIONS).limits == LimitSettings(depth=3)


def test_a_section_may_come_as_json(environment: Environment) -> None:
    environment({"GATEWAY_LIMITS": '{"depth": 3}', "GATEWAY_LIMITS__ALIASES": "4"})

    assert read_settings(SECTIONS).limits == LimitSettings(depth=3, aliases=4)


def test_a_provider_is_set_by_its_variables(environment: Environment) -> None:
    environment(OTTIMATE)

    settings = read_settings(SECTIONS)

    assert reveal(settings.provider("ottimate")) == {
        "base_url": "https://api.example/v1",
        "api_key": "the-api-key",
        "client_id": "the-client",
        "client_secret": "the-client-secret",
        "token_url": None,
    }
    assert settings.provider("bill") is None


def test_providers_are_set_side_by_side(environment: Environment) -> None:
    environment({**OTTIMATE, **BILL, **PRODUCTIVE, **ACCOUNTEER})

    settings = read_settings(SECTIONS)

    assert reveal(settings.provider("ottimate"))["client_id"] == "the-client"
    assert reveal(settings.provider("bill")) == {
        "base_url": "https://api.example/api/v2",
        "dev_key": "the-dev-key",
        "org_id": "the-organization",
        "user_name": "someone@app.example",
        "password": "the-password",
    }
    assert reveal(settings.provider("productive")) == {
        "base_url": "https://api.example/productive",
        "token": "the-token",
        "organization_id": "900",
        "webhook_tokens": (),
    }
    assert reveal(settings.provider("accounteer")) == {
        "base_url": "https://api.example/api/v0.1",
        "access_token": "the-access-token",
        "client_id": None,
        "client_secret": None,
        "refresh_token": None,
        "token_url": None,
        "organization_id": None,
    }


def test_what_renews_a_token_takes_its_place(environment: Environment) -> None:
    base = {"GATEWAY_ACCOUNTEER__BASE_URL": "https://api.example/api/v0.1"}
    environment({**base, **RENEWAL, "GATEWAY_ACCOUNTEER__ORGANIZATION_ID": "the-one"})

    assert reveal(read_settings(SECTIONS).provider("accounteer")) == {
        "base_url": "https://api.example/api/v0.1",
        "access_token": None,
        "client_id": "the-application",
        "client_secret": "the-application-secret",
        "refresh_token": "the-refresh-token",
        "token_url": "https://id.example/token",
        "organization_id": "the-one",
    }


@pytest.mark.parametrize("absent", RENEWAL)
def test_half_of_what_renews_a_token_is_refused(
    environment: Environment, absent: str
) -> None:
    base = {"GATEWAY_ACCOUNTEER__BASE_URL": "https://api.example/api/v0.1"}
    rest = {name: value for name, value in RENEWAL.items() if name != absent}
    environment({**base, **rest})

    assert refusal() == [
        (
            f"{absent}: missing; takes all of client_id, client_secret, refresh_token, "
            "token_url, or an access token"
        )
    ]


@pytest.mark.parametrize("more", RENEWAL)
def test_what_renews_a_token_beside_one_is_refused(
    environment: Environment, more: str
) -> None:
    environment({**ACCOUNTEER, more: RENEWAL[more]})

    [line] = refusal()
    assert line.startswith(f"{more}: ")
    assert line.endswith(
        "takes nothing beside an access token, which is set: either that alone or all "
        "of client_id, client_secret, refresh_token, token_url"
    )
    assert RENEWAL["GATEWAY_ACCOUNTEER__CLIENT_SECRET"] not in line
    assert RENEWAL["GATEWAY_ACCOUNTEER__REFRESH_TOKEN"] not in line


def test_a_token_url_is_optional(environment: Environment) -> None:
    environment({**OTTIMATE, "GATEWAY_OTTIMATE__TOKEN_URL": "http://id.example/token"})

    section = reveal(read_settings(SECTIONS).provider("ottimate"))

    assert section["token_url"] == "http://id.example/token"


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("one", ["one"]),
        ("one,two", ["one", "two"]),
        (" one , two, ", ["one", "two"]),
    ],
)
def test_secrets_of_which_there_may_be_several_are_a_list(
    environment: Environment, text: str, tokens: list[str]
) -> None:
    environment({**PRODUCTIVE, "GATEWAY_PRODUCTIVE__WEBHOOK_TOKENS": text})

    section = reveal(read_settings(SECTIONS).provider("productive"))

    found = [one.get_secret_value() for one in section["webhook_tokens"]]
    assert found == tokens


def test_accounteers_address_is_needed(environment: Environment) -> None:
    environment({"GATEWAY_ACCOUNTEER__ACCESS_TOKEN": "the-access-token"})

    assert refusal() == [
        "GATEWAY_ACCOUNTEER__BASE_URL: missing; the other accounteer settings need it"
    ]


@pytest.mark.parametrize("absent", [*OTTIMATE, *BILL, *PRODUCTIVE])
def test_half_a_provider_is_refused(environment: Environment, absent: str) -> None:
    sections = {"ottimate": OTTIMATE, "bill": BILL, "productive": PRODUCTIVE}
    every = {**OTTIMATE, **BILL, **PRODUCTIVE}
    environment({name: value for name, value in every.items() if name != absent})

    [key] = [key for key, section in sections.items() if absent in section]
    assert refusal() == [f"{absent}: missing; the other {key} settings need it"]


def test_every_missing_variable_has_its_line(environment: Environment) -> None:
    environment({"GATEWAY_OTTIMATE__CLIENT_ID": "the-client"})

    assert refusal() == [
        f"GATEWAY_OTTIMATE__{name}: missing; the other ottimate settings need it"
        for name in ("API_KEY", "BASE_URL", "CLIENT_SECRET")
    ]


def test_an_empty_variable_is_not_set(environment: Environment) -> None:
    environment(
        {
            "GATEWAY_CONFIG": "",
            "GATEWAY_LIMITS__DEPTH": "",
            "GATEWAY_CORS_ORIGINS": "",
            "GATEWAY_INTROSPECTION": "",
            "GATEWAY_AUTH__MODE": "",
            "GATEWAY_OTTIMATE__API_KEY": "",
        }
    )

    settings = read_settings(SECTIONS)

    assert (settings.auth, settings.limits) == (AuthSettings(), LimitSettings())
    assert (settings.cors_origins, settings.introspection) == ([], None)
    assert settings.provider("ottimate") is None


def test_an_empty_secret_is_missing(environment: Environment) -> None:
    environment({**OTTIMATE, "GATEWAY_OTTIMATE__API_KEY": ""})

    assert refusal() == [
        "GATEWAY_OTTIMATE__API_KEY: missing; the other ottimate settings need it"
    ]


@pytest.mark.parametrize(
    "name",
    [
        "GATEWAY_NOPE",
        "GATEWAY_LIMITS__NOPE",
        "GATEWAY_LIMITS_DEPTH",
        "GATEWAY_LIMITS__",
        "GATEWAY_",
        "GATEWAY__LIMITS",
        "gateway_nope",
        "GATEWAY_SERVICE",
        "GATEWAY_PORTS",
        "GATEWAY_NOBODY__BASE_URL",
        "GATEWAY_OTTIMATE_API_KEY",
        "GATEWAY_INTROSPECTION__X",
        "GATEWAY_CACHE__MAX_AGE_SECONDS__VENDOR",
        "GATEWAY_CACHE__INVOICE",
    ],
)
def test_a_variable_that_nothing_reads_is_refused(
    environment: Environment, name: str
) -> None:
    environment({name: "some-value"})

    assert refusal() == [f"{name}: nothing reads this variable"]


def test_an_unknown_variable_is_refused_though_it_is_empty(
    environment: Environment,
) -> None:
    environment({"GATEWAY_NOPE": ""})

    assert refusal() == ["GATEWAY_NOPE: nothing reads this variable"]


@pytest.mark.parametrize("name", ["NOPE", "API_KEY__X", "BASE_URL__X"])
def test_a_providers_variable_that_nothing_reads_is_refused(
    environment: Environment, name: str
) -> None:
    environment({**OTTIMATE, f"GATEWAY_OTTIMATE__{name}": "some-secret"})

    assert refusal() == [f"GATEWAY_OTTIMATE__{name}: nothing reads this variable"]


def test_what_kubernetes_sets_is_passed_over(environment: Environment) -> None:
    default = read_settings(SECTIONS)
    environment(
        {
            "GATEWAY_SERVICE_HOST": "10.0.0.1",
            "GATEWAY_SERVICE_PORT": "80",
            "GATEWAY_PORT": "tcp://10.0.0.1:80",
            "GATEWAY_PORT_80_TCP_ADDR": "10.0.0.1",
            "GATEWAYS": "another's",
            "OTHER_GATEWAY_X": "another's",
        }
    )

    assert read_settings(SECTIONS).model_dump() == default.model_dump()


INTEGER = "Input should be a valid integer, unable to parse string as an integer"
BOOLEAN = "Input should be a valid boolean, unable to interpret input"
ORIGIN = "takes origins such as https://app.example"


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("LIMITS__DEPTH", "deep", INTEGER),
        ("LIMITS__DEPTH", "1.5", INTEGER),
        ("LIMITS__DEPTH", "0", "Input should be greater than or equal to 1"),
        ("LIMITS__ALIASES", "-1", "Input should be greater than or equal to 0"),
        ("LIMITS__ROOT_FIELDS", "0", "Input should be greater than or equal to 1"),
        ("LIMITS__TOKENS", "9", "Input should be greater than or equal to 10"),
        ("LIMITS__FIRST", "1001", "Input should be less than or equal to 1000"),
        ("LIMITS__FIRST", "0", "Input should be greater than or equal to 1"),
        ("LIMITS__BODY_BYTES", "1023", "Input should be greater than or equal to 1024"),
        ("LIMITS__BATCH", "0", "Input should be greater than or equal to 1"),
        ("LIMITS__BATCH", "101", "Input should be less than or equal to 100"),
        (
            "CACHE__MAX_AGE_SECONDS__USER",
            "-1",
            "Input should be greater than or equal to 0",
        ),
        (
            "CACHE__MAX_AGE_SECONDS__USER",
            "86401",
            "Input should be less than or equal to 86400",
        ),
        ("CACHE__MAX_AGE_SECONDS__INVOICE", "1.5", INTEGER),
        (
            "OPERATIONS__MODE",
            "closed",
            "Input should be 'open', 'log', 'trusted' or 'ids'",
        ),
        ("LIMITS__DEADLINE_SECONDS", "0", "Input should be greater than 0"),
        (
            "LIMITS__DEADLINE_SECONDS",
            "601",
            "Input should be less than or equal to 600",
        ),
        (
            "LIMITS__DEADLINE_SECONDS",
            "inf",
            "Input should be less than or equal to 600",
        ),
        (
            "LIMITS__DEADLINE_SECONDS",
            "nan",
            "Input should be less than or equal to 600",
        ),
        ("AUTH__MODE", "oidc", "Input should be 'none', 'api_key' or 'jwt'"),
        ("AUTH__ALLOW_ANONYMOUS", "maybe", BOOLEAN),
        ("INTROSPECTION", "2", BOOLEAN),
        ("GRAPHIQL", "off!", BOOLEAN),
        ("CORS_ORIGINS", "*", ORIGIN),
        ("CORS_ORIGINS", "null", ORIGIN),
        ("CORS_ORIGINS", "app.example", ORIGIN),
        ("CORS_ORIGINS", "ftp://app.example", ORIGIN),
        ("CORS_ORIGINS", "https://", ORIGIN),
        ("CORS_ORIGINS", "https://app.example/", ORIGIN),
        ("CORS_ORIGINS", "https://app.example/path", ORIGIN),
        ("CORS_ORIGINS", "https://app.example,nonsense", ORIGIN),
        ("CORS_ORIGINS", "https://app.example?a=b", ORIGIN),
        ("CORS_ORIGINS", "https://*.app.example", ORIGIN),
        ("CORS_ORIGINS", "https://app.example https://b.example", ORIGIN),
    ],
)
def test_a_malformed_value_is_named_with_what_the_variable_takes(
    environment: Environment, name: str, value: str, takes: str
) -> None:
    environment({f"GATEWAY_{name}": value})

    assert refusal() == [f"GATEWAY_{name}: got {value!r}; {takes}"]


class TestAuth:
    """A mode has what it needs, and nothing is set that it would not read."""

    def test_a_mode_reads_its_members(self, environment: Environment) -> None:
        environment({**JWT, "GATEWAY_AUTH__MODE": "jwt"})

        assert read_settings(SECTIONS).auth == AuthSettings(
            mode="jwt",
            jwks_url="https://id.example/keys",
            issuer="https://id.example/",
            audience="approvals",
        )

    def test_a_file_of_keys_is_a_path(self, environment: Environment) -> None:
        environment({**API_KEY, "GATEWAY_AUTH__MODE": "api_key"})

        auth = read_settings(SECTIONS).auth

        assert (auth.mode, auth.api_keys_file) == ("api_key", Path("/etc/keys.toml"))

    @pytest.mark.parametrize(
        ("mode", "allow_anonymous", "loopback_only"),
        [
            ("none", "false", True),
            ("none", "true", False),
            ("api_key", "false", False),
            ("jwt", "false", False),
        ],
    )
    def test_who_is_known_may_come_from_anywhere(
        self,
        environment: Environment,
        mode: str,
        allow_anonymous: str,
        loopback_only: bool,
    ) -> None:
        environment(
            {
                **MODES[mode],
                "GATEWAY_AUTH__MODE": mode,
                "GATEWAY_AUTH__ALLOW_ANONYMOUS": allow_anonymous,
            }
        )

        assert read_settings(SECTIONS).auth.loopback_only is loopback_only

    @pytest.mark.parametrize(
        ("mode", "name"),
        [(mode, name) for mode, members in MODES.items() for name in members],
    )
    def test_what_a_mode_needs_is_missed(
        self, environment: Environment, mode: str, name: str
    ) -> None:
        environment({**MODES[mode], "GATEWAY_AUTH__MODE": mode, name: ""})

        assert refusal() == [f"{name}: missing; GATEWAY_AUTH__MODE={mode} needs it"]

    def test_everything_that_a_mode_needs_is_missed_at_once(
        self, environment: Environment
    ) -> None:
        environment({"GATEWAY_AUTH__MODE": "jwt"})

        assert refusal() == [
            f"{name}: missing; GATEWAY_AUTH__MODE=jwt needs it" for name in sorted(JWT)
        ]

    @pytest.mark.parametrize(
        ("mode", "other"),
        [
            ("none", "api_key"),
            ("none", "jwt"),
            ("api_key", "jwt"),
            ("jwt", "api_key"),
        ],
    )
    def test_what_another_mode_reads_is_refused(
        self, environment: Environment, mode: str, other: str
    ) -> None:
        environment({"GATEWAY_AUTH__MODE": mode, **MODES[mode], **MODES[other]})

        assert refusal() == sorted(
            f"{name}: got {value!r}; only GATEWAY_AUTH__MODE={other} reads it"
            for name, value in MODES[other].items()
        )

    @pytest.mark.parametrize("mode", ["api_key", "jwt"])
    def test_callers_are_known_or_anonymous(
        self, environment: Environment, mode: str
    ) -> None:
        environment(
            {
                "GATEWAY_AUTH__MODE": mode,
                **MODES[mode],
                "GATEWAY_AUTH__ALLOW_ANONYMOUS": "true",
            }
        )

        assert refusal() == [
            (
                "GATEWAY_AUTH__ALLOW_ANONYMOUS: got 'true'; "
                "only GATEWAY_AUTH__MODE=none reads it"
            )
        ]

    def test_a_mode_that_is_none_is_the_only_mistake(
        self, environment: Environment
    ) -> None:
        environment({**JWT, "GATEWAY_AUTH__MODE": "oidc"})

        assert [line.partition(":")[0] for line in refusal()] == ["GATEWAY_AUTH__MODE"]

    @pytest.mark.parametrize(
        "url",
        [
            "https://id.example/keys",
            "https://id.example/keys?p=policy",
            "https://id.example:8443",
            "http://localhost:9000/keys",
            "http://127.0.0.1/keys",
            "http://[::1]:9000/keys",
        ],
    )
    def test_keys_come_over_https_or_from_this_machine(
        self, environment: Environment, url: str
    ) -> None:
        environment({**JWT, "GATEWAY_AUTH__MODE": "jwt", "GATEWAY_AUTH__JWKS_URL": url})

        assert read_settings(SECTIONS).auth.jwks_url == url

    @pytest.mark.parametrize(
        "url",
        [
            "http://id.example/keys",
            "http://127.0.0.1.id.example/keys",
            "ftp://id.example/keys",
            "file:///etc/keys",
            "id.example/keys",
            "https://",
            "https://id.example/a b",
            "https://id.example/keys#one",
            "nonsense",
        ],
    )
    def test_keys_come_from_nowhere_else(
        self, environment: Environment, url: str
    ) -> None:
        environment({**JWT, "GATEWAY_AUTH__MODE": "jwt", "GATEWAY_AUTH__JWKS_URL": url})

        assert refusal() == [
            (
                f"GATEWAY_AUTH__JWKS_URL: got {url!r}; "
                "takes a URL that begins with https://"
            )
        ]

    @pytest.mark.parametrize("url", ["https://me:pw@id.example", "https://me@id.ex"])
    def test_a_url_with_a_name_in_it_is_refused_and_not_shown(
        self, environment: Environment, url: str
    ) -> None:
        environment({**JWT, "GATEWAY_AUTH__MODE": "jwt", "GATEWAY_AUTH__JWKS_URL": url})

        assert refusal() == [
            "GATEWAY_AUTH__JWKS_URL: takes a URL that begins with https://"
        ]

    def test_a_file_of_settings_may_set_the_mode(
        self, config: Callable[[str], Path]
    ) -> None:
        text = '[auth]\nmode = "api_key"\napi_keys_file = "keys.toml"\n'

        auth = read_settings(SECTIONS, config=config(text)).auth

        assert (auth.mode, auth.api_keys_file) == ("api_key", Path("keys.toml"))


class TestOperations:
    """Modes that run known documents alone need some."""

    @pytest.mark.parametrize("mode", ["open", "log"])
    def test_manifests_are_optional_where_others_run(
        self, environment: Environment, mode: str
    ) -> None:
        environment({"GATEWAY_OPERATIONS__MODE": mode})

        assert read_settings(SECTIONS).operations.manifests == ()

    @pytest.mark.parametrize("mode", ["trusted", "ids"])
    @pytest.mark.parametrize(("manifests", "got"), [("", ""), (" , ", "got ' , '; ")])
    def test_manifests_are_missed_where_no_others_run(
        self, environment: Environment, mode: str, manifests: str, got: str
    ) -> None:
        environment(
            {
                "GATEWAY_OPERATIONS__MODE": mode,
                "GATEWAY_OPERATIONS__MANIFESTS": manifests,
            }
        )

        assert refusal() == [
            (
                f"GATEWAY_OPERATIONS__MANIFESTS: {got}missing; "
                f"GATEWAY_OPERATIONS__MODE={mode} needs it"
            )
        ]

    @pytest.mark.parametrize("mode", ["open", "log", "trusted", "ids"])
    def test_any_mode_takes_manifests(
        self, environment: Environment, mode: str
    ) -> None:
        environment(
            {
                "GATEWAY_OPERATIONS__MODE": mode,
                "GATEWAY_OPERATIONS__MANIFESTS": "web.json",
            }
        )

        assert read_settings(SECTIONS).operations == OperationSettings.model_validate(
            {"mode": mode, "manifests": ["web.json"]}
        )

    def test_a_file_of_settings_has_them_as_an_array(
        self, config: Callable[[str], Path]
    ) -> None:
        text = '[operations]\nmode = "ids"\nmanifests = ["a.json", "b"]\n'

        operations = read_settings(SECTIONS, config=config(text)).operations

        assert operations.mode == "ids"
        assert operations.manifests == (Path("a.json"), Path("b"))

    def test_a_mode_that_is_none_is_the_only_mistake(
        self, environment: Environment
    ) -> None:
        environment({"GATEWAY_OPERATIONS__MODE": "closed"})

        assert [line.partition(":")[0] for line in refusal()] == [
            "GATEWAY_OPERATIONS__MODE"
        ]


class TestCache:
    """Ages are set kind by kind."""

    def test_a_file_of_settings_has_them_in_a_table(
        self, environment: Environment, config: Callable[[str], Path]
    ) -> None:
        environment({"GATEWAY_CACHE__MAX_AGE_SECONDS__USER": "1"})
        text = "[cache.max_age_seconds]\npolicy = 7\nuser = 9\n"

        ages = read_settings(SECTIONS, config=config(text)).cache.max_age_seconds

        assert ages == MaxAges(policy=7, user=1)
        assert ages.workflow == 60

    @pytest.mark.parametrize(
        "name", ["GATEWAY_CACHE", "GATEWAY_CACHE__MAX_AGE_SECONDS"]
    )
    def test_one_age_for_everything_is_refused(
        self, environment: Environment, name: str
    ) -> None:
        environment({name: "60"})

        assert refusal() == [
            (
                f"{name}: got '60'; takes members, such as "
                "GATEWAY_CACHE__MAX_AGE_SECONDS__INVOICE"
            )
        ]


def test_an_origin_with_a_name_in_it_is_refused_and_not_shown(
    environment: Environment,
) -> None:
    environment({"GATEWAY_CORS_ORIGINS": "https://me:pw@app.example"})

    assert refusal() == [f"GATEWAY_CORS_ORIGINS: {ORIGIN}"]


@pytest.mark.parametrize("name", ["GATEWAY_LIMITS", "GATEWAY_AUTH"])
@pytest.mark.parametrize("value", ["none", "{", "5", "[1]"])
def test_a_section_that_is_none_is_refused(
    environment: Environment, name: str, value: str
) -> None:
    environment({name: value})

    [line] = refusal()

    assert line.startswith(f"{name}: got ")


@pytest.mark.parametrize("name", ["BASE_URL", "TOKEN_URL"])
def test_a_url_of_another_kind_is_named_with_what_the_variable_takes(
    environment: Environment, name: str
) -> None:
    environment({**OTTIMATE, f"GATEWAY_OTTIMATE__{name}": "ftp://api.example/v1"})

    assert refusal() == [
        (
            f"GATEWAY_OTTIMATE__{name}: got 'ftp://api.example/v1'; "
            "takes a URL that begins with https://"
        )
    ]


@pytest.mark.parametrize(
    "value",
    ["nine", "9.5", "-900", "0900", "0", "9 00", "9_00", "0x9", "٩٠٠", "²", "900,901"],
)
def test_an_organization_that_is_no_whole_number_is_named(
    environment: Environment, value: str
) -> None:
    environment({**PRODUCTIVE, "GATEWAY_PRODUCTIVE__ORGANIZATION_ID": value})

    assert refusal() == [
        f"GATEWAY_PRODUCTIVE__ORGANIZATION_ID: got {value!r}; takes a whole number"
    ]


@pytest.mark.parametrize(
    "value", ["api.example", "/", "https://", "https://[api/v1", "https://a b/v1"]
)
@pytest.mark.parametrize("name", ["BASE_URL", "TOKEN_URL"])
def test_what_is_no_url_is_refused(
    environment: Environment, name: str, value: str
) -> None:
    environment({**OTTIMATE, f"GATEWAY_OTTIMATE__{name}": value})

    [line] = refusal()

    assert line.startswith(f"GATEWAY_OTTIMATE__{name}: ")
    assert line.endswith("takes a URL that begins with https://")


def test_every_mistake_has_its_line(environment: Environment) -> None:
    environment(
        {
            "GATEWAY_NOPE": "1",
            "GATEWAY_LIMITS__DEPTH": "0",
            "GATEWAY_OTTIMATE__CLIENT_ID": "x",
        }
    )

    assert [line.partition(":")[0] for line in refusal()] == [
        "GATEWAY_LIMITS__DEPTH",
        "GATEWAY_NOPE",
        "GATEWAY_OTTIMATE__API_KEY",
        "GATEWAY_OTTIMATE__BASE_URL",
        "GATEWAY_OTTIMATE__CLIENT_SECRET",
    ]


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("https://a.example", ["https://a.example"]),
        (
            "https://a.example, http://localhost:3000 ,",
            ["https://a.example", "http://localhost:3000"],
        ),
        (" , ", []),
    ],
)
def test_origins_are_separated_by_commas(
    environment: Environment, text: str, origins: list[str]
) -> None:
    environment({"GATEWAY_CORS_ORIGINS": text})

    assert read_settings(SECTIONS).cors_origins == origins


class TestFile:
    """The same keys in a TOML file, below the environment."""

    def test_a_file_sets_what_the_environment_does_not(
        self, config: Callable[[str], Path]
    ) -> None:
        settings = read_settings(SECTIONS, config=config(FILE))

        assert settings.introspection is True
        assert settings.graphiql is None
        assert settings.cors_origins == ["https://a.example", "https://b.example"]
        assert settings.limits == LimitSettings(depth=4, aliases=3)
        assert reveal(settings.provider("ottimate")) == {
            "base_url": "https://file.example/v1",
            "api_key": "key-in-the-file",
            "client_id": "client-in-the-file",
            "client_secret": "secret-in-the-file",
            "token_url": None,
        }

    def test_the_environment_wins_member_by_member(
        self, environment: Environment, config: Callable[[str], Path]
    ) -> None:
        environment(
            {
                "GATEWAY_LIMITS__DEPTH": "9",
                "GATEWAY_CORS_ORIGINS": "https://c.example",
                "GATEWAY_OTTIMATE__API_KEY": "key-in-the-environment",
                "GATEWAY_INTROSPECTION": "no",
            }
        )

        settings = read_settings(SECTIONS, config=config(FILE))

        assert settings.introspection is False
        assert settings.cors_origins == ["https://c.example"]
        assert settings.limits == LimitSettings(depth=9, aliases=3)
        section = reveal(settings.provider("ottimate"))
        assert section["api_key"] == "key-in-the-environment"
        assert section["client_secret"] == "secret-in-the-file"

    def test_an_empty_variable_leaves_the_file_standing(
        self, environment: Environment, config: Callable[[str], Path]
    ) -> None:
        environment({"GATEWAY_LIMITS__DEPTH": "", "GATEWAY_CORS_ORIGINS": ""})

        settings = read_settings(SECTIONS, config=config(FILE))

        assert settings.limits.depth == 4
        assert settings.cors_origins == ["https://a.example", "https://b.example"]

    def test_a_variable_may_name_the_file(
        self, environment: Environment, config: Callable[[str], Path]
    ) -> None:
        environment({"GATEWAY_CONFIG": str(config(FILE))})

        assert read_settings(SECTIONS).limits.depth == 4

    def test_the_argument_wins_over_the_variable(
        self, environment: Environment, config: Callable[[str], Path]
    ) -> None:
        environment({"GATEWAY_CONFIG": "/nowhere.toml"})

        assert read_settings(SECTIONS, config=config(FILE)).limits.depth == 4

    def test_an_empty_file_is_the_defaults(self, config: Callable[[str], Path]) -> None:
        default = read_settings(SECTIONS).model_dump()

        assert read_settings(SECTIONS, config=config("")).model_dump() == default

    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            ("nope = 1", ["GATEWAY_NOPE: nothing reads this variable"]),
            ("port = 1", ["GATEWAY_PORT: nothing reads this variable"]),
            ('config = "x"', ["GATEWAY_CONFIG: nothing reads this variable"]),
            (
                "[limits]\nnope = 1",
                ["GATEWAY_LIMITS__NOPE: nothing reads this variable"],
            ),
            (
                "[limits]\ndepth = 0",
                [
                    (
                        "GATEWAY_LIMITS__DEPTH: got 0; "
                        "Input should be greater than or equal to 1"
                    )
                ],
            ),
            (
                "cors_origins = [1]",
                ["GATEWAY_CORS_ORIGINS__0: got 1; Input should be a valid string"],
            ),
            (
                (
                    '[ottimate]\nbase_url = "https://a"\nclient_id = "c"\n'
                    'api_key = 12345678\nclient_secret = ["the-client-secret"]'
                ),
                [
                    "GATEWAY_OTTIMATE__API_KEY: Input should be a valid string",
                    "GATEWAY_OTTIMATE__CLIENT_SECRET: Input should be a valid string",
                ],
            ),
        ],
    )
    def test_a_mistake_in_the_file_is_named(
        self, config: Callable[[str], Path], text: str, lines: list[str]
    ) -> None:
        assert refusal(config=config(text)) == lines

    def test_what_is_no_toml_is_refused(self, config: Callable[[str], Path]) -> None:
        path = config('[ottimate]\napi_key = "the-api-key" nonsense')

        [line] = refusal(config=path)

        assert line.startswith(f"{path}: not TOML: ")
        assert "the-api-key" not in line

    def test_a_file_that_cannot_be_read_is_refused(self, tmp_path: Path) -> None:
        binary = tmp_path / "binary.toml"
        binary.write_bytes(b"\xff\xfe\x00")

        for path in (tmp_path / "absent.toml", tmp_path, binary):
            assert refusal(config=path) == [
                f"{path}: cannot be read as a settings file"
            ]


class TestSecrets:
    """CONTRACT.md, 2: a secret is in no log, error, repr, trace or metric."""

    SECRETS = (
        "the-api-key",
        "the-client-secret",
        "the-dev-key",
        "the-password",
        "the-token",
        "the-webhook-token",
        "the-access-token",
        "the-application-secret",
        "the-refresh-token",
    )
    EVERY: Mapping[str, str] = {
        **OTTIMATE,
        **BILL,
        **PRODUCTIVE,
        "GATEWAY_PRODUCTIVE__WEBHOOK_TOKENS": "the-webhook-token,the-webhook-token-2",
        **ACCOUNTEER,
    }
    RENEWED: Mapping[str, str] = {
        **EVERY,
        "GATEWAY_ACCOUNTEER__ACCESS_TOKEN": "",
        **RENEWAL,
    }

    @pytest.mark.parametrize("every", [EVERY, RENEWED], ids=["token", "renewed"])
    def test_settings_do_not_show_them(
        self, environment: Environment, every: Mapping[str, str]
    ) -> None:
        environment(every)
        settings = read_settings(SECTIONS)

        for text in (
            repr(settings),
            str(settings),
            f"{settings.provider('ottimate')!r}",
            f"{settings.provider('bill')!r}",
            f"{settings.provider('productive')!r}",
            f"{settings.provider('accounteer')!r}",
            str(settings.model_dump()),
            settings.model_dump_json(),
        ):
            assert not any(secret in text for secret in self.SECRETS)

    @pytest.mark.parametrize(
        "mistake",
        [
            {"GATEWAY_OTTIMATE__BASE_URL": "nonsense"},
            {"GATEWAY_OTTIMATE__BASE_URL": ""},
            {"GATEWAY_OTTIMATE__NOPE": "the-api-key"},
            {"GATEWAY_OTTIMATE_API_KEY": "the-api-key"},
            {"GATEWAY_OTTIMATE": "the-api-key"},
            {"GATEWAY_OTTIMATE": '["the-api-key"]'},
            {
                "GATEWAY_OTTIMATE": '{"api_key": ["the-api-key"]}',
                "GATEWAY_OTTIMATE__API_KEY": "",
            },
            {"GATEWAY_BILL__BASE_URL": "nonsense"},
            {"GATEWAY_BILL__ORG_ID": ""},
            {
                "GATEWAY_BILL": '{"dev_key": ["the-dev-key"]}',
                "GATEWAY_BILL__DEV_KEY": "",
            },
            {"GATEWAY_BILL__NOPE": "the-password"},
            {"GATEWAY_PRODUCTIVE__BASE_URL": "nonsense"},
            {"GATEWAY_PRODUCTIVE__ORGANIZATION_ID": ""},
            {
                "GATEWAY_PRODUCTIVE": '{"token": ["the-token"]}',
                "GATEWAY_PRODUCTIVE__TOKEN": "",
            },
            {"GATEWAY_PRODUCTIVE__NOPE": "the-token"},
            {"GATEWAY_PRODUCTIVE__WEBHOOK_TOKENS": "the-webhook-token and-another"},
            {"GATEWAY_PRODUCTIVE__WEBHOOK_TOKENS": "the-webhook-token,é"},
            {"GATEWAY_ACCOUNTEER__BASE_URL": "nonsense"},
            {"GATEWAY_ACCOUNTEER__NOPE": "the-access-token"},
            {"GATEWAY_ACCOUNTEER__ACCESS_TOKEN": "the-access-token é"},
            {"GATEWAY_ACCOUNTEER__REFRESH_TOKEN": "the-refresh-token"},
            {"GATEWAY_ACCOUNTEER__CLIENT_SECRET": "the-application-secret"},
            {**RENEWAL, "GATEWAY_ACCOUNTEER__REFRESH_TOKEN": "the-refresh-token é"},
            {**RENEWAL, "GATEWAY_ACCOUNTEER__ACCESS_TOKEN": ""}
            | {"GATEWAY_ACCOUNTEER__TOKEN_URL": "nonsense"},
        ],
    )
    def test_an_error_does_not_show_them(
        self, environment: Environment, mistake: dict[str, str]
    ) -> None:
        environment({**self.EVERY, **mistake})

        with pytest.raises(SettingsError) as caught:
            read_settings(SECTIONS)

        for secret in self.SECRETS:
            assert secret not in str(caught.value)
            assert secret not in repr(caught.value)


class TestReadme:
    """Documentation that can fail."""

    def test_every_setting_is_in_the_readme(self) -> None:
        text = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
        every = [f"GATEWAY_{name}" for name in ("CONFIG", *names(Settings))]
        for key, section in SECTIONS.items():
            every += [f"GATEWAY_{key.upper()}__{name}" for name in names(section)]

        assert [name for name in every if f"`{name}`" not in text] == []
        assert len(every) == 51
