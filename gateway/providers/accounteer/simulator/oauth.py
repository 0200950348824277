"""The two OAuth addresses: consent, and tokens for a code or a refresh token (2)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from gateway.providers.accounteer.simulator import directory
from gateway.providers.accounteer.simulator.auth import Tokens
from gateway.providers.accounteer.simulator.directory import Grant
from gateway.providers.accounteer.simulator.replies import Reply, json_reply
from gateway.providers.accounteer.simulator.switches import AccounteerSwitches

_FORM = "application/x-www-form-urlencoded"
_UNSTORED = {"Cache-Control": "no-store"}


class OAuthError(Exception):
    """A refusal in the form of OAuth."""

    def __init__(self, status: int, word: str, description: str) -> None:
        super().__init__(word)
        self.status = status
        self.word = word
        self.description = description


def oauth_error_reply(error: OAuthError) -> Reply:
    """Return the reply for *error*."""
    content = {"error": error.word, "error_description": error.description}
    return json_reply(error.status, content, _UNSTORED)


def invalid_client() -> OAuthError:
    """Return the refusal of an application that is not known."""
    return OAuthError(401, "invalid_client", "The client is unknown.")


def authorize(query: Mapping[str, str], tokens: Tokens, now: datetime) -> Reply:
    """Answer the browser; the person always consents.

    Raises:
        OAuthError: The client or its redirect address is not registered.
    """
    if query.get("client_id") != directory.CLIENT_ID:
        raise invalid_client()
    if query.get("redirect_uri") != directory.REDIRECT_URI:
        raise OAuthError(400, "invalid_request", "The redirect_uri is unknown.")
    told = {"state": query["state"]} if "state" in query else {}
    scopes = frozenset(query.get("scope", "").split()) or directory.ALL_SCOPES
    if query.get("response_type") != "code":
        told["error"] = "unsupported_response_type"
    elif not scopes <= directory.ALL_SCOPES | directory.READ_SCOPES:
        told["error"] = "invalid_scope"
    else:
        told["code"] = tokens.issue_code(Grant(scopes=scopes), now)
    location = f"{directory.REDIRECT_URI}?{urlencode(told)}"
    return Reply(status=302, headers={"Location": location, **_UNSTORED})


def issue_token(
    content_type: str,
    body: bytes,
    tokens: Tokens,
    switches: AccounteerSwitches,
    now: datetime,
) -> Reply:
    """Answer a token call.

    Raises:
        OAuthError: A parameter is missing or wrong.
    """
    given = _parameters(content_type, body)
    grant_type = _required(given, "grant_type")
    known = (directory.CLIENT_ID, directory.CLIENT_SECRET)
    if (given.get("client_id"), given.get("client_secret")) != known:
        raise invalid_client()
    if grant_type == "authorization_code":
        grant = _exchange(given, tokens, now)
    elif grant_type == "refresh_token":
        used = _required(given, "refresh_token")
        grant = _granted(tokens.use_refresh(used, ends=switches.refresh_rotates))
    else:
        raise OAuthError(400, "unsupported_grant_type", f"Not known: {grant_type}.")
    is_kept = grant_type == "refresh_token" and not switches.refresh_rotates
    return _token_reply(grant, tokens, switches, now, with_refresh=not is_kept)


def _exchange(given: Mapping[str, str], tokens: Tokens, now: datetime) -> Grant:
    code, address = _required(given, "code"), _required(given, "redirect_uri")
    grant = _granted(tokens.use_code(code, now))
    if address != directory.REDIRECT_URI:
        raise OAuthError(400, "invalid_grant", "The redirect_uri is another one.")
    return grant


def _granted(grant: Grant | None) -> Grant:
    if grant is None:
        raise OAuthError(400, "invalid_grant", "It is unknown, used or expired.")
    return grant


def _token_reply(
    grant: Grant,
    tokens: Tokens,
    switches: AccounteerSwitches,
    now: datetime,
    *,
    with_refresh: bool,
) -> Reply:
    ends = now + timedelta(seconds=switches.token_seconds)
    content: dict[str, str | int] = {
        "access_token": tokens.issue_access(grant, ends),
        "token_type": "Bearer",
    }
    if switches.expires_in_told:
        content["expires_in"] = switches.token_seconds
    if with_refresh:
        content["refresh_token"] = tokens.issue_refresh(grant)
    content["scope"] = _scope_text(grant.scopes)
    return json_reply(200, content, _UNSTORED)


def _scope_text(scopes: frozenset[str]) -> str:
    known = (form for one in directory.SCOPES for form in (one, f"{one}:read"))
    return " ".join(form for form in known if form in scopes)


def _parameters(content_type: str, body: bytes) -> Mapping[str, str]:
    if content_type.partition(";")[0].strip().lower() != _FORM:
        raise OAuthError(400, "invalid_request", "The body must be a form.")
    try:
        return dict(parse_qsl(body.decode()))
    except UnicodeDecodeError as error:
        raise OAuthError(400, "invalid_request", "The body is no text.") from error


def _required(given: Mapping[str, str], name: str) -> str:
    if name not in given:
        raise OAuthError(400, "invalid_request", f"{name} is missing.")
    return given[name]
