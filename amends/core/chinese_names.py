"""How customers are addressed: the family name with the form of address, as it is said in Chinese."""

from __future__ import annotations

import re

_DOUBLE_SURNAMES = frozenset({
    "欧阳", "司马", "上官", "诸葛", "司徒", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "长孙", "宇文", "东方", "南宫", "令狐", "端木",
})  # fmt: skip


def addressed(name: str, salutation: str, *, otherwise: str) -> str:
    """How a customer is addressed: the family name with the form of address, or the name as written where it is not Chinese.

    `otherwise` stands where no form of address is known. Source: MKT-5.2
    """
    name = name.strip()
    if not re.match(r"[\u4e00-\u9fff]", name):
        return f"{salutation} {name}".strip() if name and salutation else name or otherwise
    if name in NAMELESS:
        return otherwise
    return family_name(name) + (salutation or otherwise)


def family_name(name: str) -> str:
    """The family name that a Chinese name begins with."""
    return name[:2] if name[:2] in _DOUBLE_SURNAMES else name[:1]


def forms_of_address(name: str) -> set[str]:
    """How somebody of this name may be addressed in a letter: the family name with a form of address; none for what is no
    personal name.
    """
    name = name.strip()
    if name in NAMELESS or not re.fullmatch(r"[\u4e00-\u9fff]{2,4}", name):
        return set()
    return {family_name(name) + called for called in _CALLED}


_CALLED = ("先生", "女士", "小姐", "太太", "老师", "师傅", "经理", "老板", "总", "工")


NAMELESS = frozenset({"匿名", "不详", "未知", "客户"})
"""What stands in the field of the name where nobody gave one."""
