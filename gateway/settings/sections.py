"""The gateway's own groups of settings."""

from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo
from pydantic import field_validator as validator

from gateway.settings.values import KeysURL, Paths

PREFIX = "GATEWAY_"

T = TypeVar("T")

# Which documents run: any; any, and unknown ones are logged; those of the manifests,
# by id or by body; those of the manifests, by id alone.
OperationMode: TypeAlias = Literal["open", "log", "trusted", "ids"]


class Section(BaseModel):
    """One group of settings; a member that nothing reads is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def member_for_one_process(self) -> str | None:
        """The member that several processes would take from each other, if any."""
        return None


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
    jwks_url: KeysURL | None = _OF_A_MODE
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
        batch: The most operations in one HTTP request; 1 takes no batches.
        deadline_seconds: When the reads of one operation end.
    """

    body_bytes: int = Field(default=262_144, ge=1_024)
    depth: int = Field(default=15, ge=1)
    aliases: int = Field(default=30, ge=0)
    root_fields: int = Field(default=20, ge=1)
    tokens: int = Field(default=2_000, ge=10)
    first: int = Field(default=100, ge=1, le=1_000)
    batch: int = Field(default=1, ge=1, le=100)
    deadline_seconds: float = Field(default=25.0, gt=0, le=600)


class OperationSettings(Section):
    """Which documents may run.

    Attributes:
        mode: Whether others than those of the manifests run.
        manifests: Files and folders that hold the documents known by id; ``trusted``
            and ``ids`` run no others, so they need some.
    """

    mode: OperationMode = "open"
    # Its absence is held against the mode as well.
    manifests: Paths = Field(default=(), validate_default=True)

    @validator("manifests")
    @classmethod
    def _check_manifests(
        cls, manifests: tuple[Path, ...], info: ValidationInfo
    ) -> tuple[Path, ...]:
        mode = info.data.get("mode")
        if mode in {"trusted", "ids"} and not manifests:
            raise ValueError(f"missing; {PREFIX}OPERATIONS__MODE={mode} needs it")
        return manifests


_OLDEST = 86_400


class MaxAges(Section):
    """For how many seconds an answer with records of a kind may be kept; 0 is not.

    What can be changed through the gateway is not kept, unless an operator takes it
    that old: no cache of HTTP learns of the change, and whoever made it reads again.
    """

    invoice: int = Field(default=0, ge=0, le=_OLDEST)
    approvers: int = Field(default=0, ge=0, le=_OLDEST)
    approval_status: int = Field(default=0, ge=0, le=_OLDEST)
    booking: int = Field(default=0, ge=0, le=_OLDEST)
    time_entry: int = Field(default=0, ge=0, le=_OLDEST)
    expense: int = Field(default=0, ge=0, le=_OLDEST)
    policy: int = Field(default=0, ge=0, le=_OLDEST)
    workflow: int = Field(default=60, ge=0, le=_OLDEST)
    user: int = Field(default=300, ge=0, le=_OLDEST)


class CacheSettings(Section):
    """What clients, and caches between them and the gateway, may keep."""

    max_age_seconds: MaxAges = MaxAges()
