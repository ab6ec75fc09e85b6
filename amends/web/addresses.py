"""Where a page may send its reader on to."""

from __future__ import annotations

from django.conf import settings
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme


def own_address(wanted: str) -> str:
    """Where to go on: only paths of this installation, never another host."""
    is_path = wanted.startswith("/") and not wanted.startswith("//")
    if is_path and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)
