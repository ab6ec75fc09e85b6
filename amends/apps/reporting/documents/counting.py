"""What was counted by kinds of cases, with typical cases in their own words and without anybody's name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from amends.apps.cases.models import Case
from amends.apps.ledger.queries import texts_of
from amends.apps.reporting.documents.taking import Taking
from amends.apps.reporting.figures import DIMENSIONS, cases_behind
from amends.apps.reporting.models import CaseFact
from amends.core.indicators import rounded
from amends.core.masking import anonymous
from amends.core.periods import Period
from amends.core.policy.documents import Block

SAMPLE_LENGTH = 160


def counted(taking: Taking, block: Block) -> dict[str, Any]:
    """The cases of every value of a dimension or a scheme, with their share, beside the last period; what came up only then is told too."""
    by = block.counts or ""
    question = taking.question(block.of)
    found: dict[Any, list[Any]] = {value: [] for value in block.always}
    for value, key in _valued(taking, block.of, by, taking.period):
        found.setdefault(value, []).append(key)
    total = cases_behind(taking.reader, question, part="counted").count()
    earlier = taking.period.before()
    before = Counter(value for value, _ in _valued(taking, block.of, by, earlier))
    for value in before:
        found.setdefault(value, [])
    names = taking.names(by, found)
    samples = _samples(taking, found, block.samples)
    lines = [
        {
            "key": value, "name": names.get(value, ""), "count": len(keys), "before": before[value], "all": taking.noted(keys),
            "share": str(rounded(Fraction(100 * len(keys), total), 1)) if total else None, "samples": samples.get(value, []),
        }
        for value, keys in found.items()
    ]  # fmt: skip
    lines.sort(key=lambda line: (line["key"] in (None, ""), -line["count"], str(line["name"] or line["key"])))
    taking.counts.setdefault(by, (lines, total))
    total_before = cases_behind(taking.reader, taking.question(block.of, earlier), part="counted").count()
    return {"by": by, "of": block.of, "total": total, "total_before": total_before, "lines": lines}


def _valued(taking: Taking, of: str | None, by: str, period: Period) -> Iterator[tuple[Any, Any]]:
    """Every case that is counted with its value, one with several values of a scheme under each; in the order of receipt."""
    rows = cases_behind(taking.reader, taking.question(of, period), part="counted").order_by("received_at", "case_id")
    if by in DIMENSIONS:
        for key, value in rows.values_list("case_id", DIMENSIONS[by]):
            yield value, key
        return
    fields = [f.id for f in taking.pack.fields.values() if f.scheme == by]
    for key, facts in rows.values_list("case_id", "case__facts"):
        values = json.loads(facts)["values"]
        chosen = next((values[name] for name in fields if values.get(name)), "")
        for value in chosen if isinstance(chosen, list) else [chosen]:
            yield value, key


def _samples(taking: Taking, found: Mapping[Any, Sequence[Any]], count: int) -> dict[Any, list[dict[str, str]]]:
    """The first cases of every value that are open to all readers, in what was told, without anybody's name."""
    if not count:
        return {}
    wanted = {value: keys[: count + 4] for value, keys in found.items()}
    open_ones = CaseFact.objects.filter(case__in=[key for keys in wanted.values() for key in keys], restricted=False)
    cases = (
        Case.objects.filter(figures__in=open_ones).select_related("complainant", "accused_person", "handler").in_bulk()
    )
    texts = texts_of(case.chain_id for case in cases.values())
    chosen = {value: [cases[key] for key in keys if key in cases][:count] for value, keys in wanted.items()}
    return {
        value: [{"number": case.number, "text": _sample(taking, case, texts.get(case.chain_id, []))} for case in some]
        for value, some in chosen.items()
    }


def _sample(taking: Taking, case: Case, texts: Sequence[tuple[str, str]]) -> str:
    kinds = {name: f.personal for name, f in taking.pack.fields.items()}
    said = [text for name, text in texts if kinds.get(name) not in (None, "content") and len(text) <= 200]
    said += [one.name for one in (case.complainant, case.accused_person, case.handler) if one is not None]
    told = next((text for name, text in texts if name == "description"), "") or case.subject
    plain = " ".join(anonymous(told, said).split())
    return plain if len(plain) <= SAMPLE_LENGTH else f"{plain[:SAMPLE_LENGTH]}…"
