"""The providers: one line each.

Everything else picks a provider up from here: the settings, the sandbox, the graph,
the doctor and the contract tests.
"""

from gateway.connector import Provider
from gateway.providers import accounteer, bill, ottimate, productive

PROVIDERS: tuple[Provider, ...] = (
    ottimate.PROVIDER,
    bill.PROVIDER,
    productive.PROVIDER,
    accounteer.PROVIDER,
)
