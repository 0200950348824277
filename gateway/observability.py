"""Logs: a fixed event name with fields, one JSON line each, on standard error."""

import logging
import sys

import structlog
from structlog.typing import FilteringBoundLogger


def configure_logging(level: int = logging.INFO) -> None:
    """Send the gateway's log lines of *level* and above to standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def get_logger() -> FilteringBoundLogger:
    """Return the logger that every module uses."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger
