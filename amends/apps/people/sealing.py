"""Small secrets that have to be read again: kept in the database as something that only the key of the installation opens."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class CannotOpen(Exception):
    """It was sealed with a key that this installation does not have any more."""


def seal(secret: bytes, *, purpose: str) -> str:
    """The secret as text that is opened with the same purpose and key only."""
    return _box(purpose).encrypt(secret).decode()


def opened(sealed: str, *, purpose: str) -> bytes:
    """What was sealed. Former keys open it too, as long as they are listed. Raises CannotOpen."""
    try:
        return _box(purpose).decrypt(sealed.encode())
    except InvalidToken as foreign:
        raise CannotOpen from foreign


def digests(text: str, *, purpose: str) -> list[str]:
    """The keyed digests by which a text is recognised: the one to store first, then those of former keys."""
    return [hmac.new(_derived(key, purpose), text.encode(), hashlib.sha256).hexdigest() for key in _keys()]


def _box(purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key, purpose))) for key in _keys()])


def _keys() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _derived(key: str, purpose: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=f"amends.{purpose}".encode()).derive(key.encode())
