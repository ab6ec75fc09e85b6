"""The secret key: from the environment, or from a file that only its owner can read."""

import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

SHORTEST_KEY = 50


def secret_key(*, from_environment: str, key_file: Path) -> tuple[str, bool]:
    """The key, and whether it is kept outside this process.

    A key of the process alone serves commands that sign nothing lasting; `amends up` and the web
    server refuse it. Refuses a short or repetitive key.
    """
    if from_environment:
        return _accepted(from_environment, "AMENDS_SECRET_KEY"), True
    if key_file.is_file():
        return _accepted(key_file.read_text(encoding="ascii").strip(), str(key_file)), True
    return secrets.token_urlsafe(64), False


def _accepted(key: str, source: str) -> str:
    if len(key) < SHORTEST_KEY or len(set(key)) < 10 or key.startswith("django-insecure"):
        message = f"The secret key of {source} is too weak: use at least {SHORTEST_KEY} random characters."
        raise ImproperlyConfigured(message)
    return key
