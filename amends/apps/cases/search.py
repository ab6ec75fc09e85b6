"""Chinese search that misses nothing: every run of Han characters is indexed by its pairs, Latin words and digits whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import opencc
from django.db import connection
from django.db.models import QuerySet

from amends.apps.cases.models import Case, SearchEntry

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_FIRST_HAN = "\u3400"
_RUN = re.compile(f"[{_HAN}]+|[a-z0-9]+")
SEPARATOR = "qzq"
"""Stands between texts, so that no phrase is found across two of them."""
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


def index_case(case: Case, texts: Iterable[str], *, is_new: bool) -> None:
    """Add the words of `texts` to those the case is found by, within the caller's transaction."""
    words = index_text(texts)
    if is_new:
        SearchEntry.objects.create(case=case, words=words)
        return
    if not words.replace(SEPARATOR, "").strip():
        return
    entry = SearchEntry.objects.filter(case=case).first()
    if entry is None:
        SearchEntry.objects.create(case=case, words=words)
        return
    entry.words = f"{entry.words} {words}"
    entry.save(update_fields=["words"])


def matching(cases: QuerySet[Case], query: str) -> QuerySet[Case]:
    """The cases in which every term of the query (separated by blanks) occurs as written; nothing for an empty query."""
    terms = [phrase for term in query.split()[:8] if (phrase := _phrase(term))]
    if not terms:
        return cases.none()
    for term in terms:
        cases = cases.filter(pk__in=_ids_with(term))
    return cases


def _phrase(term: str) -> list[str]:
    """The words that must stand side by side. Inside a longer run the last single character is not indexed on its own."""
    words: list[str] = []
    for run in _RUN.findall(folded(term)):
        if not _IS_HAN.match(run) or len(run) == 1:
            words.append(run)
        else:
            words += [run[i : i + 2] for i in range(len(run) - 1)]
    return words


def _ids_with(words: list[str]) -> QuerySet[SearchEntry, dict[str, Any]]:
    entries = SearchEntry.objects.all()
    if connection.vendor == "postgresql":
        return entries.extra(where=[_POSTGRES], params=[_postgres_query(words)]).values("case_id")  # noqa: S610
    return entries.extra(where=[_SQLITE], params=[_sqlite_query(words)]).values("case_id")  # noqa: S610


_POSTGRES = "to_tsvector('simple', words) @@ to_tsquery('simple', %s)"
_SQLITE = "rowid IN (SELECT rowid FROM cases_search_index WHERE cases_search_index MATCH %s)"


def _is_prefix(words: list[str]) -> bool:
    """One Han character is found at the start of pairs and as the last of a run."""
    return len(words) == 1 and len(words[0]) == 1 and bool(_IS_HAN.match(words[0]))


def _postgres_query(words: list[str]) -> str:
    if _is_prefix(words):
        return f"{words[0]}:*"
    return " <-> ".join(words)


def _sqlite_query(words: list[str]) -> str:
    if _is_prefix(words):
        return f'"{words[0]}"*'
    return '"' + " ".join(words) + '"'
