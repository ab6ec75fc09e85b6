"""What somebody answered to a questionnaire: read strictly, and what it means for a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from amends.core.form_data import checked_text
from amends.core.policy.surveys import Band, Question, Questionnaire
from amends.core.refusals import FieldError, InvalidData

LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Answers:
    """Scores and codes by question, and the texts that lie beside them."""

    scores: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    def is_low(self, asked: Questionnaire) -> bool:
        """Whether a score is so low that staff are told at once."""
        low = asked.low
        if low is None:
            return False
        heard = {name: score for name, score in self.scores.items() if not low.questions or name in low.questions}
        return any(score <= low.at_most for score in heard.values())


def read_answers(asked: Questionnaire, data: Mapping[str, Any]) -> Answers:
    """The answers to a questionnaire. Raises InvalidData with every fault at its question; an empty sheet is one."""
    scores: dict[str, int] = {}
    codes: dict[str, tuple[str, ...]] = {}
    texts: dict[str, str] = {}
    errors: list[FieldError] = []
    for question in asked.questions:
        try:
            _read(question, data.get(question.id), scores, codes, texts)
        except InvalidData as refusal:
            errors += refusal.errors
    if not errors and not (scores or codes or texts):
        errors.append(FieldError(f"/{asked.questions[0].id}", "nothing_answered", {}))
    if errors:
        raise InvalidData(errors)
    return Answers(scores, codes, texts)


def _read(
    question: Question, raw: Any, scores: dict[str, int], codes: dict[str, tuple[str, ...]], texts: dict[str, str]
) -> None:
    given = [one for one in (raw if isinstance(raw, list | tuple) else [raw]) if one not in (None, "")]
    if not given:
        if question.required:
            raise _fault(question, "unanswered")
    elif question.type == "score":
        scores[question.id] = _score(question, given)
    elif question.type == "text":
        texts[question.id] = checked_text(
            str(given[0]), pointer=f"/{question.id}", field=question.title.zh_hans, limit=LONGEST_TEXT
        )
    else:
        codes[question.id] = _codes(question, [str(one) for one in given])


def _score(question: Question, given: list[Any]) -> int:
    text = str(given[0])
    if len(given) != 1 or text not in [str(score) for score in range(1, question.scale + 1)]:
        raise _fault(question, "unknown_choice", value=text[:40])
    return int(text)


def _codes(question: Question, given: list[str]) -> tuple[str, ...]:
    for code in given:
        if code not in question.options:
            raise _fault(question, "unknown_choice", value=code[:40])
    if question.type == "choice" and len(given) != 1:
        raise _fault(question, "unknown_choice", value="、".join(given)[:40])
    return tuple(dict.fromkeys(given))


def _fault(question: Question, code: str, **more: Any) -> InvalidData:
    return InvalidData([FieldError(f"/{question.id}", code, {"field": question.title, **more})])


def said_on_case(asked: Questionnaire, answers: Answers) -> dict[str, Any]:
    """The form of the verb that an answer performs on its case, filled from scores and texts; empty when nothing fits."""
    found: dict[str, Any] = {}
    for name, source in (asked.on_case.fills if asked.on_case else {}).items():
        if isinstance(source, Band):
            score = answers.scores.get(source.question)
            value = source.value_of(score) if score is not None else None
        else:
            value = answers.texts.get(source)
        if value is not None:
            found[name] = value
    return found
