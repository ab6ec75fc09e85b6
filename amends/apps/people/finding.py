"""Finding people: by name, user name, or the pinyin of the name, in full or by its initials."""

from __future__ import annotations

import re

from django.db.models import Q, QuerySet

from amends.apps.people.models import Person

LONGEST = 40


def found_by(people: QuerySet[Person], asked: str) -> QuerySet[Person]:
    """The people whose name or user name holds the text, or whose pinyin it is: 林晓燕 is found by 晓燕, linxiaoyan and lxy."""
    text = asked.strip()[:LONGEST]
    if not text:
        return people
    scope = Q(name__icontains=text) | Q(username__icontains=text)
    letters = re.sub(r"[\s']", "", text).lower()
    if re.fullmatch(r"[a-z]+", letters):
        scope |= Q(sort_key__regex=pinyin_pattern(letters))
    return people.filter(scope)


def pinyin_pattern(letters: str) -> str:
    """A pattern for syllables with a space between: every letter goes on in its syllable or begins the next one."""
    return "(^| )" + "[a-z]* ?".join(letters)
