"""How a form looks on paper: lines of cells, headings, fixed texts, opinions and signatures, as the company draws it."""

from __future__ import annotations

from pydantic import Field, model_validator

from amends.core.policy.base import Name, Piece, Title

MOST_CELLS = 3
"""So many fields stand side by side on paper; a longer line of the pack goes over several."""

CASE_WORDS: dict[str, str] = {
    "number": "编号",
    "kind": "类型",
    "channel": "受理渠道",
    "state": "当前状态",
    "received_at": "收到时间",
    "registered_at": "登记时间",
    "registered_by": "登记人",
    "due_at": "办理期限",
    "closed_at": "办结时间",
    "archived_at": "归档时间",
    "desk": "受理部门",
    "hotline": "客服热线",
    "department": "责任部门",
    "team": "业务团队",
    "handler": "承办人",
    "round": "协商轮次",
    "cycle": "办理次数",
}
"""What the product knows of every case and can print, with its words where the pack has no field of that name."""

PROCEEDING_WORDS: dict[str, str] = {
    "proceeding_number": "程序编号",
    "proceeding_title": "程序名称",
    "proceeding_state": "程序状态",
    "proceeding_begun_at": "发起时间",
    "proceeding_begun_by": "发起人",
    "proceeding_due_at": "程序期限",
    "proceeding_ended_at": "程序办结时间",
}
"""What the product knows of every proceeding and can print beside that; empty on papers of a case."""


class PrintCell(Piece):
    """One field on paper. `title` replaces its own, `lines` is the room left for handwriting, `wide` its share of the line.

    `boxes` prints all choices with a box each; left out, a choice does so while there are few enough of them.
    """

    field: Name
    title: Title | None = None
    lines: int | None = Field(default=None, ge=1, le=30)
    boxes: bool | None = None
    wide: int = Field(default=1, ge=1, le=6)


class Signature(Piece):
    """Somebody signs with the date. Once `verb` was done, who did it and when stand there already."""

    title: Title
    verb: Name | None = None


class Opinion(Piece):
    """An opinion with room to write and to sign below it. `field` holds what was entered, `verb` says who did."""

    title: Title
    field: Name | None = None
    verb: Name | None = None
    lines: int = Field(default=3, ge=1, le=30)


class PrintRow(Piece):
    """One line of the printed form: exactly one of cells, a heading, a fixed text, an opinion, signatures or approvals.

    A field of rows stands alone in its line and becomes a table of its own. `approvals` names a chain: each of its steps is
    an opinion with whoever decided it.
    """

    cells: tuple[Name | PrintCell, ...] = ()
    heading: Title | None = None
    text: Title | None = None
    opinion: Opinion | None = None
    signature: tuple[Title | Signature, ...] = ()
    approvals: Name | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> PrintRow:
        given = [self.cells, self.heading, self.text, self.opinion, self.signature, self.approvals]
        if sum(bool(part) for part in given) != 1:
            raise ValueError("a printed line is one of cells, heading, text, opinion, signature and approvals")
        return self

    def boxed_cells(self) -> tuple[PrintCell, ...]:
        """The cells of the line, each in full."""
        return tuple(cell if isinstance(cell, PrintCell) else PrintCell(field=cell) for cell in self.cells)

    def signatures(self) -> tuple[Signature, ...]:
        """Who signs in this line."""
        return tuple(one if isinstance(one, Signature) else Signature(title=one) for one in self.signature)

    def names(self) -> tuple[str, ...]:
        """The fields that the line shows."""
        opinion = (self.opinion.field,) if self.opinion and self.opinion.field else ()
        return (*(cell.field for cell in self.boxed_cells()), *opinion)

    def verbs(self) -> tuple[str, ...]:
        """The verbs whose doers sign in the line."""
        signers = [one.verb for one in self.signatures()] + [self.opinion.verb if self.opinion else None]
        return tuple(verb for verb in signers if verb)


class Printed(Piece):
    """How the form looks on paper. Fields of other forms of the case may be named; blank ones print empty.

    `code` is the company's own number of the form, printed beside its title.
    """

    title: Title
    code: str | None = Field(default=None, max_length=40)
    rows: tuple[PrintRow, ...]
