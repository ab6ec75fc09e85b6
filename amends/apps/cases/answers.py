"""Earlier answers of a desk to questions that are alike, without anything of those who asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.library import personal_fields
from amends.apps.cases.proceedings.queries import visible_proceedings
from amends.apps.cases.queries import Viewer, seen_as_task, visible_to
from amends.apps.cases.search import words_of
from amends.apps.ledger.models import Detail, Event
from amends.apps.ledger.queries import latest_texts, texts_of
from amends.apps.people.models import ContactPoint
from amends.apps.policies.models import Desk
from amends.core.anonymous import without_personal
from amends.core.chinese_names import forms_of_address
from amends.core.likeness import likeness
from amends.core.policy.care import Answers
from amends.core.policy.pack import Pack

LOOKED_AT = 200
"""So many of the latest answers of each rule are compared: what is older was answered under other products and prices."""
MOST_OFFERED = 3
LEAST_ALIKE = 0.15
"""Below this share of common words a text of the same desk is alike by chance."""
SAME_TOPIC = 0.25
"""What the same topic counts: it is enough alone, and decides between questions in much the same words."""
LONGEST_COMPARED = 2000

Row = Case | Proceeding


@dataclass(frozen=True, slots=True)
class Question:
    """What is being answered: its words, what it is about first; its topic if known; and the case that is itself no earlier one."""

    texts: tuple[str, ...]
    topic: str = ""
    case: Case | None = None

    @property
    def is_empty(self) -> bool:
        return not self.topic and not any(text.strip() for text in self.texts)


@dataclass(frozen=True, slots=True)
class EarlierAnswer:
    """An answer that was given before: the case or proceeding, its question and answer without personal data."""

    row: Row
    question: str
    answer: str
    at: datetime

    @property
    def is_case(self) -> bool:
        return isinstance(self.row, Case)


def question_on(case: Case, rule: Answers, facts: Mapping[str, Any]) -> Question:
    """The question that a case asks by a rule. One query."""
    texts = latest_texts([case.chain_id], rule.question)
    asked = tuple(texts.get((case.chain_id, name), "") for name in rule.question)
    return Question(asked, _coded(facts, rule.topic), case)


def earlier_answers(viewer: Viewer, desk: Desk, pack: Pack, question: Question) -> list[EarlierAnswer]:
    """The best few answers of the desk to questions alike, of cases and proceedings that the viewer may see in fields they may read.

    Those that hide who reported or are kept to a circle are left out. The number of queries does not depend on that of answers.
    Source: SVC-2.1d
    """
    roles = frozenset(holding.role for holding in viewer.caller(desk, pack).holdings)
    found: list[tuple[float, datetime, Row, Answers]] = []
    for rule in pack.head.care.answers:
        if _may_read(pack, rule, roles):
            found += _alike(rule, question, _answered(viewer, desk, pack, rule, question))
    found.sort(key=lambda one: (one[0], one[1]), reverse=True)
    return _told(pack, [(row, rule) for _, _, row, rule in found[:MOST_OFFERED]])


def _may_read(pack: Pack, rule: Answers, roles: frozenset[str]) -> bool:
    fields = (pack.fields[name] for name in (rule.field, *rule.question))
    return all(not f.seen_by or set(f.seen_by) & roles for f in fields)


def _answered(viewer: Viewer, desk: Desk, pack: Pack, rule: Answers, question: Question) -> list[Row]:
    """The latest cases or proceedings in which an answer of the rule stands; one query besides what the viewer may see."""
    if rule.of is None:
        cases = visible_to(viewer, on=desk.pk).exclude(seen_as_task(pack, viewer.person))
        open_ones = cases.filter(restricted_to="", hides_reporter=False).filter(_has_answer(rule))
        if question.case is not None:
            open_ones = open_ones.exclude(pk=question.case.pk)
        return list(open_ones.select_related("complainant").order_by("-received_at", "id")[:LOOKED_AT])
    kept = visible_proceedings(viewer).filter(desk=desk, kind=rule.of, seen_by="").filter(_has_answer(rule))
    return list(kept.order_by("-begun_at", "id")[:LOOKED_AT])


def _has_answer(rule: Answers) -> Exists:
    given = Event.objects.filter(chain=OuterRef("chain"), seq=OuterRef("seq"), kind__in=rule.verbs)
    return Exists(
        Detail.objects.filter(chain=OuterRef("chain"), field=rule.field, erased_at=None).filter(Exists(given))
    )


def _alike(rule: Answers, question: Question, rows: list[Row]) -> list[tuple[float, datetime, Row, Answers]]:
    """Rows whose question has the topic of the one asked, or enough of its words; one query."""
    texts = latest_texts([row.chain_id for row in rows], rule.question)
    told = {row.chain_id: _words(texts.get((row.chain_id, name), "") for name in rule.question) for row in rows}
    shares = _shares(question, told)
    found = []
    for row in rows:
        topic = _coded(json.loads(row.facts).get("values", {}), rule.topic)
        score = shares.get(row.chain_id, 0.0) + (SAME_TOPIC if topic and topic == question.topic else 0.0)
        if score >= LEAST_ALIKE:
            found.append((score, row.received_at if isinstance(row, Case) else row.begun_at, row, rule))
    return found


def _shares(question: Question, told: Mapping[int, set[str]]) -> dict[int, float]:
    """How alike each text is: what the question is about counts as much as everything that was told with it."""
    whole, gist = likeness(_words(question.texts), told), _words(question.texts[:1])
    if not gist:
        return whole
    about = likeness(gist, told)
    return {key: (share + about.get(key, 0.0)) / 2 for key, share in whole.items()}


def _words(texts: Iterable[str]) -> set[str]:
    """The words that are compared: pairs of characters and whole words, without what stands alone."""
    return {word for text in texts for word in words_of(text[:LONGEST_COMPARED]) if len(word) > 1}


def _coded(values: Mapping[str, Any], name: str | None) -> str:
    value = values.get(name or "")
    found = value[0] if isinstance(value, list) and value else value
    return found if isinstance(found, str) else ""


def _told(pack: Pack, chosen: list[tuple[Row, Answers]]) -> list[EarlierAnswer]:
    """Question and answer in words, what is known of those who asked taken out; two queries."""
    texts = texts_of(row.chain_id for row, _ in chosen)
    asked_by = {row.complainant_id for row, _ in chosen if isinstance(row, Case) and row.complainant_id}
    points: dict[int, set[str]] = {}
    for owner, value in ContactPoint.objects.filter(complainant__in=asked_by).values_list("complainant", "value"):
        points.setdefault(owner, set()).add(value)
    personal = personal_fields(pack)
    found = []
    for row, rule in chosen:
        said = texts.get(row.chain_id, [])
        known = {text for name, text in said if name.rpartition(".")[2] in personal}
        if isinstance(row, Case) and row.complainant is not None:
            known |= {row.complainant.name} | points.get(row.complainant.pk, set())
        known |= {called for name in known for called in forms_of_address(name)}
        latest = dict(said)
        question = "\n".join(text for name in rule.question if (text := latest.get(name)))
        at = row.received_at if isinstance(row, Case) else row.begun_at
        found.append(
            EarlierAnswer(row, without_personal(question, known), without_personal(latest[rule.field], known), at)
        )
    return found
