"""The columns of the queue: which there are, which are usual, and which somebody chose."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext

USUAL = ("level", "state", "owner", "due", "told", "word", "received")


def titles() -> dict[str, str]:
    """Every column on offer beside number and subject, in the order of the table."""
    return {
        "level": gettext("级别"), "state": gettext("状态"), "owner": gettext("承办"), "due": gettext("最近到期"),
        "told": gettext("最近联系"), "word": gettext("下次告知客户"), "category": gettext("类别"), "kind": gettext("类型"), "channel": gettext("渠道"),
        "desk": gettext("受理台"), "partner": gettext("合作方"), "received": gettext("收到"), "changed": gettext("最近更新"),
    }  # fmt: skip


OF_OPEN_CASES = ("due", "word")
"""What is empty in every line of the archive."""


def chosen(kept: str, part: str = "") -> dict[str, str]:
    """The columns to show with their titles in a part of the queue; what is kept may name one that is no more.

    The archive says last, by which it is ordered: when each case was archived.
    """
    offered = {name: title for name, title in titles().items() if part != "archive" or name not in OF_OPEN_CASES}
    wanted = [name for name in kept.split(",") if name in offered] or list(USUAL)
    shown = {name: title for name, title in offered.items() if name in wanted}
    return shown | ({"archived": gettext("归档时间")} if part == "archive" else {})


def known(names: Iterable[str]) -> list[str]:
    """Those of the names that are columns, in the order of the table."""
    wanted = set(names)
    return [name for name in titles() if name in wanted]
