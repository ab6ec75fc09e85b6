"""Pack folders: YAML and text files read into one mapping, and where in which file every key stands.

Only `pack check`, `publish` and `schema` come here; running code reads published packs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from yaml import MappingNode, MarkedYAMLError, Node, ScalarNode, SequenceNode, YAMLError

from amends.core.calendars import read_region_year
from amends.core.policy.problems.report import Path as KeyPath
from amends.core.policy.problems.report import Problem

PARTS = {
    "pack": "head",
    "channels": "channels",
    "categories": "categories",
    "levels": "grading",
    "lifecycle": "lifecycle",
    "clocks": "clocks",
    "calendar": "calendar",
    "clauses": "clauses",
    "routing": "routing",
    "roles": "roles",
    "approvals": "approvals",
    "compensation": "compensation",
    "texting": "texting",
    "followups": "followups",
    "surveys": "surveys",
    "kpis": "kpis",
    "warnings": "warnings",
    "templates": "templates",
    "training": "training",
    "reports": "reports",
    "guidance": "guidance",
    "examples": "examples",
}
"""The files at the top of a pack, by name, and the key of the pack that each one fills."""

OPTIONAL_PARTS = frozenset(
    {"approvals", "compensation", "texting", "followups", "surveys", "kpis", "warnings", "templates", "training", "reports",
     "guidance", "examples"}
)  # fmt: skip
LISTS = frozenset({"clocks", "clauses", "guidance", "examples"})
FOLDERS = {"forms": "forms", "proceedings": "proceedings"}
MESSAGE_CHANNELS = ("email", "sms", "notice", "page")
MESSAGE_FILE = re.compile(r"^(?P<id>[a-z][a-z0-9_]*)\.(?P<channel>[a-z]+)\.(?P<language>[a-z]{2}(-[A-Za-z]+)?)\.txt$")
MAX_FILE_BYTES = 2_000_000
MAX_DEPTH = 40
MAX_VALUES = 100_000

_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_PLAIN_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; line 1 is the first."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(slots=True)
class PackFolder:
    """What a folder holds: the raw pack, the place of every key, and what could not be read."""

    folder: Path
    raw: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def place(self, path: KeyPath) -> Place:
        """Where `path` stands, or the nearest key above it that stands somewhere."""
        for length in range(len(path), 0, -1):
            if found := self.places.get(tuple(path[:length])):
                return found
        return Place(self.folder / "pack.yaml", 1)


def read_folder(folder: Path) -> PackFolder:
    """Read every file of a pack. Nothing is raised for what is wrong inside: it is listed in `problems`."""
    found = PackFolder(folder)
    if not folder.is_dir():
        found.places[("head",)] = Place(folder, 1)
        found.problems.append(
            Problem(("head",), "no_folder", "", f"没有文件夹 {folder}。", f"There is no folder {folder}.")
        )
        return found
    for file in sorted(folder.glob("*.yaml")):
        _read_part(found, file)
    for name, key in FOLDERS.items():
        _read_many(found, folder / name, key)
    _read_messages(found, folder / "messages")
    _note_missing_parts(found)
    return found


def files_hash(folder: Path) -> str:
    """One SHA-256 over the names and bytes of all files of a pack folder; the stories of its demo are no policy."""
    total = hashlib.sha256()
    stories = folder / "demo"
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and stories not in path.parents):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        total.update(f"{file.relative_to(folder).as_posix()}\n{content}\n".encode())
    return total.hexdigest()


def _read_part(found: PackFolder, file: Path) -> None:
    key = PARTS.get(file.stem)
    path: KeyPath = (key,) if key else ("extra", file.stem)
    value = read_yaml(found, file, path)
    if value is UNREADABLE:
        return
    if key is None:
        found.raw.setdefault("extra", {})[file.stem] = value
        return
    found.raw[key] = [] if value is None and key in LISTS else value


def _read_many(found: PackFolder, folder: Path, key: str) -> None:
    if not folder.is_dir():
        return
    found.places[(key,)] = Place(folder, 1)
    items = found.raw.setdefault(key, {})
    for file in sorted(folder.glob("*.yaml")):
        path: KeyPath = (key, file.stem)
        value = read_yaml(found, file, path)
        if value is UNREADABLE:
            continue
        if key == "forms" and isinstance(value, dict):
            _check_form_id(found, value, path, file.stem)
        items[file.stem] = value


def _check_form_id(found: PackFolder, form: dict[str, Any], path: KeyPath, stem: str) -> None:
    if form.setdefault("id", stem) == stem:
        return
    found.problems.append(
        Problem(
            (*path, "id"), "form_id", stem,
            f"表单的 id “{form['id']}” 与文件名不一致。", f'the id "{form["id"]}" differs from the name of the file.',
        )
    )  # fmt: skip
    form["id"] = stem


def _read_messages(found: PackFolder, folder: Path) -> None:
    if not folder.is_dir():
        return
    found.places[("messages",)] = Place(folder, 1)
    texts: dict[str, dict[str, dict[str, str]]] = {}
    for file in sorted(folder.iterdir()):
        match = MESSAGE_FILE.match(file.name)
        if match is None or match["channel"] not in MESSAGE_CHANNELS:
            _note_misnamed_message(found, file)
            continue
        path: KeyPath = ("messages", "texts", match["id"], match["channel"], match["language"].lower())
        text = _read_text(found, file, path)
        if text is not None:
            texts.setdefault(match["id"], {}).setdefault(match["channel"], {})[match["language"].lower()] = text
            found.places.setdefault(path[:3], Place(file, 1))
    found.raw["messages"] = {"texts": texts}


def _note_misnamed_message(found: PackFolder, file: Path) -> None:
    if file.name.startswith("."):
        return
    path: KeyPath = ("messages", "files", file.name)
    found.places[path] = Place(file, 1)
    channels = "|".join(MESSAGE_CHANNELS)
    found.problems.append(
        Problem(
            path, "message_name", file.name,
            f"消息文件应命名为 <消息>.<{channels}>.<语言>.txt。",
            f"a message file is named <message>.<{channels}>.<language>.txt.",
        )
    )  # fmt: skip


def _note_missing_parts(found: PackFolder) -> None:
    for stem, key in PARTS.items():
        if key in found.raw or key in OPTIONAL_PARTS or (key,) in found.places:
            continue
        found.places[(key,)] = Place(found.folder / f"{stem}.yaml", 1)
        found.problems.append(
            Problem((key,), "no_file", "", f"缺少文件 {stem}.yaml。", f"the file {stem}.yaml is missing.")
        )


# Reading one file

UNREADABLE = object()
MOST_READ_TWICE = 200_000
"""Characters: several times more than any file of a policy has; two million of them took a minute."""


def _read_text(found: PackFolder, file: Path, path: KeyPath) -> str | None:
    found.files.append(file)
    found.places[path] = Place(file, 1)
    try:
        data = file.read_bytes()
        if len(data) > MAX_FILE_BYTES:
            raise ValueError(f"larger than {MAX_FILE_BYTES} bytes")
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, ValueError) as error:
        found.problems.append(
            Problem(path, "unreadable", "", f"无法读取文件（{error}）。", f"the file can not be read ({error}).")
        )
        return None


def read_yaml(found: PackFolder, file: Path, path: KeyPath) -> Any:
    """A YAML file as plain data, the line of every key noted in `found`; UNREADABLE with a problem when it is none."""
    text = _read_text(found, file, path)
    if text is None:
        return UNREADABLE
    try:
        node = _compose(text)
    except MarkedYAMLError as error:
        _note_syntax(found, file, path, error)
        return UNREADABLE
    except (YAMLError, RecursionError) as error:
        found.problems.append(
            Problem(path, "yaml", "", f"不是有效的 YAML（{error}）。", f"this is not valid YAML ({error}).")
        )
        return UNREADABLE
    noted = len(found.problems)
    try:
        return None if node is None else _Builder(found, file).build(node, path)
    except _TooMuch:
        del found.problems[noted:]
        said = (
            f"引用展开后超过 {MAX_VALUES} 个值。",
            f"with its aliases written out it has more than {MAX_VALUES} values.",
        )
        found.problems.append(Problem((*path, "size"), "large", "", *said))
        return UNREADABLE


@lru_cache(maxsize=512)
def _compose(text: str) -> Node | None:
    """The nodes of a YAML text; kept, because checks, publishing and tests read the same files again."""
    try:
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    except MarkedYAMLError:
        if len(text) > MOST_READ_TWICE:
            raise
        # Hundreds of times slower, and clearer in what it says about a fault.
        return yaml.compose(text, Loader=yaml.SafeLoader)


def _note_syntax(found: PackFolder, file: Path, path: KeyPath, error: MarkedYAMLError) -> None:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    what = str(error.problem or error.context or "syntax")
    where: KeyPath = (*path, f"line {line}")
    found.places[where] = Place(file, line)
    if "\\t" in what:
        what_zh, what_en = "缩进用了制表符，请改为空格。", "a tab is used for indentation; YAML wants spaces."
    else:
        what_zh, what_en = f"不是有效的 YAML：{what}。", f"this is not valid YAML: {what}."
    found.problems.append(Problem(where, "yaml", "", what_zh, what_en))


class _TooMuch(Exception):
    """A few lines that name each other stand for more than any memory holds."""


class _Builder:
    """Turns nodes into plain data and writes down the line of every key.

    Only `null`, `true`, `false` and whole numbers without leading zeros are more than text: `12:30`, `no`, `0123`,
    `7.2` and times stay as written, and quoted scalars are always text.
    """

    def __init__(self, found: PackFolder, file: Path) -> None:
        self.found, self.file, self.left = found, file, MAX_VALUES
        self.around: set[int] = set()

    def build(self, node: Node, path: KeyPath) -> Any:
        self.left -= 1
        if self.left < 0:
            raise _TooMuch
        self.found.places.setdefault(path, Place(self.file, node.start_mark.line + 1))
        if isinstance(node, ScalarNode):
            return _scalar(node)
        if len(path) > MAX_DEPTH:
            self._note(node, path, "deep", "嵌套太深。", "this is nested too deep.")
            return None
        if id(node) in self.around:
            self._note(node, path, "names_itself", "这里引用了它自己。", "this names itself.")
            return None
        self.around.add(id(node))
        try:
            return self._mapping(node, path) if isinstance(node, MappingNode) else self._items(node, path)
        finally:
            self.around.discard(id(node))

    def _items(self, node: Node, path: KeyPath) -> list[Any] | None:
        if not isinstance(node, SequenceNode):
            return None
        return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for key, item in self._entries(node, path):
            name = key.value
            where = (*path, name)
            if name in value:
                first = self.found.places[where].line
                self._note(
                    key, (*where, "again"), "duplicate_key", f"“{name}”出现了两次（第一次在第 {first} 行）。",
                    f'"{name}" stands here twice (first in line {first}).',
                )  # fmt: skip
                continue
            self.found.places[where] = Place(self.file, key.start_mark.line + 1)
            value[name] = self.build(item, where)
        return value

    def _entries(self, node: MappingNode, path: KeyPath) -> Iterator[tuple[ScalarNode, Node]]:
        for key, item in node.value:
            if isinstance(key, ScalarNode):
                yield key, item
            else:
                self._note(key, path, "bad_key", "键必须是文字。", "a key must be text.")

    def _note(self, node: Node, path: KeyPath, code: str, message: str, message_en: str) -> None:
        self.found.places[path] = Place(self.file, node.start_mark.line + 1)
        self.found.problems.append(Problem(path, code, "", message, message_en))


def _scalar(node: ScalarNode) -> Any:
    text = node.value
    if node.style:
        return text
    if text.lower() in _PLAIN_WORDS and text in (text.lower(), text.capitalize()):
        return _PLAIN_WORDS[text.lower()]
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else text


# Calendars


def read_calendar_files(folder: Path) -> Iterator[dict[str, Any]]:
    """The raw content of every calendars/<region>/<year>.yaml, in order. Raises ValueError naming the file and what is wrong there."""
    for file in sorted(folder.glob("*/*.yaml")):
        found = PackFolder(file.parent)
        value = read_yaml(found, file, ("calendar",))
        if found.problems or not isinstance(value, dict):
            said = found.problems[0].message_en if found.problems else "this is no table."
            raise ValueError(f"{file}: {said}")
        try:
            year = read_region_year(value)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise ValueError(f"{file}: {place + ': ' if place else ''}{first['msg']}") from error
        if (year.region, str(year.year)) != (file.parent.name, file.stem):
            raise ValueError(f"{file}: it holds {year.region} {year.year}")
        yield value
