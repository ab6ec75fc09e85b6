"""Signed checkpoints over the chains that moved, and anchors: their signatures, kept outside the database."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from amends.apps.ledger.models import Chain, Checkpoint
from amends.apps.ledger.signing import key_id, public_hex, signing_key
from amends.core.canonical import canonical_json, utc_text
from amends.core.chain import GENESIS, checkpoint_text, text_hash

HEADS_A_CHECKPOINT = 20_000
CHAINS_A_STATEMENT = 500


class AnchorError(Exception):
    """Anchors cannot be written or read there; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What leaves the database of a checkpoint: enough to know it again, nothing personal."""

    n: int
    at: str
    count: int
    heads_digest: str
    prev_hash: str
    hash: str
    key_id: str
    public_key: str
    signature: str

    def text(self) -> str:
        """The text that was signed."""
        return checkpoint_text(
            n=self.n,
            at=self.at,
            count=self.count,
            heads_digest=self.heads_digest,
            prev_hash=self.prev_hash,
            key_id=self.key_id,
        )


def checkpoint_key() -> Ed25519PrivateKey:
    """Return this installation's signing key, made at first use."""
    return signing_key(checkpoint_key_file())


def checkpoint_key_file() -> Path:
    """Return where the signing key lies: AMENDS_CHECKPOINT_KEY, else `checkpoint_key` in the installation's folder."""
    return Path(os.environ.get("AMENDS_CHECKPOINT_KEY", "").strip() or settings.VAR_DIR / "checkpoint_key")


def make_checkpoints(now: datetime) -> list[Checkpoint]:
    """Make as many checkpoints as it takes to list every chain that moved since the last; none if none moved."""
    made = []
    while checkpoint := make_checkpoint(now):
        made.append(checkpoint)
    return made


@transaction.atomic
def make_checkpoint(now: datetime) -> Checkpoint | None:
    """Sign the heads of up to 20,000 chains that moved since they were last listed; None when no chain did.

    A chain that somebody is appending to at this moment is left for the next checkpoint.
    """
    last = Checkpoint.objects.defer("heads").order_by("-n").first()
    n = last.n + 1 if last else 1
    heads, moved = _list_moved_chains(n)
    if not heads:
        return None
    key = checkpoint_key()
    public_key = public_hex(key.public_key())
    listed = canonical_json(heads)
    values: dict[str, Any] = {
        "n": n,
        "count": (last.count if last else 0) + moved,
        "prev_hash": last.hash if last else GENESIS,
        "key_id": key_id(public_key),
    }
    text = checkpoint_text(**values, at=utc_text(now), heads_digest=text_hash(listed))
    return Checkpoint.objects.create(
        **values,
        at=now,
        heads=listed,
        hash=text_hash(text),
        public_key=public_key,
        signature=key.sign(text.encode()).hex(),
    )


def anchor_of(checkpoint: Checkpoint) -> Anchor:
    """Return the anchor of a checkpoint as it is stored now."""
    return Anchor(
        n=checkpoint.n,
        at=utc_text(checkpoint.at),
        count=checkpoint.count,
        heads_digest=text_hash(checkpoint.heads),
        prev_hash=checkpoint.prev_hash,
        hash=checkpoint.hash,
        key_id=checkpoint.key_id,
        public_key=checkpoint.public_key,
        signature=checkpoint.signature,
    )


def send_anchors(url: str) -> list[Anchor]:
    """Append the anchors that the place does not have yet, and return them once they are on its disk.

    Refuses (`AnchorError`) a scheme other than file, and a place that cannot be written.
    """
    file = anchor_file(url)
    known = max((anchor.n for anchor in read_anchors(file)), default=0) if file.exists() else 0
    checkpoints = Checkpoint.objects.filter(n__gt=known).order_by("n").iterator(chunk_size=1)
    anchors = [anchor_of(checkpoint) for checkpoint in checkpoints]
    if anchors:
        try:
            _append_durably(file, anchors)
        except OSError as error:
            raise AnchorError(f"{file}: {error.strerror}.") from error
    return anchors


def anchor_file(url: str) -> Path:
    """Return the file that a file URL names; a folder keeps them in `anchors.jsonl`."""
    parts = urlsplit(url)
    if parts.scheme != "file" or not parts.path:
        raise AnchorError("Anchors leave to a file address, such as file:///mnt/elsewhere/anchors.jsonl.")
    path = Path(unquote(parts.path))
    return path / "anchors.jsonl" if parts.path.endswith("/") or path.is_dir() else path


def read_anchors(file: Path) -> list[Anchor]:
    """Return the anchors of a file. Refuses (`AnchorError`) what cannot be read; a torn last line is passed over."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError) as error:
        raise AnchorError(f"{file} cannot be read as anchors.") from error
    return list(_anchors(file, lines))


def _anchors(file: Path, lines: list[str]) -> Iterator[Anchor]:
    for number, line in enumerate(lines, start=1):
        try:
            yield Anchor(**json.loads(line))
        except (ValueError, TypeError) as error:
            if number == len(lines) and not line.endswith("\n"):
                return
            raise AnchorError(f"{file}, line {number}: not an anchor.") from error


def _append_durably(file: Path, anchors: Iterable[Anchor]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as stream:
        stream.seek(_end_of_last_line(stream.read()))
        stream.truncate()
        for anchor in anchors:
            stream.write((json.dumps(asdict(anchor)) + "\n").encode())
        stream.flush()
        os.fsync(stream.fileno())
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _end_of_last_line(content: bytes) -> int:
    return content.rfind(b"\n") + 1


def _list_moved_chains(n: int) -> tuple[list[tuple[str, int, str]], int]:
    """Mark moved chains as listed in checkpoint `n`; return their heads, and how many events are newly listed."""
    moved = Chain.objects.filter(head_seq__gt=F("listed_seq")).order_by("id")
    if connection.features.has_select_for_update_skip_locked:
        moved = moved.select_for_update(skip_locked=True)
    chosen = list(moved.values_list("pk", "head_seq", "listed_seq")[:HEADS_A_CHECKPOINT])
    for start in range(0, len(chosen), CHAINS_A_STATEMENT):
        batch = [pk for pk, _, _ in chosen[start : start + CHAINS_A_STATEMENT]]
        Chain.objects.filter(pk__in=batch).update(listed_seq=F("head_seq"), listed_in=n)
    heads = Chain.objects.filter(listed_in=n).order_by("key").values_list("key", "head_seq", "head_hash")
    return list(heads), sum(head_seq - listed_seq for _, head_seq, listed_seq in chosen)
