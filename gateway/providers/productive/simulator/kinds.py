"""Every resource type by its name."""

from collections.abc import Mapping

from gateway.providers.productive.simulator.kinds_approval import (
    ASSIGNMENT,
    EVENT,
    POLICY,
    STATUS,
    WORKFLOW,
)
from gateway.providers.productive.simulator.kinds_booking import BOOKING
from gateway.providers.productive.simulator.kinds_people import (
    BARE_KINDS,
    MEMBERSHIP,
    PERSON,
)
from gateway.providers.productive.simulator.kinds_webhook import WEBHOOK, WEBHOOK_LOG
from gateway.providers.productive.simulator.kinds_work import EXPENSE, TIME_ENTRY
from gateway.providers.productive.simulator.shape import Kind

KINDS: Mapping[str, Kind] = {
    kind.type: kind
    for kind in (
        STATUS,
        POLICY,
        ASSIGNMENT,
        WORKFLOW,
        EVENT,
        BOOKING,
        TIME_ENTRY,
        EXPENSE,
        PERSON,
        MEMBERSHIP,
        WEBHOOK,
        WEBHOOK_LOG,
        *BARE_KINDS,
    )
}
