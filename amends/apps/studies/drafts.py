"""A draft policy to be tried: a folder, a ZIP that somebody uploads, or a published version. It is read and checked, and published nowhere."""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.conf import settings

from amends.apps.policies.check import check_folder
from amends.apps.policies.models import PackVersion
from amends.apps.policies.queries import content_of
from amends.core.canonical import ordered_json
from amends.core.policy.pack import Pack, read_pack
from amends.core.refusals import Refusal

MOST_FILES = 600
MOST_BYTES = 20_000_000
FILE = re.compile(r"^([A-Za-z0-9_.-]+/){0,3}[A-Za-z0-9_.-]+\.(yaml|txt)$")
EXAMPLES = "examples.yaml"
SHOWN = 12


class DraftRefused(Refusal):
    """A draft that is none, or that has problems; `lines` tell which."""

    code = "draft_refused"
    status = 422
    sentence = "这份草案有 %(count)s 个问题，不能试算。"

    def __init__(self, lines: Iterable[str] = (), **params: Any) -> None:
        self.lines = tuple(lines)
        super().__init__(count=len(self.lines), **params)


class NoDraft(DraftRefused):
    """Neither a file nor a version was given."""

    code = "no_draft"
    sentence = "请上传制度包的 ZIP 压缩文件：里面是 pack.yaml 等文件，展开后不超过 20 MB。"


class NotZipped(NoDraft):
    """The file is no ZIP, or a damaged or locked one."""

    sentence = "上传的文件打不开，不是 ZIP 压缩文件，或者已损坏、加了密码。请把制度包的文件夹压缩成 ZIP 再上传。"


class NoPolicyInside(NoDraft):
    """A ZIP without a policy in it."""

    sentence = "压缩文件里没有 pack.yaml，不是制度包。请压缩 pack.yaml 所在的文件夹。"


class TooMuchInside(NoDraft):
    """More files or bytes than a policy has."""

    sentence = "压缩文件太大：制度包最多 600 个文件，展开后不超过 20 MB。"


class OtherPolicy(DraftRefused):
    """A draft of a policy by which the desk does not work: levels, steps and limits of the two have nothing to do with each other."""

    code = "other_policy"
    sentence = (
        "这份草案属于“%(draft)s”（pack.yaml 的 id 为 %(draft_id)s），本受理台执行的是“%(policy)s”（%(policy_id)s）。"
        "两份不同的制度，级别、步骤和时限不能相互比较，不能试算。如果是同一份制度，请先改正 id。"
    )


def refuse_other_policy(draft: Pack, present: Pack) -> None:
    """Raises OtherPolicy for a draft that is not of the policy by which a desk works at present."""
    if draft.id != present.id:
        raise OtherPolicy(draft=draft.head.title, draft_id=draft.id, policy=present.head.title, policy_id=present.id)


def draft_in_folder(folder: Path) -> Mapping[str, Any]:
    """The raw content of a folder without problems. Raises DraftRefused with its lines.

    Its worked examples may still say what the policy in force does: what would be different is what a trial is asked for.
    """
    check = check_folder(folder, calendars=settings.CALENDARS_DIR)
    faults = [line for line in check.faults if line.place.file.name != EXAMPLES]
    if faults or check.pack is None:
        raise DraftRefused([line.text("zh").replace(f"{folder}/", "") for line in faults])
    return check.raw


def draft_in_zip(file: IO[bytes]) -> Mapping[str, Any]:
    """The raw content of a zipped folder. Raises NoDraft, saying why, for what is no such file, and DraftRefused for a policy with problems."""
    with tempfile.TemporaryDirectory(prefix="amends-draft-") as name:
        try:
            with zipfile.ZipFile(file) as packed:
                root = _unpacked(packed, Path(name))
        except (
            zipfile.BadZipFile,
            zipfile.LargeZipFile,
            NotImplementedError,
            RuntimeError,
            EOFError,
            OSError,
        ) as error:
            raise NotZipped from error
        return draft_in_folder(root)


def _unpacked(packed: zipfile.ZipFile, folder: Path) -> Path:
    """Only files that a pack can have are written, each under a name of plain letters, and never more than the limit."""
    found = [
        info
        for info in packed.infolist()
        if not info.is_dir() and FILE.match(info.filename) and ".." not in info.filename
    ]
    if len(found) > MOST_FILES or sum(info.file_size for info in found) > MOST_BYTES:
        raise TooMuchInside
    roots = sorted(
        (PurePosixPath(info.filename).parent for info in found if PurePosixPath(info.filename).name == "pack.yaml"),
        key=lambda path: len(path.parts),
    )
    if not roots:
        raise NoPolicyInside
    left = MOST_BYTES
    for info in found:
        path = PurePosixPath(info.filename)
        if not path.is_relative_to(roots[0]):
            continue
        with packed.open(info) as stream:
            content = stream.read(left + 1)
        left -= len(content)
        if left < 0:
            raise TooMuchInside
        target = folder / path.relative_to(roots[0])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def draft_of_version(version: PackVersion) -> Mapping[str, Any]:
    """The content of a published version as plain data, in the present format: as its cases are handled."""
    return content_of(version)


def kept(raw: Mapping[str, Any]) -> str:
    """A draft as it is kept beside its study."""
    return ordered_json(raw)


def named(draft: Pack, file: str = "") -> dict[str, Any]:
    """By what people tell one draft from another: its title in every language, its version, and the file from which it came."""
    return {
        "title": draft.head.title.model_dump(mode="json", by_alias=True, exclude_none=True),
        "version": draft.version,
        "file": file[:120],
    }


def read_kept(text: str) -> Pack:
    """The policy that was kept."""
    return read_pack(json.loads(text))
