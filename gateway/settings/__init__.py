"""Settings: the only reader of the environment.

``read_settings`` takes the providers' own settings types from the registry, reads
``GATEWAY_*`` variables and, below them, a TOML file, and refuses what nothing reads.

    values      what a value may be: an address, a word, a secret, a list
    sections    the gateway's own groups of settings
    settings    the whole, and how it is read
"""

from gateway.settings.sections import (
    PREFIX,
    AuthSettings,
    CacheSettings,
    LimitSettings,
    MaxAges,
    OperationMode,
    OperationSettings,
    Section,
)
from gateway.settings.settings import (
    CONFIG_VARIABLE,
    Settings,
    SettingsError,
    read_settings,
)
from gateway.settings.values import (
    BaseURL,
    Number,
    SecretWord,
    SecretWords,
    Word,
    is_word,
)

__all__ = [
    "CONFIG_VARIABLE",
    "PREFIX",
    "AuthSettings",
    "BaseURL",
    "CacheSettings",
    "LimitSettings",
    "MaxAges",
    "Number",
    "OperationMode",
    "OperationSettings",
    "SecretWord",
    "SecretWords",
    "Section",
    "Settings",
    "SettingsError",
    "Word",
    "is_word",
    "read_settings",
]
