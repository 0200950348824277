"""The whole of the settings, and how they are read."""

import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError, create_model
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gateway.settings.sections import (
    PREFIX,
    AuthSettings,
    CacheSettings,
    LimitSettings,
    OperationSettings,
    Section,
)
from gateway.settings.values import Origins

CONFIG_VARIABLE = "GATEWAY_CONFIG"

# Kubernetes sets these by itself for a Service that is called "gateway".
_KUBERNETES_PREFIXES = ("GATEWAY_SERVICE_", "GATEWAY_PORT_")
_KUBERNETES_NAMES = ("GATEWAY_PORT",)


class SettingsError(Exception):
    """The settings cannot be used; the message names each variable at fault."""


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
    operations: OperationSettings = OperationSettings()
    cache: CacheSettings = CacheSettings()
    introspection: bool | None = None
    graphiql: bool | None = None
    cors_origins: Origins = []

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
            member = f"{upper}__{_first_member(section)}"
            got = f"got {value!r}; " if path[0] in Settings.model_fields else ""
            problems.append(f"{name}: {got}takes members, such as {member}")
            readable = False
    return problems, readable


def _first_member(section: type[BaseModel]) -> str:
    name, field = next(iter(section.model_fields.items()))
    inner = _section(field.annotation)
    return f"{name}__{_first_member(inner)}".upper() if inner else name.upper()


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
    value = detail["input"]
    # A default that is missed was not got from anybody.
    if value not in (None, ()) and _is_public(model, path, value):
        return f"{variable}: got {value!r}; {message}"
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
