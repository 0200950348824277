"""Documents that are known by id: those of manifests, and those that clients register.

manifests    the files that an app's build writes
trusted      all their documents, read once, and anew when a file changes
registered   the texts of automatic persisted queries
operations   finds the document that a client asks for, in the mode that is set
"""

from gateway.operations.manifests import (
    ManifestDocument,
    ManifestError,
    collect_manifests,
    digest_of,
    read_manifests,
)
from gateway.operations.operations import Asked, Found, Operations
from gateway.operations.trusted import Trusted, TrustedDocument

__all__ = [
    "Asked",
    "Found",
    "ManifestDocument",
    "ManifestError",
    "Operations",
    "Trusted",
    "TrustedDocument",
    "collect_manifests",
    "digest_of",
    "read_manifests",
]
