"""reports.yaml: documents that write themselves. Each is a proceeding of the desk whose beginning keeps the figures of its period."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.printing import Signature

Every = Literal["month", "quarter", "free"]
Column = Literal[
    "received", "category", "channel", "kind", "level", "department", "handler", "state", "outcome", "closed", "in_time", "score",
]  # fmt: skip
"""What a list of cases in a document may show beside the number."""


RELEASE, SEND_BACK = "release", "send_back"
"""The verbs by which a document goes out, and by which whoever should sign it gives it back to its author."""


class Due(Piece):
    """By when a document has to be released: the `day` of the month so many `months` after the last one of its period.

    Whether that day itself still counts is said by `counts_day`: if not, the day before is the last one. Source: SVC-3.1b
    """

    day: int = Field(ge=1, le=28)
    months: int = Field(default=1, ge=0, le=12)
    counts_day: bool = True


class Block(Ruled):
    """One thing in a part of a document: exactly one of text, indicators, counts, cases, records, chart and scores.

    - `text` is a field in which the text of the document is kept; with `says` it is written beforehand from what the
      figures show, without it the author writes it.
    - `indicators` are lines of figures beside the period before and the same one of the year before; `by` a dimension, they are a table of groups.
    - `counts` is a dimension, or a category scheme of which a case may have several values: every value with its number and share, `of` an indicator whose cases are counted (left out: all
      that came in), `samples` typical cases without anybody's name, `always` values that are listed at zero as well.
    - `cases` are the columns of the list of cases that came in.
    - `records` is a kind of proceeding: those `begun` in the period, `ended` in it, `registered` with a day in it (what its register shows for the period), `started` by this document, or `carried` forward, which
      are those that released documents of this kind started; with the latest values of `columns`, or in numbers by the field `per`
      with the `sum` of a field.
    - `chart` is an indicator over the last `months` months, by month.
    - `scores` is the scorecard of every department.
    """

    title: Title | None = None
    text: Name | None = None
    says: Title | None = None
    indicators: tuple[Name, ...] = ()
    by: Name | None = None
    counts: Name | None = None
    of: Name | None = None
    samples: int = Field(default=0, ge=0, le=3)
    always: tuple[str, ...] = ()
    cases: tuple[Column, ...] = ()
    records: Name | None = None
    which: Literal["begun", "ended", "registered", "started", "carried"] = "begun"
    columns: tuple[Name, ...] = ()
    per: Name | None = None
    sum: Name | None = None
    chart: Name | None = None
    months: int = Field(default=12, ge=3, le=36)
    scores: bool = False

    @model_validator(mode="after")
    def _is_one_thing(self) -> Block:
        shown = (self.text, self.indicators, self.counts, self.cases, self.records, self.chart, self.scores)
        if sum(bool(one) for one in shown) != 1:
            raise ValueError("a block is one of text, indicators, counts, cases, records, chart and scores")
        if self.says and not self.text:
            raise ValueError("says belongs to text: the field in which the text is kept")
        return self


class Part(Ruled):
    """A chapter of a document."""

    id: Name
    title: Title
    blocks: tuple[Block, ...] = Field(min_length=1)


class Document(Ruled):
    """One document: its title (with `{year}`, `{quarter}` and `{month}` of its period), for which periods it is written, by when, and its parts. With
    `any_days` somebody may also begin it for days that are no whole period.

    `proceeding` is the kind that carries it: its first verb is draw_up with the fields period_from and period_to, who may begin,
    write and release it and who is told stand there. `reporter` is the field with the name that the document stands under.
    `signature` are those who sign its papers, the author first: a title alone is signed by hand, with a `verb` by doing that after the release.
    """

    title: Title
    code: str | None = Field(default=None, max_length=40)
    period: Every = "month"
    any_days: bool = False
    due: Due | None = None
    proceeding: Name
    reporter: Name | None = None
    signature: tuple[Title | Signature, ...] = Field(default=(), max_length=4)
    parts: tuple[Part, ...] = Field(min_length=1)

    def signatures(self) -> tuple[Signature, ...]:
        """Who signs its papers; the author signs by releasing it."""
        signers = [one if isinstance(one, Signature) else Signature(title=one) for one in self.signature]
        return tuple(
            one if n or one.verb else Signature(title=one.title, verb=RELEASE) for n, one in enumerate(signers)
        )

    def blocks(self) -> tuple[tuple[str, Block], ...]:
        """Every block under its place: the part and its number in it."""
        return tuple((f"{part.id}.{n}", block) for part in self.parts for n, block in enumerate(part.blocks, start=1))


class Documents(Piece):
    """reports.yaml as a whole."""

    documents: dict[Name, Document] = {}

    def of_kind(self, kind: str) -> tuple[str, Document] | None:
        """The document that a kind of proceeding carries; None for every other kind."""
        return next(((name, one) for name, one in self.documents.items() if one.proceeding == kind), None)
