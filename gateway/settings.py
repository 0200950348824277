"""Settings: the only reader of the environment.

``read_settings`` takes the providers' own settings types from the registry, reads
``GATEWAY_*`` variables and, below them, a TOML file, and refuses what nothing reads.
"""

import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    create_model,
)
from pydantic import field_validator as validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "GATEWAY_"
_URL = TypeAdapter(HttpUrl)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
CONFIG_VARIABLE = "GATEWAY_CONFIG"

# Kubernetes sets these by itself for a Service that is called "gateway".
_KUBERNETES_PREFIXES = ("GATEWAY_SERVICE_", "GATEWAY_PORT_")
_KUBERNETES_NAMES = ("GATEWAY_PORT",)


T = TypeVar("T")

# What an origin has not: a path, a query, a name, a pattern, a space.
_NOT_ORIGIN = frozenset("/?#@* \t")


class SettingsError(Exception):
    """The settings cannot be used; the message names each variable at fault."""


class Section(BaseModel):
    """One group of settings; a member that nothing reads is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def member_for_one_process(self) -> str | None:
        """The member that several processes would take from each other, if any."""
        return None


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


# The mode that alone reads a member; but for a choice it needs it, too.
_MODES = {
    "allow_anonymous": "none",
    "jwks_url": "jwt",
    "issuer": "jwt",
    "audience": "jwt",
    "api_keys_file": "api_key",
}
# Absent members are held against the mode as well.
_OF_A_MODE: Any = Field(default=None, validate_default=True)


class AuthSettings(Section):
    """Who may call.

    Attributes:
        mode: How callers say who they are; ``none`` asks nobody, and serves loopback
            only unless *allow_anonymous*.
        allow_anonymous: Anybody who reaches the gateway may use it.
        jwks_url: Where the keys of the *issuer* of tokens are.
        issuer: The ``iss`` of every token.
        audience: What every token has in its ``aud``.
        api_keys_file: The digests of the API keys.
    """

    mode: Literal["none", "api_key", "jwt"] = "none"
    allow_anonymous: bool = False
    jwks_url: Annotated[str, AfterValidator(_check_jwks_url)] | None = _OF_A_MODE
    issuer: str | None = _OF_A_MODE
    audience: str | None = _OF_A_MODE
    api_keys_file: Path | None = _OF_A_MODE

    @property
    def loopback_only(self) -> bool:
        """Whether nobody is asked, and only this machine may be served for it."""
        return self.mode == "none" and not self.allow_anonymous

    @validator(*_MODES)
    @classmethod
    def _check_mode(cls, value: T, info: ValidationInfo) -> T:
        """Hold a member against the mode, which alone reads it, and needs it."""
        mode = info.data.get("mode")
        wanted = _MODES[info.field_name or ""]
        if mode == wanted and value in {None, ""}:
            raise ValueError(f"missing; {PREFIX}AUTH__MODE={wanted} needs it")
        if mode not in {wanted, None} and value not in {None, False}:
            raise ValueError(f"only {PREFIX}AUTH__MODE={wanted} reads it")
        return value


class LimitSettings(Section):
    """How large one request may be, and how long its reads may take.

    Attributes:
        body_bytes: The largest request body.
        depth: The deepest nesting of fields; introspection is not counted.
        aliases: The most aliases in one operation.
        root_fields: The most fields at the root of one operation.
        tokens: The most tokens in one document.
        first: The largest page.
        deadline_seconds: When the reads of one operation end.
    """

    body_bytes: int = Field(default=262_144, ge=1_024)
    depth: int = Field(default=15, ge=1)
    aliases: int = Field(default=30, ge=0)
    root_fields: int = Field(default=20, ge=1)
    tokens: int = Field(default=2_000, ge=10)
    first: int = Field(default=100, ge=1, le=1_000)
    deadline_seconds: float = Field(default=25.0, gt=0, le=600)


class Settings(BaseSettings):
    """Everything an operator can set, but for the providers' own sections.

    *credentials_file* says who acts with credentials of their own. *introspection*
    and *graphiql* are None where nobody set them: on over the sandbox, off where
    providers are real.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    auth: AuthSettings = AuthSettings()
    credentials_file: Path | None = None
    limits: LimitSettings = LimitSettings()
    introspection: bool | None = None
    graphiql: bool | None = None
    cors_origins: Annotated[list[str], NoDecode, BeforeValidator(_split_list)] = []

    @validator("cors_origins")
    @classmethod
    def _check_origins(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            scheme, _, rest = origin.partition("://")
            if scheme not in {"http", "https"} or not rest or set(rest) & _NOT_ORIGIN:
                raise ValueError("takes origins such as https://app.example")
        return origins

    def provider(self, key: str) -> Section | None:
        """Return the section of the provider whose settings are named *key*."""
        section = getattr(self, key, None)
        return section if isinstance(section, Section) else None


def read_settings(
    provider_sections: Mapping[str, type[BaseModel]],
    *,
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings of this process.

    Args:
        provider_sections: The settings type of each provider, by its lower-case key.
        config: A TOML file with the same keys; the environment wins over it.
        environment: Where to look for unknown variables; the process's own by
            default.

    Raises:
        SettingsError: A variable is unknown, malformed or missing; the message has
            one line per variable and never shows a secret.
    """
    environment = os.environ if environment is None else environment
    if config is None and environment.get(CONFIG_VARIABLE):
        config = Path(environment[CONFIG_VARIABLE])
    model = _settings_model(provider_sections, _checked_file(config))
    problems, readable = _misnamed(model, environment)
    if readable:
        try:
            settings = model()
        except ValidationError as error:
            problems += [_explain(model, detail) for detail in error.errors()]
        if not problems:
            return settings
    raise SettingsError("\n".join(sorted(set(problems))))


def _settings_model(
    provider_sections: Mapping[str, type[BaseModel]], config: Path | None
) -> type[Settings]:
    class FileSettings(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del init_settings, dotenv_settings, file_secret_settings
            if config is None:
                return (env_settings,)
            return (env_settings, TomlConfigSettingsSource(settings_cls, config))

    sections: dict[str, Any] = {
        key: (section | None, None) for key, section in provider_sections.items()
    }
    return create_model("GatewaySettings", __base__=FileSettings, **sections)


def _checked_file(config: Path | None) -> Path | None:
    if config is None:
        return None
    try:
        tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{config}: cannot be read as a settings file") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{config}: not TOML: {error}") from error
    return config


def _misnamed(
    model: type[Settings], environment: Mapping[str, str]
) -> tuple[list[str], bool]:
    """Return a line for each variable of ours that names no setting.

    The second value is false where one names a section and holds none: the library
    reads nothing then.
    """
    problems = []
    readable = True
    for name, value in environment.items():
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper == CONFIG_VARIABLE:
            continue
        if upper in _KUBERNETES_NAMES or upper.startswith(_KUBERNETES_PREFIXES):
            continue
        path = upper.removeprefix(PREFIX).lower().split("__")
        annotation = _annotation(model, path)
        if annotation is None:
            problems.append(f"{name}: nothing reads this variable")
        elif (section := _section(annotation)) and not _is_object(value):
            member = f"{upper}__{next(iter(section.model_fields)).upper()}"
            got = f"got {value!r}; " if path[0] in Settings.model_fields else ""
            problems.append(f"{name}: {got}takes members, such as {member}")
            readable = False
    return problems, readable


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return not text


def _annotation(model: type[BaseModel], path: Sequence[str]) -> Any:
    """Return the type of the setting at *path*, or None where there is none."""
    first, *rest = path
    if first not in model.model_fields:
        return None
    annotation = model.model_fields[first].annotation
    if not rest:
        return annotation
    section = _section(annotation)
    return None if section is None else _annotation(section, rest)


def _section(annotation: Any) -> type[BaseModel] | None:
    """Return the section that a type is, or may be."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _explain(model: type[Settings], detail: ErrorDetails) -> str:
    path = [str(part) for part in detail["loc"]]
    variable = PREFIX + "__".join(part.upper() for part in path)
    if detail["type"] == "missing":
        return f"{variable}: missing; the other {path[0]} settings need it"
    if detail["type"] == "extra_forbidden":
        return f"{variable}: nothing reads this variable"
    message = detail["msg"].removeprefix("Value error, ")
    if detail["input"] is not None and _is_public(model, path, detail["input"]):
        return f"{variable}: got {detail['input']!r}; {message}"
    return f"{variable}: {message}"


def _is_public(model: type[Settings], path: Sequence[str], value: object) -> bool:
    """Return whether a value may be shown: no secret, and no URL that holds one."""
    if path[0] in Settings.model_fields:
        return "@" not in str(value)
    annotation = _annotation(model, path)
    if annotation is None or _section(annotation):
        return False
    return not _is_secret(annotation) and isinstance(value, str) and "@" not in value


def _is_secret(annotation: Any) -> bool:
    """Return whether a type is a secret's, or may be."""
    return annotation is SecretStr or any(map(_is_secret, get_args(annotation)))
