"""One way to write a value as text, so that equal values give equal bytes and equal hashes."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Set
from decimal import Decimal
from enum import Enum
from uuid import UUID


class CanonicalError(ValueError):
    """The value holds something that has no single written form (a float, a naive time)."""


def canonical_json(value: object) -> str:
    """Return `value` as JSON that is the same, byte for byte, for every equal value.

    Keys are sorted, separators compact, text is not escaped to ASCII. Aware times become UTC with `Z` and
    microseconds only if not zero, dates ISO, Decimals and UUIDs text, enums their value, sets sorted lists.
    Refuses (`CanonicalError`) floats, NaN, naive times, keys that are not text, bytes and unknown types.
    """
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def ordered_json(value: object) -> str:
    """Return `value` as JSON with its keys in the order they were written; otherwise as `canonical_json`.

    For what people read in the order its author gave it. Hashes are made over the canonical form.
    """
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def digest(text: str, salt: str) -> str:
    """Return the hex SHA-256 of salt and text.

    The salt's length is hashed too, so that no two pairs can be confused.
    """
    message = f"{len(salt)}:{salt}{text}"
    return hashlib.sha256(message.encode("utf-8", "surrogatepass")).hexdigest()


def utc_text(moment: dt.datetime) -> str:
    """Return an aware moment as ISO 8601 in UTC, ending in `Z`, microseconds only if not zero."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise CanonicalError(f"time without offset: {moment.isoformat()}")
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat() + "Z"


def _plain(value: object) -> object:
    kind = type(value)
    if value is None or kind is str or kind is bool or kind is int:
        return value
    if isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101 - the first question is the fast one
        return {key if type(key) is str else _key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return _plain(value.value)
    return _plain_scalar(value)


def _plain_scalar(value: object) -> object:
    if isinstance(value, dt.datetime):
        return utc_text(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Set):
        return _sorted_items(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    raise CanonicalError(f"{type(value).__name__} has no canonical form: {value!r}")


def _decimal_text(value: Decimal) -> str:
    if not value.is_finite():
        raise CanonicalError(f"not a finite number: {value}")
    return format(value, "f")


def _sorted_items(value: Set[object]) -> list[object]:
    return sorted((_plain(item) for item in value), key=canonical_json)


def _key(key: object) -> str:
    if isinstance(key, Enum):
        key = key.value
    if not isinstance(key, str):
        raise CanonicalError(f"key is not text: {key!r}")
    return str(key)
