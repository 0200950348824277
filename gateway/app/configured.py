"""What an operator set: which providers, which files, which switches."""

from gateway.connector import (
    Provider,
)
from gateway.operations import read_manifests
from gateway.providers import PROVIDERS
from gateway.sandbox import Sandbox
from gateway.security import (
    APIKeys,
    Credentials,
)
from gateway.settings import PREFIX, Section, Settings


def configured_providers(settings: Settings) -> list[Provider]:
    """Return the providers that the settings connect."""
    return [one for one in PROVIDERS if settings.provider(one.key) is not None]


def describe_providers(settings: Settings, sandbox: Sandbox | None) -> str:
    """Return a line that says what stands behind the gateway."""
    if sandbox is not None:
        titles = ", ".join(provider.title for provider in PROVIDERS)
        return f"Sandbox: {titles}. Nothing here is real."
    titles = ", ".join(one.title for one in configured_providers(settings))
    return f"Live: {titles}. Decisions made here are real."


def check_files(settings: Settings) -> None:
    """Read the files that the settings name, as the gateway will.

    Raises:
        SettingsError: One cannot be used; each line names the file.
    """
    if settings.auth.api_keys_file is not None:
        APIKeys(settings.auth.api_keys_file)
    read_manifests(settings.operations.manifests)
    open_credentials(settings)


def sections_in_use(settings: Settings) -> dict[str, Section]:
    """Return the sections that sign in somewhere, by what an operator calls them.

    Raises:
        SettingsError: The file of credentials cannot be used.
    """
    own = {
        f"{PREFIX}{one.key.upper()}": section
        for one in configured_providers(settings)
        if (section := settings.provider(one.key)) is not None
    }
    others = {
        f'["{subject}".{key}]': section
        for (subject, key), section in open_credentials(settings).sections().items()
        if isinstance(section, Section)
    }
    return own | others


def open_credentials(settings: Settings) -> Credentials:
    """Return who acts with credentials of their own, and what these are.

    Raises:
        SettingsError: The file of them cannot be used.
    """
    return Credentials(
        settings.credentials_file, {one.key: one.credentials for one in PROVIDERS}
    )


def is_on(switch: bool | None, sandbox: Sandbox | None) -> bool:
    """Return a switch of exploration: by default on over the sandbox alone."""
    return sandbox is not None if switch is None else switch
