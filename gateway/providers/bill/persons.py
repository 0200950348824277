"""Who the users of an organization are, and what their profiles let them do."""

from collections.abc import Mapping, Sequence

from gateway.errors import InvalidInputError
from gateway.providers.bill.lists import BillLists
from gateway.providers.bill.tables import PROFILES, USERS
from gateway.providers.bill.words import ACTIVE
from gateway.security import is_same_email

# The profiles that are documented to lack a right; one of another name proves nothing.
_NOT_APPROVING = frozenset({"Payer", "Clerk", "Auditor"})
_NOT_ADMINISTRATING = _NOT_APPROVING | {"Accountant", "Approver"}


class BillPersons:
    """Looks users up as one acting person, within one request."""

    def __init__(self, lists: BillLists) -> None:
        self._lists = lists

    async def check_users(self, ids: Sequence[str], field: str) -> None:
        """Hold the user ids of an input against the organization.

        Raises:
            InvalidInputError: One is nobody's, or of somebody who has left; *field*
                names the member of the input.
        """
        found = await self._lists.get_by_id(USERS, ids)
        for one in ids:
            if one not in found:
                raise _no_user(one, field)
            if found[one].is_active != ACTIVE:
                raise InvalidInputError(
                    f"The user `{one}` is not active in BILL any more. Nothing was "
                    "changed.",
                    field=(field,),
                )

    async def check_known(self, user_id: str, field: str) -> None:
        """Hold one user id against the organization, whether active or not.

        Raises:
            InvalidInputError: It is nobody's.
        """
        if user_id not in await self._lists.get_by_id(USERS, [user_id]):
            raise _no_user(user_id, field)

    async def find_by_email(self, email: str) -> str:
        """Return the id of the active user with this e-mail, whatever its case.

        Raises:
            InvalidInputError: There is none, or there are several.
        """
        if not email.strip():
            raise InvalidInputError("`email` is empty.", field=("email",))
        ids = await self.list_by_email(email)
        if len(ids) == 1:
            return ids[0]
        told = "several active users" if ids else "no active user"
        raise InvalidInputError(
            f"BILL has {told} with this e-mail; send `userSourceId`, the person's id. "
            "Nothing was changed.",
            field=("email",),
        )

    async def list_by_email(self, email: str) -> list[str]:
        """Return the ids of the active users with this e-mail, whatever its case."""
        users = await self._lists.list_all(USERS)
        return [
            user.id
            for user in users
            if user.is_active == ACTIVE and is_same_email(user.email, email)
        ]

    async def who_may_not_approve(self, ids: Sequence[str]) -> list[str]:
        """Return those of the users whose profile surely has no right to approve."""
        users = await self._lists.get_by_id(USERS, ids)
        names = await self._profile_names()
        return [
            one
            for one in ids
            if one in users and names.get(users[one].profile_id or "") in _NOT_APPROVING
        ]

    async def is_no_administrator(self, user_id: str) -> bool:
        """Return whether a user surely may not do what administrators may."""
        return await self.get_profile_name(user_id) in _NOT_ADMINISTRATING

    async def get_profile_name(self, user_id: str) -> str | None:
        """Return the name of a user's profile."""
        users = await self._lists.get_by_id(USERS, [user_id])
        if user_id not in users:
            return None
        names = await self._profile_names()
        return names.get(users[user_id].profile_id or "")

    async def _profile_names(self) -> Mapping[str, str]:
        profiles = await self._lists.list_all(PROFILES)
        return {profile.id: profile.name for profile in profiles}


def _no_user(user_id: str, field: str) -> InvalidInputError:
    return InvalidInputError(
        f"BILL has no user `{user_id[:40]}` in this organization. Send ids of users as "
        "approvers show them. Nothing was changed.",
        field=(field,),
    )
