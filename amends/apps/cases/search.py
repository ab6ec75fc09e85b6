"""Chinese search that misses nothing: every run of Han characters is indexed by its pairs, Latin words and digits whole."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import opencc
from django.db import connection, transaction
from django.db.models import BooleanField, F, Func, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from amends.apps.cases.models import Case, OldRecord, SearchEntry
from amends.apps.ledger.queries import texts_of

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_FIRST_HAN = "\u3400"
_RUN = re.compile(f"[{_HAN}]+|[a-z0-9]+")
SEPARATOR = "qzq"
"""Stands between texts, so that no phrase is found across two of them."""
ABOUT_THE_REPORTER = ("complainant_", "caller_")
"""How the fields begin that tell who reported."""
REBUILT_AT_ONCE = 500
_IS_HAN = re.compile(f"[{_HAN}]")


@lru_cache(maxsize=1)
def _to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def folded(text: str) -> str:
    """The text as it is compared: NFKC, lower case, simplified."""
    return str(_to_simplified().convert(unicodedata.normalize("NFKC", text).lower()))


def words_of(text: str) -> list[str]:
    """Pairs of neighbouring Han characters with the last single one, and Latin words and digits whole."""
    found: list[str] = []
    for run in _RUN.findall(folded(text)):
        if run[0] < _FIRST_HAN:
            found.append(run)
            continue
        found += [run[i : i + 2] for i in range(len(run) - 1)]
        found.append(run[-1])
    return found


def index_text(texts: Iterable[str]) -> str:
    """The words of several texts as the index keeps them."""
    return " ".join(word for text in texts for word in [*words_of(text), SEPARATOR])


def index_case(case: Case, texts: Mapping[str, str], *, was_hidden: bool, is_new: bool) -> None:
    """Make the case found by texts that were entered (by field), within the caller's transaction.

    A case that hides its reporter is not found by them: when it begins to or ends, all its words are worked out again.
    """
    if not is_new and was_hidden != case.hides_reporter:
        rebuild_words([case.pk])
        return
    words = index_text([*([case.number] if is_new else []), *findable(texts.items(), case.hides_reporter)])
    if is_new:
        SearchEntry.objects.create(case=case, words=words)
    elif words.replace(SEPARATOR, "").strip() and not _add(case, words):
        rebuild_words([case.pk])


def _add(case: Case, words: str) -> bool:
    """Add words where they lie: somebody else may be writing them anew at this moment."""
    return bool(SearchEntry.objects.filter(case=case).update(words=Concat(F("words"), Value(f" {words}"))))


def findable(texts: Iterable[tuple[str, str]], hides_reporter: bool) -> list[str]:
    """Of texts with the names of their fields, those that a case may be found by."""
    return [text for name, text in texts if not (hides_reporter and name.startswith(ABOUT_THE_REPORTER))]


MERGED_AT_ONCE = 500


def forget_old_words() -> None:
    """Take words that no case is found by any more out of the index itself, a piece at a time.

    SQLite marks them as gone until their piece of the index is merged; PostgreSQL tidies up by itself.
    """
    if connection.vendor != "sqlite":
        return
    size = -MERGED_AT_ONCE
    with connection.cursor() as cursor:
        while True:
            before = _changes(cursor)
            cursor.execute("INSERT INTO cases_search_index(cases_search_index, rank) VALUES ('merge', %s)", [size])
            # The command itself counts as one change; more than that says that something was merged.
            if _changes(cursor) - before < 2:
                return
            size = MERGED_AT_ONCE


def _changes(cursor: Any) -> int:
    cursor.execute("SELECT total_changes()")
    return int(cursor.fetchone()[0])


@transaction.atomic
def rebuild_words(keys: Sequence[uuid.UUID]) -> None:
    """Work out from the ledger what some cases are found by, and keep that instead of what was kept."""
    if connection.vendor == "postgresql":
        # Nobody adds a word between reading the ledger and writing what follows from it.
        SearchEntry.objects.filter(pk__in=keys).update(words=F("words"))
    cases = list(Case.objects.filter(pk__in=keys).only("number", "chain", "hides_reporter"))
    texts = texts_of(case.chain_id for case in cases)
    old = {case: [number] for case, number in OldRecord.objects.filter(case__in=cases).values_list("case", "number")}
    rows = [
        SearchEntry(case=case, words=index_text(
            [case.number, *old.get(case.pk, ()), *findable(texts.get(case.chain_id, ()), case.hides_reporter)]
        ))
        for case in cases
    ]  # fmt: skip
    SearchEntry.objects.bulk_create(rows, update_conflicts=True, unique_fields=["case"], update_fields=["words"])


def rebuild_search(*, progress: Callable[[int], Any]) -> int:
    """Work out the words of every case again, some at a time while others go on working; returns how many cases there were."""
    count, last = 0, None
    while True:
        cases = Case.objects.order_by("pk").values_list("pk", flat=True)
        keys = list((cases.filter(pk__gt=last) if last else cases)[:REBUILT_AT_ONCE])
        if not keys:
            return count
        rebuild_words(keys)
        count, last = count + len(keys), keys[-1]
        progress(len(keys))


def matching(cases: QuerySet[Case], query: str) -> QuerySet[Case]:
    """The cases in which every term of the query (separated by blanks) occurs as written; nothing for an empty query."""
    terms = [phrase for term in query.split()[:8] if (phrase := _phrase(term))]
    if not terms:
        return cases.none()
    if connection.vendor == "postgresql":
        found = SearchEntry.objects.extra(where=[_POSTGRES], params=[_postgres_query(terms)])  # noqa: S610
        return cases.filter(_is_among(found.values("case_id")))
    found = SearchEntry.objects.extra(where=[_SQLITE], params=[_sqlite_query(terms)])  # noqa: S610
    return cases.filter(pk__in=found.values("case_id"))


def _is_among(keys: QuerySet[SearchEntry, dict[str, Any]]) -> Func:
    """Whether a case is among keys that are asked for once.

    PostgreSQL may take `IN` for a join, and then work out the words of every case again for every other case.
    """
    return Func(
        F("pk"), Subquery(keys), template="%(expressions)s)", arg_joiner=" = ANY(ARRAY", output_field=BooleanField()
    )


def _phrase(term: str) -> list[str]:
    """The words that must stand side by side. Inside a longer run the last single character is not indexed on its own."""
    words: list[str] = []
    for run in _RUN.findall(folded(term)):
        if not _IS_HAN.match(run) or len(run) == 1:
            words.append(run)
        else:
            words += [run[i : i + 2] for i in range(len(run) - 1)]
    return words


_POSTGRES = "to_tsvector('simple', words) @@ to_tsquery('simple', %s)"
_SQLITE = "rowid IN (SELECT rowid FROM cases_search_index WHERE cases_search_index MATCH %s)"


def _is_prefix(words: list[str]) -> bool:
    """One Han character is found at the start of pairs and as the last of a run."""
    return len(words) == 1 and len(words[0]) == 1 and bool(_IS_HAN.match(words[0]))


def _postgres_query(terms: Iterable[list[str]]) -> str:
    return " & ".join(f"{words[0]}:*" if _is_prefix(words) else f"({' <-> '.join(words)})" for words in terms)


def _sqlite_query(terms: Iterable[list[str]]) -> str:
    return " AND ".join(f'"{words[0]}"*' if _is_prefix(words) else f'"{" ".join(words)}"' for words in terms)
