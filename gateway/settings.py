"""Settings: the only reader of the environment.

``read_settings`` takes the providers' own settings types from the registry, reads
``GATEWAY_*`` variables and, below them, a TOML file, and refuses what nothing reads.
"""

import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
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
CONFIG_VARIABLE = "GATEWAY_CONFIG"

# Kubernetes sets these by itself for a Service that is called "gateway".
_KUBERNETES_PREFIXES = ("GATEWAY_SERVICE_", "GATEWAY_PORT_")
_KUBERNETES_NAMES = ("GATEWAY_PORT",)


# What an origin has not: a path, a query, a name, a pattern, a space.
_NOT_ORIGIN = frozenset("/?#@* \t")


class SettingsError(Exception):
    """The settings cannot be used; the message names each variable at fault."""


class Section(BaseModel):
    """One group of settings; a member that nothing reads is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AuthSettings(Section):
    """Who may call.

    Without client authentication the gateway serves loopback only, unless
    *allow_anonymous* says that anybody who reaches it may use it.
    """

    mode: Literal["none"] = "none"
    allow_anonymous: bool = False


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

    *introspection* and *graphiql* are None where nobody set them: on over the
    sandbox, off where providers are real.
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
    limits: LimitSettings = LimitSettings()
    introspection: bool | None = None
    graphiql: bool | None = None
    cors_origins: Annotated[list[str], NoDecode] = []

    @validator("cors_origins", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @validator("cors_origins")
    @classmethod
    def _check_origins(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            scheme, _, rest = origin.partition("://")
            if scheme not in {"http", "https"} or not rest or set(rest) & _NOT_ORIGIN:
                raise ValueError("takes origins such as https://app.example")
        return origins

    def provider(self, key: str) -> BaseModel | None:
        """Return the section of the provider whose settings are named *key*."""
        section = getattr(self, key, None)
        return section if isinstance(section, BaseModel) else None


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
    if _is_public(model, path, detail["input"]):
        return f"{variable}: got {detail['input']!r}; {message}"
    return f"{variable}: {message}"


def _is_public(model: type[Settings], path: Sequence[str], value: object) -> bool:
    """Return whether a value may be shown: no secret, and no URL that holds one."""
    if path[0] in Settings.model_fields:
        return True
    annotation = _annotation(model, path)
    if annotation is None or _section(annotation):
        return False
    is_secret = SecretStr in (annotation, *get_args(annotation))
    return not is_secret and isinstance(value, str) and "@" not in value
