"""What objects of several providers have in common."""

from decimal import Decimal

import strawberry

from gateway.domain import MoneyRecord, UserRecord
from gateway.schema.records import accepts, described


@strawberry.interface(description="An object with a global id, as Relay has it.")
class Node:
    """An object that `node` finds again."""

    id: strawberry.ID = described("Opaque, global and stable. Send it back as it is.")


@strawberry.type(description="A person as a provider knows them.")
class User:
    """A person; the source is a record."""

    is_type_of = accepts(UserRecord)

    source_id: strawberry.ID | None = described("The provider's id of the person.")
    display_name: str | None = described("The person's name.")
    email: str | None = described("The person's e-mail address.")


@strawberry.type(description="An exact amount of money.")
class Money:
    """An amount; the source is a record."""

    is_type_of = accepts(MoneyRecord)

    amount: Decimal = described("The amount in major units, exact.")
    currency: str | None = described(
        "The ISO 4217 code; null where the provider does not say."
    )
