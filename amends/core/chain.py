"""The hash chain of the ledger: how an event is sealed, and what is wrong with a chain that does not hold.

An event's hash covers the format, the chain's key, its number, the hash before it, and every stored column of the
event as text. `is_whole` walks a chain once; `diagnose` names the first bad number of one that is not whole, and the
kind. A chain alone cannot notice a cut tail or a recomputation: `listed_fault` compares it with heads that were
signed earlier.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

FORMAT = "amends-event-1"
CHECKPOINT_FORMAT = "amends-checkpoint-1"
GENESIS = "0" * 64
CHECKPOINTS = "checkpoints"
"""The name under which faults of the checkpoints themselves are reported."""


class FaultKind(StrEnum):
    """What was done to the ledger."""

    EDITED = "edited"
    MISSING = "missing"
    INSERTED = "inserted"
    SWAPPED = "swapped"
    TAIL_CUT = "tail_cut"
    WIPED = "wiped"
    FORKED = "forked"
    RECOMPUTED = "recomputed"
    OLD_COPY = "old_copy"


@dataclass(frozen=True, slots=True)
class Fault:
    """The first bad number of one chain. `seq` of a checkpoint fault is the checkpoint's number."""

    chain: str
    seq: int
    kind: FaultKind


class Link(NamedTuple):
    """One stored event, every column as the text that was hashed."""

    seq: int
    prev_hash: str
    kind: str
    at: str
    recorded_at: str
    actor: str
    payload: str
    hash: str


class Head(NamedTuple):
    """The number and hash of a chain's last event; (0, GENESIS) for an empty chain."""

    seq: int
    hash: str


def event_hash(
    key: str, seq: int, prev_hash: str, kind: str, at: str, recorded_at: str, actor: str, payload: str
) -> str:
    """Return the hex SHA-256 that seals an event into the chain `key` after `prev_hash`.

    No part may hold a line break (whoever appends refuses them, and canonical JSON has none), so the joined text can
    be read in one way only.
    """
    text = "\n".join((FORMAT, key, str(seq), prev_hash, kind, at, recorded_at, actor, payload))
    return _sha256(text)


def checkpoint_text(*, n: int, at: str, count: int, heads_digest: str, prev_hash: str, key_id: str) -> str:
    """Return the text that a checkpoint's hash and signature cover."""
    return "\n".join((CHECKPOINT_FORMAT, str(n), at, str(count), heads_digest, prev_hash, key_id))


def text_hash(text: str) -> str:
    """Return the hex SHA-256 of a text."""
    return _sha256(text)


def is_whole(key: str, links: Iterable[Link], head: Head) -> bool:
    """Whether the links, in order, are numbered without gaps, linked, unchanged, and end at `head`."""
    prev_hash, seq = GENESIS, 0
    for link in links:
        seq += 1
        if link.seq != seq or link.prev_hash != prev_hash or not _fits(key, link, link.seq):
            return False
        prev_hash = link.hash
    return (seq, prev_hash) == head


def diagnose(key: str, links: Sequence[Link], head: Head) -> Fault | None:
    """Return the first fault of a chain by its own content, or None for a whole one."""
    prev_hash = GENESIS
    for place, link in enumerate(links):
        if link.seq != place + 1 or link.prev_hash != prev_hash or not _fits(key, link, link.seq):
            seq, kind = _fault_at(key, links, place)
            return Fault(key, seq, kind)
        prev_hash = link.hash
    return _head_fault(key, Head(len(links), prev_hash), head)


def listed_fault(key: str, hashes: Sequence[str], listed: Iterable[Head]) -> Fault | None:
    """Compare a chain that is whole in itself with heads that checkpoints listed.

    `hashes[i]` is the hash of event i + 1. A recomputation is reported at the first number that no agreeing head
    vouches for; where exactly it began cannot be known from a chain that was recomputed with care.
    """
    vouched = 0
    for seq, listed_hash in sorted(listed):
        if not hashes:
            return Fault(key, 1, FaultKind.WIPED)
        if seq > len(hashes):
            return Fault(key, len(hashes) + 1, FaultKind.TAIL_CUT)
        if seq > 0 and hashes[seq - 1] != listed_hash:
            return Fault(key, vouched + 1, FaultKind.RECOMPUTED)
        vouched = seq
    return None


def _fault_at(key: str, links: Sequence[Link], place: int) -> tuple[int, FaultKind]:
    """The first fault, given that everything before `place` holds and the link there does not."""
    expected, link = place + 1, links[place]
    if link.seq < expected:
        return link.seq, FaultKind.FORKED if place else FaultKind.INSERTED
    if link.seq > expected:
        moved = any(_fits(key, other, expected) for other in links[place:])
        return expected, FaultKind.SWAPPED if moved else FaultKind.MISSING
    if _fits(key, link, expected):
        return _broken_link(links, place)
    return _wrong_hash(key, links, place)


def _broken_link(links: Sequence[Link], place: int) -> tuple[int, FaultKind]:
    """A link that is sealed for its number but does not follow the one before it."""
    seq, link = place + 1, links[place]
    earlier = {GENESIS, *(other.hash for other in links[: max(place - 1, 0)])}
    if place and link.prev_hash in earlier:
        return seq, FaultKind.FORKED
    # The one before was changed and sealed anew: what follows still names its old hash.
    return max(seq - 1, 1), FaultKind.EDITED


def _wrong_hash(key: str, links: Sequence[Link], place: int) -> tuple[int, FaultKind]:
    """A link whose seal does not fit the number it stands at."""
    seq, link = place + 1, links[place]
    seat = _seat(key, link, len(links) + 1)
    if seat is not None and seat < seq:
        return seat, FaultKind.INSERTED
    if seat is not None:
        seated_elsewhere = any(_fits(key, other, seq) for other in links[place + 1 :])
        return seq, FaultKind.SWAPPED if seated_elsewhere else FaultKind.MISSING
    if any(_content_fits(key, link, other) for other in links[place + 1 :]):
        return seq, FaultKind.SWAPPED
    if place + 1 < len(links) and _fits(key, links[place + 1], seq):
        return seq, FaultKind.INSERTED
    return seq, FaultKind.EDITED


def _head_fault(key: str, last: Head, head: Head) -> Fault | None:
    if head.seq > last.seq:
        return Fault(key, last.seq + 1, FaultKind.TAIL_CUT if last.seq else FaultKind.WIPED)
    if head.seq < last.seq:
        return Fault(key, max(head.seq, 0) + 1, FaultKind.INSERTED)
    if head.hash != last.hash:
        return Fault(key, max(last.seq, 1), FaultKind.RECOMPUTED)
    return None


def _fits(key: str, link: Link, seq: int) -> bool:
    """Whether the link's hash seals its content at number `seq`."""
    return link.hash == event_hash(
        key, seq, link.prev_hash, link.kind, link.at, link.recorded_at, link.actor, link.payload
    )


def _content_fits(key: str, content: Link, seat: Link) -> bool:
    """Whether one link's content was sealed under another link's number and hash."""
    return seat.hash == event_hash(
        key,
        seat.seq,
        seat.prev_hash,
        content.kind,
        content.at,
        content.recorded_at,
        content.actor,
        content.payload,
    )


def _seat(key: str, link: Link, highest: int) -> int | None:
    """The number under which the link was sealed, if it is one that this chain could have."""
    return next((seq for seq in range(1, highest + 1) if _fits(key, link, seq)), None)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
