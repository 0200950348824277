"""Runs an operation: the one seam behind which the executor stands.

A document is read once: parsed, validated, measured. Its operations are then run by
graphql-core.

    documents   Document, Operation: what reading a text gives, or RejectedError
    reading     what an operation reads, by the names of the schema
    engine      Engine: reads documents and runs operations
"""

from gateway.engine.documents import Document, Operation, RejectedError
from gateway.engine.engine import Engine, Increments

__all__ = ["Document", "Engine", "Increments", "Operation", "RejectedError"]
