"""What every provider brings: a connector, a simulator, one registry entry.

``Provider`` is a line in ``providers.PROVIDERS``. It opens an ``Upstream`` (one per
process), an ``Account`` on it (one per acting person), and from that a ``Connector``
(one per request), which is all that the graph sees of the provider. What not every
provider keeps is a facet of its connector: ``Invoices``, ``Policies``, ``Targets``;
``absent`` is what answers where there is none. ``Simulator`` is the provider's stateful
fake.
"""

from gateway.connector.absent import (
    NoPolicies,
    invoices_of,
    policies_of,
    targets_of,
)
from gateway.connector.connector import Connector, Probe, Queue
from gateway.connector.invoices import Invoices, InvoiceSlice
from gateway.connector.policies import Policies
from gateway.connector.provider import Account, Provider, Simulator
from gateway.connector.targets import ApprovalStatusSlice, Targets
from gateway.connector.webhooks import Notice, Webhooks
from gateway.connector.written import Written

__all__ = [
    "Account",
    "ApprovalStatusSlice",
    "Connector",
    "InvoiceSlice",
    "Invoices",
    "NoPolicies",
    "Notice",
    "Policies",
    "Probe",
    "Provider",
    "Queue",
    "Simulator",
    "Targets",
    "Webhooks",
    "Written",
    "invoices_of",
    "policies_of",
    "targets_of",
]
