"""Whether the ledger is whole: chains, texts beside them, checkpoints and, where given, anchors from outside.

Rows are read as the database holds them, without the model layer: a value that was tampered into something
unreadable is a finding, not a crash.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from amends.apps.ledger.checkpoints import Anchor
from amends.apps.ledger.signing import is_signed, key_id
from amends.core.canonical import digest
from amends.core.chain import (
    CHECKPOINTS,
    GENESIS,
    Fault,
    FaultKind,
    Head,
    Link,
    diagnose,
    is_whole,
    listed_fault,
    text_hash,
)

FAULT_SKIPS_CHECKPOINTS = "audit_skips_checkpoints"
ROWS_A_FETCH = 2000
LOOKUPS_A_QUERY = 400

_EVENT_COLUMNS = "e.seq, e.prev_hash, e.kind, e.at, e.recorded_at, e.actor, e.payload, e.hash"
_CHAIN_ROWS = (
    f"SELECT c.id, c.key, c.head_seq, c.head_hash, {_EVENT_COLUMNS} "  # noqa: S608
    "FROM ledger_chain c LEFT JOIN ledger_event e ON e.chain_id = c.id {where} ORDER BY c.id, e.seq"
)
_HASHES_AT = (
    "SELECT c.key, e.hash FROM ledger_chain c JOIN ledger_event e ON e.chain_id = c.id AND e.seq = %s WHERE c.key IN"
)
_DETAIL_ROWS = "SELECT chain_id, seq, field, salt, text, erased_at FROM ledger_detail ORDER BY chain_id, seq, field"
_CHECKPOINT_ROWS = (
    "SELECT n, at, count, heads, prev_hash, hash, key_id, public_key, signature FROM ledger_checkpoint ORDER BY n"
)


class State(StrEnum):
    """What verification can say."""

    WHOLE = "whole"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Report:
    """What was read and what was found. `doubts` say why a ledger without faults cannot be called whole."""

    chains: int = 0
    events: int = 0
    details: int = 0
    checkpoints: int = 0
    anchors: int = 0
    faults: list[Fault] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def state(self) -> State:
        if self.faults:
            return State.BROKEN
        return State.UNKNOWN if self.doubts else State.WHOLE


Progress = Callable[[int], object]


def verify(*, trusted_keys: set[str], anchors: Sequence[Anchor] = (), progress: Progress = lambda rows: None) -> Report:
    """Read the whole ledger once and report every chain's first fault.

    `trusted_keys` are public keys (hex) known from outside the database. `progress` is told of rows as they are read.
    """
    report = Report(anchors=len(anchors))
    with _one_moment():
        _verify_chains(report, progress)
        if FAULT_SKIPS_CHECKPOINTS not in settings.PLANTED_FAULTS:
            _verify_checkpoints(report, trusted_keys, anchors)
    return report


@contextmanager
def _one_moment() -> Iterator[None]:
    """Everything is read as of one moment, while others go on appending."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            _run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            _run("SET LOCAL statement_timeout = 0")
            yield
    else:
        # `atomic` would take the write lock; a reader of SQLite needs none.
        _run("BEGIN DEFERRED")
        try:
            yield
        finally:
            _run("ROLLBACK")


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _verify_chains(report: Report, progress: Progress) -> None:
    details = _DetailReader(_rows(_DETAIL_ROWS))
    stored = groupby(_rows(_CHAIN_ROWS.format(where="")), itemgetter(0, 1, 2, 3))
    for (chain_id, key, head_seq, head_hash), rows in stored:
        report.chains += 1
        head = Head(_number(head_seq), _text(head_hash))
        walk = _Walk(rows, details=details, chain_id=chain_id)
        if not is_whole(key, walk.links(), head):
            fault = diagnose(key, _links_of(chain_id), head)
            report.faults += [fault] if fault else []
            walk.skip_rest()
        elif walk.wrong_detail:
            report.faults.append(Fault(key, *walk.wrong_detail))
        report.events += walk.count
        progress(walk.count)
    report.details = details.count
    report.faults += [Fault("", seq, FaultKind.INSERTED) for seq in [*_orphans(), *details.without_event()]]


class _Walk:
    """The rows of one chain, each compared with its texts while it passes."""

    def __init__(self, rows: Iterator[Sequence[Any]], *, details: "_DetailReader", chain_id: int) -> None:
        self.rows = rows
        self.details = details
        self.chain_id = chain_id
        self.count = 0
        self.wrong_detail: tuple[int, FaultKind] | None = None

    def links(self) -> Iterator[Link]:
        for row in self.rows:
            if row[4] is None:
                return
            self.count += 1
            link = _link(row[4:])
            texts = self.details.of(self.chain_id, link.seq)
            if (texts or '"digest"' in link.payload) and not self.wrong_detail:
                kind = _wrong_detail(link.payload, texts)
                self.wrong_detail = (link.seq, kind) if kind else None
            yield link

    def skip_rest(self) -> None:
        for _ in self.links():
            pass


class _DetailReader:
    """Details in the order of events, read along with them."""

    def __init__(self, rows: Iterator[Sequence[Any]]) -> None:
        self.groups = groupby(rows, lambda row: (row[0], _number(row[1])))
        self.count = 0
        self.strays: list[int] = []
        self.place: tuple[int, int] | None = None
        self.texts: list[Sequence[Any]] = []
        self._read()

    def of(self, chain_id: int, seq: int) -> list[Sequence[Any]]:
        """The texts of an event. Events are asked for in order; texts passed over have none."""
        while self.place is not None and self.place < (chain_id, seq):
            self.strays.append(self.place[1])
            self._read()
        if self.place != (chain_id, seq):
            return []
        texts = self.texts
        self._read()
        return texts

    def without_event(self) -> list[int]:
        """The number of the first text whose event does not exist, if there is any."""
        while self.place is not None:
            self.strays.append(self.place[1])
            self._read()
        return self.strays[:1]

    def _read(self) -> None:
        self.place, group = next(self.groups, (None, iter(())))
        self.texts = list(group)
        self.count += len(self.texts)


def _wrong_detail(payload: str, texts: Sequence[Sequence[Any]]) -> FaultKind | None:
    """Compare the texts beside an event with the digests in it. An erased text has nothing left to compare."""
    digests = _digests(payload)
    for _, _, name, salt, text, erased_at in texts:
        expected = digests.pop(name, None)
        if expected is None:
            return FaultKind.INSERTED
        emptied = erased_at is not None and text == "" and salt == ""
        if not emptied and digest(_text(text), _text(salt)) != expected:
            return FaultKind.EDITED
    return FaultKind.MISSING if digests else None


def _digests(payload: str) -> dict[str, str]:
    try:
        data = json.loads(payload)
    except ValueError:
        return {}
    if not isinstance(data, dict):
        return {}
    return {
        name: value["digest"] for name, value in data.items() if isinstance(value, dict) and value.keys() == {"digest"}
    }


def _orphans() -> list[int]:
    """The number of one event whose chain does not exist, if there is any."""
    query = (
        "SELECT e.seq FROM ledger_event e LEFT JOIN ledger_chain c ON c.id = e.chain_id "
        "WHERE c.id IS NULL ORDER BY e.chain_id, e.seq LIMIT 1"
    )
    return [_number(seq) for (seq,) in _rows(query)]


def _verify_checkpoints(report: Report, trusted_keys: set[str], anchors: Sequence[Anchor]) -> None:
    anchored = {anchor.n: anchor for anchor in anchors}
    trusted = trusted_keys or {anchor.public_key for anchor in anchors}
    broken = {fault.chain for fault in report.faults}
    prev_hash, count = GENESIS, 0
    for row in _rows(_CHECKPOINT_ROWS):
        report.checkpoints += 1
        stored, heads = _stored_anchor(row)
        kind = _checkpoint_fault(stored, report.checkpoints, prev_hash, trusted, anchored.get(stored.n))
        if kind:
            report.faults.append(Fault(CHECKPOINTS, report.checkpoints, kind))
            return
        report.faults += _listed_faults(heads, broken)
        prev_hash, count = stored.hash, stored.count
    report.faults += _cut_checkpoints(report, anchors, count)
    if report.checkpoints and not trusted:
        report.doubts.append("No public key is known from outside the database, so nobody can tell who signed.")


def _checkpoint_fault(
    stored: Anchor, expected: int, prev_hash: str, trusted: set[str], anchored: Anchor | None
) -> FaultKind | None:
    if stored.n != expected:
        return FaultKind.MISSING if stored.n > expected else FaultKind.INSERTED
    if anchored is not None and anchored.hash != stored.hash:
        return FaultKind.RECOMPUTED
    sealed = text_hash(stored.text()) == stored.hash and key_id(stored.public_key) == stored.key_id
    if not sealed or stored.prev_hash != prev_hash:
        return FaultKind.EDITED
    if trusted and stored.public_key not in trusted:
        return FaultKind.RECOMPUTED
    if not is_signed(stored.text(), signature=stored.signature, public_key=stored.public_key):
        return FaultKind.RECOMPUTED
    return None


def _cut_checkpoints(report: Report, anchors: Sequence[Anchor], count: int) -> list[Fault]:
    """Checkpoints that anchors, or the chains themselves, know of and the table does not have."""
    last = max(anchors, default=None, key=lambda anchor: anchor.n)
    listed_in = next(_rows("SELECT max(listed_in) FROM ledger_chain"))[0] or 0
    if report.checkpoints >= max(listed_in, last.n if last else 0):
        return []
    if last is None or report.events >= last.count:
        kind = FaultKind.TAIL_CUT if report.checkpoints else FaultKind.WIPED
    else:
        kind = FaultKind.OLD_COPY if report.checkpoints or report.events else FaultKind.WIPED
    return [Fault(CHECKPOINTS, report.checkpoints + 1, kind)]


def _listed_faults(heads: Sequence[Any], broken: set[str]) -> Iterator[Fault]:
    """Chains whose events are not those that a checkpoint listed; each chain is reported once."""
    for start in range(0, len(heads), LOOKUPS_A_QUERY):
        batch = {key: Head(seq, listed) for key, seq, listed in heads[start : start + LOOKUPS_A_QUERY]}
        stored = _hashes_at(batch)
        for key, head in batch.items():
            if stored.get(key) == head.hash or key in broken:
                continue
            broken.add(key)
            fault = listed_fault(key, _hashes_of(key), _listed_heads(key))
            yield fault or Fault(key, head.seq, FaultKind.RECOMPUTED)


def _hashes_at(heads: dict[str, Head]) -> dict[str, str]:
    by_seq: dict[int, list[str]] = defaultdict(list)
    for key, head in heads.items():
        by_seq[head.seq].append(key)
    found: dict[str, str] = {}
    for seq, keys in by_seq.items():
        places = ", ".join(["%s"] * len(keys))
        rows = _rows(f"{_HASHES_AT} ({places})", [seq, *keys])
        found.update((key, _text(stored)) for key, stored in rows)
    return found


def _hashes_of(key: str) -> list[str]:
    query = "SELECT e.hash FROM ledger_event e JOIN ledger_chain c ON c.id = e.chain_id WHERE c.key = %s ORDER BY e.seq"
    return [_text(stored) for (stored,) in _rows(query, [key])]


def _listed_heads(key: str) -> list[Head]:
    """Every head that any checkpoint lists for a chain: read only for a chain that is not as listed."""
    query = "SELECT heads FROM ledger_checkpoint ORDER BY n"
    return [Head(seq, listed) for (heads,) in _rows(query) for name, seq, listed in _heads(heads) if name == key]


def _stored_anchor(row: Sequence[Any]) -> tuple[Anchor, list[Any]]:
    n, at, count, heads, prev_hash, stored_hash, name, public_key, signature = row
    stored = Anchor(
        n=_number(n),
        at=_moment(at),
        count=_number(count),
        heads_digest=text_hash(_text(heads)),
        prev_hash=_text(prev_hash),
        hash=_text(stored_hash),
        key_id=_text(name),
        public_key=_hex(public_key),
        signature=_text(signature),
    )
    return stored, _heads(heads)


def _heads(heads: object) -> list[Any]:
    try:
        return list(json.loads(_text(heads)))
    except ValueError:
        return []


def _links_of(chain_id: int) -> list[Link]:
    rows = _rows(_CHAIN_ROWS.format(where="WHERE c.id = %s"), [chain_id])
    return [_link(row[4:]) for row in rows if row[4] is not None]


def _link(row: Sequence[Any]) -> Link:
    seq, prev_hash, kind, at, recorded_at, actor, payload, stored_hash = row
    return Link(
        _number(seq),
        _text(prev_hash),
        _text(kind),
        _moment(at),
        _moment(recorded_at),
        _text(actor),
        _text(payload),
        _text(stored_hash),
    )


def _moment(value: object) -> str:
    """A stored time as the text that was hashed. SQLite keeps it as `2026-03-01 02:03:04.000567`, in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    text = _text(value)
    return f"{text[:10]}T{text[11:]}Z" if text[10:11] == " " else text


def _text(value: object) -> str:
    return value if isinstance(value, str) else repr(value)


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


def _hex(value: object) -> str:
    try:
        return bytes.fromhex(_text(value)).hex()
    except ValueError:
        return ""


def _rows(query: str, params: Iterable[Any] = ()) -> Iterator[Sequence[Any]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, list(params))
        while rows := cursor.fetchmany(ROWS_A_FETCH):
            yield from rows
