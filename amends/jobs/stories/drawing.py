"""Files of invented cases: drawn photographs, receipts, reports and letters, made when a story is played."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import pylopdf_fonts_zh_cn
import typst

TEMPLATE = Path(__file__).parent / "drawing.typ"
DOTS_PER_INCH = 96


def draw(file: Mapping[str, Any]) -> tuple[str, bytes]:
    """Name and bytes of a file as a story describes it: `name`, `draws` (which picture), and the `lines` that stand on it.

    The ending of the name says whether it is a picture, a PDF or plain text.
    """
    name = str(file["name"])
    lines = [str(line) for line in file.get("lines", ())]
    kind = PurePosixPath(name).suffix.lower().lstrip(".")
    if kind == "txt":
        return name, ("\n".join(lines) + "\n").encode()
    return name, _drawn(str(file.get("draws", "paper")), kind, tuple(lines))


@lru_cache(maxsize=64)
def _drawn(picture: str, kind: str, lines: tuple[str, ...]) -> bytes:
    made = typst.compile(
        str(TEMPLATE), format="png" if kind == "png" else "pdf", ppi=DOTS_PER_INCH, ignore_system_fonts=True,
        font_paths=[str(Path(pylopdf_fonts_zh_cn.__file__).parent)],
        sys_inputs={"data": json.dumps({"picture": picture, "lines": lines}, ensure_ascii=False)},
    )  # fmt: skip
    return bytes(made)
