"""The graph: its types, queries, mutations and subscriptions."""

import functools

import strawberry
from graphql import GraphQLDeferDirective, GraphQLSchema, specified_directives
from strawberry.schema.config import StrawberryConfig

from gateway.schema import enums as _enums  # noqa: F401 - it describes the enums
from gateway.schema.approvables import ApprovalStatus, ApprovalWorkflow
from gateway.schema.invoices import Approver, Invoice
from gateway.schema.mutations import Mutation
from gateway.schema.policies import Policy
from gateway.schema.queries import Query
from gateway.schema.scalars import SCALARS
from gateway.schema.subscriptions import Subscription
from gateway.schema.targets import Booking, Expense, TimeEntry


@functools.cache
def create_schema() -> GraphQLSchema:
    """Return the graph as an executable graphql-core schema, the same on every call.

    `@defer` is part of it; the engine answers a deferred fragment in its place.
    """
    built = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[
            Invoice,
            Booking,
            TimeEntry,
            Expense,
            Approver,
            Policy,
            ApprovalStatus,
            ApprovalWorkflow,
        ],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    parts = built._schema.to_kwargs()  # noqa: SLF001 - Strawberry offers no other way
    parts["directives"] = (*specified_directives, GraphQLDeferDirective)
    return GraphQLSchema(**parts)
