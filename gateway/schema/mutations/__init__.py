"""The mutations: one input, one payload, one write."""

import strawberry

from gateway.schema.mutations.deciding import DecisionMutations
from gateway.schema.mutations.invoices import InvoiceMutations
from gateway.schema.mutations.policies import PolicyMutations

__all__ = ["Mutation"]


@strawberry.type(description="What can be changed. Each is sent at most once.")
class Mutation(DecisionMutations, InvoiceMutations, PolicyMutations):
    """The mutations."""
