"""Where pages are, and where one may send its reader on to."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.http import url_has_allowed_host_and_scheme

MOST_KEPT = 16384
"""Some two dozen of each case that people open in a day."""
PLAIN = re.compile(r"[A-Za-z0-9_-]+")
"""A key that stands in an address as it is, and that both kinds of words in addresses take."""


def address_of(name: str, *keys: Any) -> str:
    """The address of a page. A case is named dozens of times on its page, and its address is put together once."""
    return address_below(get_script_prefix(), name, *keys)


@lru_cache(maxsize=MOST_KEPT, typed=True)
def address_below(prefix: str, name: str, *keys: Any) -> str:
    """The address of a page of an installation that lies below this path, which is the present one."""
    pattern = _pattern(prefix, name, len(keys)) if keys else None
    if pattern and all(isinstance(key, str) and PLAIN.fullmatch(key) for key in keys):
        return pattern.format(*keys)
    return reverse(name, args=keys)


@lru_cache(maxsize=MOST_KEPT)
def _pattern(prefix: str, name: str, count: int) -> str | None:
    """The address of a page with places for keys that are plain words; None where it takes other keys."""
    words = [f"key-{place}-of-a-page" for place in range(count)]
    try:
        pattern = reverse(name, args=words)
    except NoReverseMatch:
        return None
    for place, word in enumerate(words):
        pattern = pattern.replace(word, f"{{{place}}}")
    return pattern


def own_address(wanted: str) -> str:
    """Where to go on: only paths of this installation, never another host."""
    is_path = wanted.startswith("/") and not wanted.startswith("//")
    if is_path and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)
