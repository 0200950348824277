"""Team members (5.15)."""

from gateway.providers.accounteer.simulator.asks import Ask
from gateway.providers.accounteer.simulator.documents import deleted_reply
from gateway.providers.accounteer.simulator.fields import required_text, text
from gateway.providers.accounteer.simulator.listing import list_reply
from gateway.providers.accounteer.simulator.objects import TeamMember
from gateway.providers.accounteer.simulator.render import member_body
from gateway.providers.accounteer.simulator.replies import Reply, invalid, json_reply

_ROLES = ("admin", "accountant", "member")


def list_team(ask: Ask) -> Reply:
    """Answer ``GET /team``; the application's own user is in it."""
    return list_reply(ask, "team", ask.owned(ask.state.team), member_body)


def create_team_member(ask: Ask) -> Reply:
    """Answer ``POST /team``: somebody is invited.

    Raises:
        AccounteerError: 422; a field is missing or wrong.
    """
    content = ask.content("team_member")
    email, role = required_text(content, "email"), required_text(content, "role")
    if "@" not in email:
        raise invalid("email", "is no e-mail address")
    if role not in _ROLES:
        raise invalid("role", f"must be one of {', '.join(_ROLES)}")
    member = TeamMember(
        id=ask.state.next_id("team member"),
        organization_id=ask.organization_id,
        first_name=text(content, "first_name"),
        last_name=text(content, "last_name"),
        email=email,
        role=role,
        status="invited",
    )
    ask.state.team[member.id] = member
    return json_reply(ask.switches.create_status_code, member_body(member))


def delete_team_member(ask: Ask) -> Reply:
    """Answer ``DELETE /team/:id``.

    Raises:
        AccounteerError: 404, or 422 for the application's own user.
    """
    member = ask.find(ask.state.team, "Team member")
    if member.is_api_user:
        raise invalid("id", "is the user of an application")
    del ask.state.team[member.id]
    return deleted_reply(ask, member.id)
