"""Read settings from the environment: typed, and loud when a value cannot be meant."""

import os
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured


def envtext(name: str, *, default: str = "") -> str:
    """The value of `name`, or the default when it is unset or blank."""
    return os.environ.get(name, "").strip() or default


def envbool(name: str, *, default: bool) -> bool:
    """Only "true" and "false" are understood; "yes", "1" or "on" are refused."""
    text = envtext(name).lower()
    if not text:
        return default
    if text not in {"true", "false"}:
        _refuse(name, text, "must be true or false")
    return text == "true"


def envint(name: str, *, default: int, at_least: int = 0) -> int:
    """A whole number not below `at_least`."""
    text = envtext(name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit():
        _refuse(name, text, "must be a whole number")
    if int(text) < at_least:
        _refuse(name, text, f"must be at least {at_least}")
    return int(text)


def envlist(name: str) -> list[str]:
    """A comma-separated list without blanks."""
    return [item for part in envtext(name).split(",") if (item := part.strip())]


def envchoice(name: str, *, default: str, choices: set[str]) -> str:
    """One of a closed set of words."""
    text = envtext(name, default=default)
    if text not in choices:
        _refuse(name, text, f"must be one of {', '.join(sorted(choices))}")
    return text


def _refuse(name: str, text: str, sentence: str) -> NoReturn:
    message = f"{name}={text!r} {sentence}."
    raise ImproperlyConfigured(message)
