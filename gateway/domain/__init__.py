"""The records and closed sets that all providers share, and the global id.

A record holds what one provider told, already in the graph's terms; ``None`` means
that the provider does not tell. Records are the sources of the GraphQL types in
``schema``: a leaf field there is an attribute here.
"""

from gateway.domain.enums import (
    ApprovalState,
    ApproverStatus,
    Capability,
    InvoiceKind,
    InvoiceOrderField,
    InvoiceStatus,
    OrderDirection,
    Outcome,
    ProgressRule,
    ProviderName,
    ViewerAction,
)
from gateway.domain.ids import (
    GlobalID,
    decode_id,
    encode_id,
)
from gateway.domain.lists import (
    POSSIBLE_YEARS,
    InvoiceFilter,
    InvoiceOrder,
    InvoicePlace,
)
from gateway.domain.records import (
    ApprovalStatusRecord,
    ApproverRecord,
    AttachmentRecord,
    CounterpartyRecord,
    HistoryRecord,
    InvoiceDetailsRecord,
    InvoiceRecord,
    LineRecord,
    MoneyRecord,
    PolicyChanges,
    PolicyDraft,
    PolicyRecord,
    ProgressRecord,
    QuotaRecord,
    SourceErrorRecord,
    SourceRecord,
    UserRecord,
)

__all__ = [
    "POSSIBLE_YEARS",
    "ApprovalState",
    "ApprovalStatusRecord",
    "ApproverRecord",
    "ApproverStatus",
    "AttachmentRecord",
    "Capability",
    "CounterpartyRecord",
    "GlobalID",
    "HistoryRecord",
    "InvoiceDetailsRecord",
    "InvoiceFilter",
    "InvoiceKind",
    "InvoiceOrder",
    "InvoiceOrderField",
    "InvoicePlace",
    "InvoiceRecord",
    "InvoiceStatus",
    "LineRecord",
    "MoneyRecord",
    "OrderDirection",
    "Outcome",
    "PolicyChanges",
    "PolicyDraft",
    "PolicyRecord",
    "ProgressRecord",
    "ProgressRule",
    "ProviderName",
    "QuotaRecord",
    "SourceErrorRecord",
    "SourceRecord",
    "UserRecord",
    "ViewerAction",
    "decode_id",
    "encode_id",
]
