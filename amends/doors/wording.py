"""Words for the reader: titles of packs, sentences of refusals, times and durations, in the language of the request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext, ngettext

from amends.apps.policies.traditional import traditional
from amends.core.ends import last_minute
from amends.core.policy.base import Title
from amends.core.refusals import FieldError, InvalidData, Refusal, WrongState
from amends.core.verbs import VERBS

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def language() -> str:
    """The reader's language: zh-hans, zh-hant or en."""
    return (get_language() or "zh-hans").lower()


def words(value: Any, *, tongue: str = "") -> str:
    """A title, or anything that may stand for one, in the reader's language, which `tongue` is where it is known already."""
    if value is None:
        return ""
    if isinstance(value, Title):
        return _of_title(value, tongue or language())
    if isinstance(value, Mapping) and "zh-Hans" in value:
        return _of_names(value, tongue or language())
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if isinstance(value, list | tuple):
        return listed(value)
    return str(value)


def _of_title(title: Title, tongue: str) -> str:
    if tongue == "zh-hant" and title.zh_hant is None:
        return traditional(title.zh_hans)
    return _begun(title.in_language(tongue), tongue)


def begun(text: str) -> str:
    """English titles begin with a capital wherever they are shown, however the pack writes them."""
    return _begun(text, language())


def within_a_sentence(text: str) -> str:
    """A label as it stands amid an English sentence, which writes common nouns small and leaves abbreviations."""
    return text[:1].lower() + text[1:] if language() == "en" and not text[1:2].isupper() else text


def _begun(text: str, tongue: str) -> str:
    return text[:1].upper() + text[1:] if tongue == "en" else text


def _of_names(names: Mapping[str, str], tongue: str) -> str:
    if tongue == "en":
        return _begun(names.get("en") or names["zh-Hans"], tongue)
    if tongue == "zh-hant":
        return names.get("zh-Hant") or traditional(names["zh-Hans"])
    return names["zh-Hans"]


def traditional_of_reader(text: str) -> str:
    """A Chinese name in the script of the reader."""
    return traditional(text) if language() == "zh-hant" else text


def listed(values: Iterable[Any]) -> str:
    """Several words in a row, joined as the language does."""
    return (", " if language() == "en" else "、").join(words(value) for value in values)


def in_words(sentence: str, *, tongue: str = "") -> str:
    """A sentence written in Chinese, in the reader's language."""
    return _in_words(sentence, tongue or language())


@lru_cache(maxsize=4096)
def _in_words(sentence: str, tongue: str) -> str:
    """Kept like moments; `tongue` is the reader's language."""
    found = gettext(sentence)
    return traditional(sentence) if found == sentence and tongue == "zh-hant" else found


def filled(sentence: str, params: Mapping[str, Any]) -> str:
    """A sentence in the reader's language with its parameters in it."""
    return in_words(sentence) % {name: _parameter(value) for name, value in params.items()}


def _parameter(value: Any) -> str:
    if isinstance(value, date):
        clock = f" {value:%H:%M}" if isinstance(value, datetime) else ""
        return day_words(value, year=True, weekday=False) + clock
    if isinstance(value, list | tuple):
        return listed([_translated(one) for one in value])
    return in_words(value) if isinstance(value, str) else words(value)


def said(refusal: Refusal) -> str:
    """What a refusal says to people."""
    params = dict(refusal.params)
    if isinstance(refusal, WrongState):
        params["missing"] = listed([_translated(m) for m in refusal.missing])
    return filled(refusal.sentence, params)


def _translated(value: Any) -> Any:
    return in_words(value) if isinstance(value, str) else value


def said_of_field(error: FieldError) -> str:
    return filled(error.sentence, error.params)


def faults(refusal: InvalidData) -> dict[str, list[str]]:
    """The sentences of a refusal by the pointer of their field, without the leading slash."""
    found: dict[str, list[str]] = {}
    for error in refusal.errors:
        found.setdefault(error.pointer.lstrip("/"), []).append(said_of_field(error))
    return found


def button_of(verb: str, *, tongue: str = "") -> str:
    """What the button of a verb says."""
    return in_words(VERBS[verb].button, tongue=tongue) if verb in VERBS else verb


def happened(verb: str, *, tongue: str = "") -> str:
    """What the timeline says of a verb."""
    return in_words(VERBS[verb].happened, tongue=tongue) if verb in VERBS else verb


def names_the_customer(verb: str) -> bool:
    """Whether what the timeline says of a verb begins with its doer, the customer, in every language."""
    return verb in VERBS and VERBS[verb].happened.startswith("客户")


def step_words(verb: str, step: Title | None, *, tongue: str = "") -> str:
    """What is said of an event: the pack's own words for a step of a proceeding, where it has others than the verb's."""
    own = words(step, tongue=tongue) if step else ""
    return own if own and own != button_of(verb, tongue=tongue) else happened(verb, tongue=tongue)


def moment_words(moment: datetime, zone: ZoneInfo, *, now: datetime, weekday: bool = True, tongue: str = "") -> str:
    """A time of the desk, shorter the nearer it is: today, this year, or with its year.

    `tongue` is the reader's language, from whoever says hundreds of times and knows it already.
    """
    return _moment_words(moment, zone, now.astimezone(zone).date(), tongue or language(), weekday)


def due_words(due: datetime, zone: ZoneInfo, *, now: datetime, tongue: str = "") -> str:
    """By when, in words: what is due at midnight is due by 24:00 of the day before."""
    if last_minute(due, zone) != "24:00":
        return moment_words(due, zone, now=now, tongue=tongue)
    return moment_words(due - timedelta(minutes=1), zone, now=now, tongue=tongue).replace("23:59", "24:00")


@lru_cache(maxsize=8192)
def _moment_words(moment: datetime, zone: ZoneInfo, today: date, tongue: str, weekday: bool) -> str:
    """Kept, because lists and stories say the same moments all day; `tongue` is the reader's language."""
    local = moment.astimezone(zone)
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return gettext("今天 %(clock)s") % {"clock": clock}
    if local.date() == today + timedelta(days=1):
        return gettext("明天 %(clock)s") % {"clock": clock}
    if local.date() == today - timedelta(days=1):
        return gettext("昨天 %(clock)s") % {"clock": clock}
    return f"{day_words(local, year=local.year != today.year, weekday=weekday)} {clock}"


def day_words(local: Any, *, year: bool, weekday: bool = True) -> str:
    """A day, usually with its weekday."""
    if language() == "en":
        return (f"{local:%a} " if weekday else "") + f"{local.day} {local:%b}" + (f" {local.year}" if year else "")
    text = f"{local.month}月{local.day}日" + (f" {WEEKDAYS[local.weekday()]}" if weekday else "")
    text = f"{local.year}年{text}" if year else text
    return traditional(text) if language() == "zh-hant" else text


def left_words(due: datetime, now: datetime, *, tongue: str = "") -> str:
    """How much time is left, or by how much it is late."""
    late = now > due
    span = (now - due) if late else (due - now)
    return _left_words(late, int(span.total_seconds() // 60), tongue or language())


@lru_cache(maxsize=8192)
def _left_words(late: bool, minutes: int, tongue: str) -> str:
    """Kept like moments; `tongue` is the reader's language."""
    if not minutes:
        return gettext("刚刚超时") if late else gettext("剩不到 1 分钟")
    text = span_words(timedelta(minutes=minutes))
    return (gettext("超时 %(time)s") if late else gettext("剩 %(time)s")) % {"time": text}


def span_words(span: timedelta) -> str:
    """A duration in its two largest units that matter: days and hours, hours and minutes, or minutes."""
    minutes = int(span.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    if days:
        text = ngettext("%(n)s 天", "%(n)s 天", days) % {"n": days}
        return text + (" " + _hours(hours) if hours and days < 10 else "")
    if hours:
        return _hours(hours) + (" " + _minutes(left) if left else "")
    return _minutes(left)


def live_words() -> dict[str, str]:
    """The sentences of `left_words`, one and many parted by a bar, for a page that goes on counting by itself."""
    many = 5
    return {
        "left": gettext("剩 %(time)s"),
        "late": gettext("超时 %(time)s"),
        "nearly": gettext("剩不到 1 分钟"),
        "just": gettext("刚刚超时"),
        "day": "|".join(ngettext("%(n)s 天", "%(n)s 天", n) for n in (1, many)),
        "hour": "|".join(ngettext("%(n)s 小时", "%(n)s 小时", n) for n in (1, many)),
        "minute": "|".join(ngettext("%(n)s 分钟", "%(n)s 分钟", n) for n in (1, many)),
    }


def _hours(n: int) -> str:
    return ngettext("%(n)s 小时", "%(n)s 小时", n) % {"n": n}


def _minutes(n: int) -> str:
    return ngettext("%(n)s 分钟", "%(n)s 分钟", n) % {"n": n}
