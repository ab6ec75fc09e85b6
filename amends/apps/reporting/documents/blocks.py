"""What a document keeps: its blocks in order, the texts that say their figures, and the cases behind them."""

from __future__ import annotations

from functools import partial
from typing import Any

from amends.apps.reporting.documents.case_lists import list_of_cases
from amends.apps.reporting.documents.counting import counted
from amends.apps.reporting.documents.indicators import by_group, by_month, line_of, scores
from amends.apps.reporting.documents.records import records
from amends.apps.reporting.documents.sentences import said
from amends.apps.reporting.documents.taking import Taking
from amends.core.documents import filled_in
from amends.core.policy.documents import Block


def taken(name: str, taking: Taking) -> dict[str, Any]:
    """Everything that the document of that name keeps of its period."""
    blocks = {place: _block(taking, block) for place, block in taking.document.blocks()}
    texts = {
        block.text: filled_in(block.says.zh_hans, partial(said, taking)).strip()
        for _, block in taking.document.blocks()
        if block.text and block.says
    }
    return {
        "document": name, "version": taking.pack.version, "from": taking.period.first.isoformat(), "to": taking.period.last.isoformat(),
        "blocks": {place: found for place, found in blocks.items() if found}, "texts": texts, "cases": [str(key) for key in taking.places],
    }  # fmt: skip


def _block(taking: Taking, block: Block) -> dict[str, Any]:
    if block.indicators:
        return by_group(taking, block) if block.by else {"lines": [line_of(taking, name) for name in block.indicators]}
    if block.counts:
        return counted(taking, block)
    if block.cases:
        return list_of_cases(taking, block)
    if block.records and block.which != "started":
        return records(taking, block)
    if block.chart:
        return by_month(taking, block)
    return scores(taking) if block.scores else {}
