"""A document for machines: chapters in order, tables as text, and the kept figures as they were counted."""

from __future__ import annotations

from typing import Any

from amends.doors.documents.parts import Shown
from amends.doors.documents.written import Written


def as_data(made: Written) -> dict[str, Any]:
    """The document as plain data, as the API and `amends report` give it."""
    return {
        "id": str(made.proceeding.pk), "number": made.proceeding.number, "document": made.name, "title": made.title,
        "code": made.document.code, "desk": made.proceeding.desk.code, "from": made.period.first.isoformat(), "to": made.period.last.isoformat(),
        "state": made.proceeding.state, "reporter": made.reporter, "version": made.version.no, "versions": len(made.versions),
        "drawn_at": made.version.at.isoformat(), "due": made.due.isoformat() if made.due else None, "late": made.is_late,
        "signatures": [
            {"title": title, "name": done[0] if done else None, "on": done[1].isoformat() if done else None} for title, done in made.signers
        ],
        "released_on": made.released[1].isoformat() if made.released else None,
        "contents": [f"{one.mark}{one.title}" for one in made.chapters],
        "chapters": [
            {"id": one.id, "title": one.title, "clause": list(one.clauses), "blocks": [_block(made, block) for block in one.blocks]}
            for one in made.chapters
        ],
    }  # fmt: skip


def _block(made: Written, block: Shown) -> dict[str, Any]:
    found: dict[str, Any] = {"title": block.title}
    if block.text is not None:
        return {**found, "text": block.text, "is_own_words": block.is_own_words, "is_edited": block.is_edited}
    table = block.table
    found |= {"mark": block.mark, "note": block.note, "kept": made.version.kept["blocks"].get(block.place, {})}
    if table is not None:
        found |= {
            "heads": [head.said for head in table.heads], "rows": [[cell.text for cell in row] for row in table.rows],
            "figures": [[cell.figure or None for cell in row] for row in table.rows], "total": [cell.text for cell in table.total],
        }  # fmt: skip
    if block.samples:
        found["samples"] = [{"about": one.about, "number": one.number, "text": one.text} for one in block.samples]
    return found
