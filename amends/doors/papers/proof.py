"""The proof that lies in a package: the chain of the case as it was hashed, its checkpoint, and how to check both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amends.apps.cases.timeline import reporter_is_hidden
from amends.apps.ledger.checkpoints import anchor_of
from amends.apps.ledger.models import Checkpoint, Event
from amends.apps.ledger.queries import events_of
from amends.apps.ledger.signing import public_pem
from amends.core.canonical import canonical_json, utc_text
from amends.doors.papers.casefile import CaseFile

HERE = Path(__file__).resolve().parent


def proof_of(file: CaseFile, *, made_at: str) -> dict[str, bytes]:
    """The files of the folder 核对 by name. Events that the viewer may not read are given by their hashes alone."""
    chain = file.case.chain
    lines = [canonical_json(_event(event, is_hidden=_is_hidden(file, event))) for event in events_of(chain)]
    about = {
        "key": chain.key, "head_seq": chain.head_seq, "head_hash": chain.head_hash, "listed_seq": chain.listed_seq,
        "listed_in": chain.listed_in, "number": file.case.number,
    }  # fmt: skip
    checkpoint = Checkpoint.objects.filter(n=chain.listed_in).first() if chain.listed_in else None
    found = {
        "核对/事件.jsonl": "".join(f"{line}\n" for line in lines).encode(),
        "核对/事件链.json": canonical_json(about).encode(),
        "核对/核对.py": (HERE / "verify_sheet.py").read_bytes(),
        "说明.txt": _notes(file, checkpoint, made_at=made_at).encode(),
    }
    return found | (_checkpoint_files(checkpoint) if checkpoint else {})


def _event(event: Event, *, is_hidden: bool) -> dict[str, Any]:
    seen = {"seq": event.seq, "prev_hash": event.prev_hash, "hash": event.hash}
    if is_hidden:
        return seen
    return seen | {
        "kind": event.kind, "at": utc_text(event.at), "recorded_at": utc_text(event.recorded_at), "actor": event.actor,
        "payload": event.payload,
    }  # fmt: skip


def _is_hidden(file: CaseFile, event: Event) -> bool:
    """Whether the event holds what the viewer may not read: who reported, or values for other roles only."""
    if reporter_is_hidden(file.case, file.pack, file.actor.roles):
        return True
    return any(_is_for_others(file, name) for name in _names_in(event.data))


def _names_in(data: Mapping[str, Any]) -> set[str]:
    added = data.get("add", {}).get("item", {})
    return {*data.get("set", {}), *data.get("rows", {}), *data.get("graded", {}), *added}


def _is_for_others(file: CaseFile, name: str) -> bool:
    definitions = [f for form in file.pack.forms.values() for f in form.fields if f.id == name or f.axis == name]
    return any(not one.is_seen_by(file.actor.roles) for f in definitions for one in (f, *f.fields))


def _checkpoint_files(checkpoint: Checkpoint) -> dict[str, bytes]:
    anchor = anchor_of(checkpoint)
    content = {
        "n": anchor.n, "at": anchor.at, "count": anchor.count, "heads": checkpoint.heads, "prev_hash": anchor.prev_hash,
        "hash": anchor.hash, "key_id": anchor.key_id, "public_key": anchor.public_key, "signature": anchor.signature,
    }  # fmt: skip
    return {
        "核对/存证点.json": json.dumps(content, ensure_ascii=False, sort_keys=True).encode(),
        "核对/存证点.txt": anchor.text().encode(),
        "核对/存证点.sig": bytes.fromhex(anchor.signature),
        "核对/公钥.pem": public_pem([anchor.public_key]).encode(),
    }


def _notes(file: CaseFile, checkpoint: Checkpoint | None, *, made_at: str) -> str:
    left = file.case.chain.head_seq - file.case.chain.listed_seq
    sealing = "" if not left else f"最近 {left} 条事件尚未进入存证点，存证点每小时产生一次。"
    template = (HERE / "bundle_notes.txt").read_text(encoding="utf-8")
    return template % {
        "number": file.case.number,
        "made_at": made_at,
        "privacy": "含完整个人信息，注意保管" if file.in_full else "已隐去",
        "key_id": checkpoint.key_id if checkpoint else "—",
        "sealing": sealing,
    }
