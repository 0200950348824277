"""What every provider brings: a connector, a simulator, one registry entry.

``Provider`` is a line in ``providers.PROVIDERS``. It opens an ``Upstream`` (one per
process), an ``Account`` on it (one per acting person), and from that a ``Connector``
(one per request), which is all that the graph sees of the provider. What not every
provider keeps is a facet of its connector: ``Invoices``, ``Policies``, ``Targets``;
``absent`` is what answers where there is none. ``deciding`` sends decisions one by one
where there is no call for several, ``Written`` is how a write ended, ``Webhooks`` what
a provider tells. ``Simulator`` is the provider's stateful
fake.
"""

from gateway.connector.absent import (
    NoPolicies,
    invoices_of,
    policies_of,
    targets_of,
)
from gateway.connector.connector import (
    AskedDecision,
    Connector,
    Person,
    Probe,
    Queue,
)
from gateway.connector.deciding import decide_each, each_its_own
from gateway.connector.invoices import Invoices, InvoiceSlice
from gateway.connector.policies import Policies
from gateway.connector.provider import Account, Pace, Provider, Simulator
from gateway.connector.targets import ApprovalStatusSlice, Targets
from gateway.connector.webhooks import Notice, Webhooks
from gateway.connector.written import Written

__all__ = [
    "Account",
    "ApprovalStatusSlice",
    "AskedDecision",
    "Connector",
    "InvoiceSlice",
    "Invoices",
    "NoPolicies",
    "Notice",
    "Pace",
    "Person",
    "Policies",
    "Probe",
    "Provider",
    "Queue",
    "Simulator",
    "Targets",
    "Webhooks",
    "Written",
    "decide_each",
    "each_its_own",
    "invoices_of",
    "policies_of",
    "targets_of",
]
