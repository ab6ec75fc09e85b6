"""What is wrong with the shape of a raw pack: unknown keys, missing keys, wrong types, unknown and blank settings.

`whole_part` goes on with what can be read, so that one run also finds the defects of meaning.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from amends.core.policy.pack import Pack, read_pack
from amends.core.policy.problems.report import Path, Problem
from amends.core.verbs import PACK_VERBS

MAX_ATTEMPTS = 25

_EMPTY: Mapping[str, Any] = {
    "head": {
        "id": "unread", "version": 1, "valid_from": "2000-01-01", "title": {"zh-Hans": "—", "en": "—"},
        "number": "{seq}",
    },
    "channels": {"kinds": {}, "groups": {}, "channels": {}},
    "categories": {"schemes": []},
    "grading": {"priority": []},
    "lifecycle": {"states": {}, "transitions": []},
    "clocks": [],
    "calendar": {"zone": "Asia/Shanghai", "hours": {"office": {"week": {"mon": ["09:00-18:00"]}}}},
    "clauses": [],
    "routing": {"functions": {}, "routes": []},
    "roles": {"roles": {}},
    "forms": {},
}  # fmt: skip
"""What stands in for a part whose file is missing or unreadable, so that the other parts are still checked."""

_LIST_PARTS = frozenset({"clocks", "clauses", "guidance", "examples"})
_WRITTEN_AS = {
    "from_": "from",
    "in_": "in",
    "is_": "is",
    "register_": "register",
    "zh_hans": "zh-Hans",
    "zh_hant": "zh-Hant",
}
_TYPES = {
    "string_type": ("应为文字", "should be text"),
    "int_type": ("应为整数", "should be a whole number"),
    "int_parsing": ("应为整数", "should be a whole number"),
    "int_from_float": ("应为整数", "should be a whole number"),
    "bool_type": ("应为 true 或 false", "should be true or false"),
    "bool_parsing": ("应为 true 或 false", "should be true or false"),
    "dict_type": ("应为“键: 值”的表", "should be a table of keys and values"),
    "model_type": ("应为“键: 值”的表", "should be a table of keys and values"),
    "model_attributes_type": ("应为“键: 值”的表", "should be a table of keys and values"),
    "tuple_type": ("应为列表", "should be a list"),
    "list_type": ("应为列表", "should be a list"),
    "date_type": ("应为日期，例如 2026-01-01", "should be a date such as 2026-01-01"),
    "date_parsing": ("应为日期，例如 2026-01-01", "should be a date such as 2026-01-01"),
    "date_from_datetime_parsing": ("应为日期，例如 2026-01-01", "should be a date such as 2026-01-01"),
    "string_pattern_mismatch": ("只能用小写字母、数字和下划线，以字母开头", None),
    "string_too_short": ("不能为空", "must not be empty"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """The pack as far as it can be read, the problems of its shape, and what had to be left out.

    `left_out` names the pieces that are missing in the pack and the clauses they named, `left_out_parts` the parts they
    belonged to, `unread` the parts that are missing altogether: sentences about their absence would only repeat the
    first one.
    """

    pack: Pack | None
    problems: tuple[Problem, ...]
    left_out: frozenset[str] = frozenset()
    left_out_parts: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()


def read_with_problems(raw: Mapping[str, Any]) -> Reading:
    """Read a raw pack; what does not fit is listed and left out of the pack that comes back.

    `pack` is None only when a whole part is beyond reading.
    """
    unread = frozenset(part for part in _EMPTY if part not in raw)
    parts: set[str] = set(unread)
    whole: dict[str, Any] = copy.deepcopy({**_EMPTY, **raw})
    unknown = [path for path, name in _references(whole, ()) if name not in _settings(whole)]
    found = list(_setting_problems(whole))
    blank = _blank_settings(whole)
    names: set[str] = set()
    for _ in range(MAX_ATTEMPTS):
        try:
            pack = read_pack(whole)
        except ValidationError as error:
            faults = _faults(error, whole)
            found += [_problem(fault, whole) for fault in faults if not _stems_from(fault, whole, blank, unknown)]
            if not _leave_out(whole, faults, names, parts):
                return Reading(None, _unique(found), frozenset(names), frozenset(parts), unread)
            continue
        except (AttributeError, KeyError, TypeError):
            return Reading(None, _unique([*found, *_whole_problems(whole)]), frozenset(names), frozenset(parts), unread)
        return Reading(pack, _unique(found), frozenset(names), frozenset(parts), unread)
    return Reading(None, _unique(found), frozenset(names), frozenset(parts), unread)


def _unique(found: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys(found))


# Settings


def _settings(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    head = raw.get("head")
    settings = head.get("settings") if isinstance(head, Mapping) else None
    return settings if isinstance(settings, Mapping) else {}


def _value_of(setting: Any) -> Any:
    return setting.get("value") if isinstance(setting, Mapping) else None


def _blank_settings(raw: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(name for name, setting in _settings(raw).items() if _value_of(setting) is None)


def _setting_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    settings = _settings(raw)
    for name, setting in settings.items():
        if isinstance(setting, Mapping) and setting.get("mandatory") is True and _value_of(setting) is None:
            yield Problem(
                ("head", "settings", name), "blank_setting", name,
                "必填参数还没有填写，填写后才能发布。",
                "this mandatory setting has no value; the pack can not be published without one.",
            )  # fmt: skip
    for path, name in _references(raw, ()):
        if name not in settings:
            hint = near(str(name), settings)
            yield Problem(
                path, "unknown_setting", str(path[-1]) if path else "",
                f"没有名为“{name}”的参数。{hint[0]}", f'there is no setting "{name}".{hint[1]}',
            )  # fmt: skip
            _replace(raw, path, None)


def _references(raw: Any, path: Path) -> list[tuple[Path, Any]]:
    if isinstance(raw, Mapping):
        if set(raw) == {"setting"}:
            return [(path, raw["setting"])]
        return [found for key, value in raw.items() for found in _references(value, (*path, key))]
    if isinstance(raw, list):
        return [found for index, value in enumerate(raw) for found in _references(value, (*path, index))]
    return []


def _replace(raw: Any, path: Path, value: Any) -> None:
    for step in path[:-1]:
        raw = raw[step]
    raw[path[-1]] = value


# Faults of the shape


@dataclass(frozen=True, slots=True)
class _Fault:
    path: Path
    type: str
    input: Any
    context: Mapping[str, Any]
    message: str
    missing: str | None = None


def _faults(error: ValidationError, raw: Mapping[str, Any]) -> list[_Fault]:
    """The errors with their path in the raw pack. Of the branches of a union only the one that got furthest counts."""
    found = [_fault(item, raw) for item in error.errors(include_url=False)]
    tagged = {id(fault): tagged for fault, tagged in found}
    faults = [fault for fault, _ in found]
    return [fault for fault in faults if not (tagged[id(fault)] and _got_further(fault, faults))]


def _got_further(fault: _Fault, faults: Sequence[_Fault]) -> bool:
    return any(
        len(other.path) + (other.missing is not None) > len(fault.path) and other.path[: len(fault.path)] == fault.path
        for other in faults
        if other is not fault
    )


def _fault(item: Any, raw: Mapping[str, Any]) -> tuple[_Fault, bool]:
    """The fault, and whether its location went through a branch of a union."""
    value: Any = raw
    path: list[str | int] = []
    tagged = False
    location = [_WRITTEN_AS.get(step, step) if isinstance(step, str) else step for step in item["loc"]]
    missing = str(location.pop()) if item["type"] == "missing" else None
    for step in location:
        if not _has(value, step):
            tagged = True
            continue
        value = value[step]
        path.append(step)
    fault = _Fault(tuple(path), item["type"], item.get("input"), item.get("ctx") or {}, item["msg"], missing)
    return fault, tagged


def _has(value: Any, step: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, Mapping) and step in value


def _stems_from(fault: _Fault, raw: Mapping[str, Any], blank: frozenset[str], unknown: Sequence[Path]) -> bool:
    """Whether the fault only repeats that a setting is blank or unknown."""
    if any(path[: len(fault.path)] == fault.path for path in unknown):
        return True
    value: Any = raw
    for step in fault.path:
        value = value[step]
    if isinstance(value, Mapping) and set(value) == {"setting"}:
        return value["setting"] in blank
    return any(name in blank for _, name in _references(value, ())) if fault.type == "value_error" else False


def _problem(fault: _Fault, raw: Mapping[str, Any]) -> Problem:
    key = name_of(raw, fault.path)
    last = next((str(step) for step in reversed(fault.path) if isinstance(step, str)), "")
    if fault.missing is not None:
        return Problem(fault.path, "missing_key", key, f"缺少“{fault.missing}”。", f'"{fault.missing}" is missing.')
    if fault.type == "extra_forbidden":
        hint = near(last, _known_keys(fault.path))
        return Problem(
            fault.path, "unknown_key", key, f"不认识“{last}”这一项。{hint[0]}", f'there is no key "{last}".{hint[1]}'
        )
    if fault.type == "literal_error":
        expected, expected_en = _choices(str(fault.context.get("expected", "")))
        return Problem(
            fault.path, "bad_value", key, f"“{last}”的值“{_short(fault.input)}”应为{expected}之一。",
            f'{last} "{_short(fault.input)}" is not one of {expected_en}.',
        )  # fmt: skip
    if fault.type == "value_error" and _names_no_verb(fault.input):
        verb = str(fault.input["verb"])
        hint = near(verb, PACK_VERBS)
        return Problem(
            (*fault.path, "verb"), "unknown_verb", verb, f"没有这个动作。{hint[0]}", f"there is no such verb.{hint[1]}"
        )
    if fault.type == "value_error":
        said = str(fault.context.get("error", fault.message))
        return Problem(fault.path, "bad_value", key, f"不合规定：{said}。", f"{said}.")
    words = _TYPES.get(fault.type)
    if words is None:
        said = fault.message[:1].lower() + fault.message[1:]
        return Problem(fault.path, "bad_value", key, f"“{last}”不合规定：{said}。", f"{last}: {said}.")
    return Problem(
        fault.path, "bad_value", key, f"“{last}”{words[0]}，现在是“{_short(fault.input)}”。",
        f'{last} "{_short(fault.input)}" {words[1] or _pattern_words(fault)}.',
    )  # fmt: skip


def _names_no_verb(piece: Any) -> bool:
    """Whether the piece is a transition with a verb that the product does not have."""
    return isinstance(piece, Mapping) and "by" in piece and str(piece.get("verb")) not in PACK_VERBS


def _pattern_words(fault: _Fault) -> str:
    return f"does not have the form {fault.context.get('pattern')}"


def _choices(expected: str) -> tuple[str, str]:
    names = [name.strip(" '") for name in expected.replace(" or ", ",").split(",")]
    return "、".join(names), ", ".join(names)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def name_of(raw: Any, path: Path) -> str:
    """How a person calls the piece at `path`: the nearest id, verb or name above it."""
    name = ""
    value = raw
    for step in path:
        value = value[step] if _has(value, step) else None
        if isinstance(value, Mapping):
            own = next((str(value[k]) for k in ("id", "verb") if isinstance(value.get(k), str)), None)
            name = own or (step if isinstance(step, str) and step not in _PLAIN_STEPS else name)
    return name


_PLAIN_STEPS = frozenset({
    "head", "channels", "categories", "grading", "lifecycle", "proceedings", "routing", "roles", "forms", "messages",
    "calendar", "settings", "texting", "title", "when", "limit", "pause", "kinds", "groups", "states", "functions", "texts",
    "measures", "outcomes", "lists", "accused", "repeats", "archive", "evidence", "printed", "extra", "that", "say",
    "marks", "required", "words", "ranks", "value",
})  # fmt: skip


def near(name: str, known: Any) -> tuple[str, str]:
    close = get_close_matches(name, [str(k) for k in known], n=1)
    return (f"是否指“{close[0]}”？", f' Did you mean "{close[0]}"?') if close else ("", "")


def _known_keys(path: Path) -> list[str]:
    """The keys of the model at `path`'s parent, as written in files; empty where that can not be told."""
    from amends.core.policy.problems.schema_walk import model_at

    model = model_at(Pack, path[:-1])
    return keys_of(model) if model else []


def keys_of(model: type[BaseModel]) -> list[str]:
    return [_WRITTEN_AS.get(name, info.alias or name) for name, info in model.model_fields.items()]


# Leaving out what does not fit


def _leave_out(raw: dict[str, Any], faults: Sequence[_Fault], names: set[str], parts: set[str]) -> bool:
    """Take the faulty pieces out of the raw pack; False when a whole part can not be read."""
    doomed: set[Path] = set()
    for fault in faults:
        piece = fault.path if fault.type == "extra_forbidden" else _piece_around(raw, fault)
        if piece is None:
            return False
        doomed.add(piece)
        parts.add(str(piece[0]))
    for piece in sorted(doomed, key=_place_in_lists, reverse=True):
        _delete(raw, piece, names)
    return bool(doomed)


def _place_in_lists(path: Path) -> list[tuple[bool, int]]:
    """Later items of a list go first, so that the places of earlier ones stay true."""
    return [(isinstance(step, int), step if isinstance(step, int) else 0) for step in path]


def _piece_around(raw: Mapping[str, Any], fault: _Fault) -> Path | None:
    """The smallest thing around the fault that a pack can do without: an item of a list, or a named entry."""
    path = fault.path
    for length in range(len(path), 1, -1):
        if isinstance(path[length - 1], int) or _is_named_entry(path[:length]):
            return path[:length]
    if len(path) == 2 and fault.missing is None and path[0] == "head" and path[1] in _OPTIONAL_HEAD:
        return path
    return None


def _is_named_entry(path: Path) -> bool:
    return path[0] in ("forms", "proceedings") if len(path) == 2 else path[-2] in _NAMED_ENTRIES


_NAMED_ENTRIES = frozenset({
    "kinds", "groups", "channels", "measures", "outcomes", "lists", "states", "functions", "roles", "forms", "settings",
    "proceedings", "words", "documents",
})  # fmt: skip
_OPTIONAL_HEAD = frozenset({
    "policy_label", "hotline", "languages", "words", "acceptance", "repeats", "archive", "evidence", "valid_until",
    "zone", "portal", "company",
})  # fmt: skip


def _delete(raw: Any, path: Path, names: set[str]) -> None:
    for step in path[:-1]:
        if not _has(raw, step):
            return
        raw = raw[step]
    last = path[-1]
    if not _has(raw, last):
        return
    piece = raw[last]
    names.update(_names_in(piece))
    if isinstance(last, str):
        names.add(last)
    del raw[last]


def _names_in(piece: Any) -> Iterator[str]:
    if isinstance(piece, Mapping):
        yield from (str(piece[key]) for key in ("id", "verb") if isinstance(piece.get(key), str))
        clauses = piece.get("clause")
        yield from map(str, clauses if isinstance(clauses, list) else ())
        for value in piece.values():
            yield from _names_in(value)
    elif isinstance(piece, list):
        for value in piece:
            yield from _names_in(value)


def _whole_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Parts that are not even of the right kind."""
    for part, value in raw.items():
        wanted = list if part in _LIST_PARTS else dict
        if isinstance(value, wanted):
            continue
        words = ("列表", "a list") if wanted is list else ("“键: 值”的表", "a table of keys and values")
        yield Problem((part,), "bad_value", "", f"文件内容应为{words[0]}。", f"the file should hold {words[1]}.")
