"""Logging to stderr, one line an event, control characters escaped."""

import re
from typing import Any

import structlog

PRIVATE_LINK = re.compile(r"(/portal/s/|/portal/partner/|/welcome/|/hooks/sms/)[^/\s\"']+")


def without_private_links(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """A private link opens a case, an invitation an account: the framework's lines about requests must not keep one."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = PRIVATE_LINK.sub(r"\1…", value)
    return event


SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    without_private_links,
]


def logging_settings(*, level: str) -> dict[str, Any]:
    """Django's LOGGING; also sets structlog up. JSON keeps what a stranger typed on one escaped line."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED_PROCESSORS,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True, "level": "INFO"},
            "django.server": {"handlers": [], "propagate": True, "level": "WARNING"},
            # Its lines name accounts and network addresses.
            "axes": {"level": "CRITICAL"},
            # SQL parameters hold personal data.
            "django.db.backends": {"level": "WARNING"},
        },
    }
