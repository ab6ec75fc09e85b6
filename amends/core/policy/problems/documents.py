"""Documents that write themselves: every name they use exists, their texts say only what figures show, and somebody gets them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from amends.core.documents import FROM, TO, filled_in, placeholders
from amends.core.policy.documents import Block, Document
from amends.core.policy.problems.names import one_for_each_name
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.world import World

DIMENSIONS = (
    "department", "team", "handler", "partner", "category", "category_path", "cause", "product", "product_version", "region", "channel",
    "channel_group", "kind", "level", "urgent", "outcome", "state", "counts", "taken_over",
)  # fmt: skip
ASKED = ("", "before", "change", "sample")


def document_problems(world: World) -> Iterator[Problem]:
    """What is wrong in reports.yaml."""
    documents = world.pack.reports.documents
    carried = Counter(document.proceeding for document in documents.values())
    for name, document in documents.items():
        path: Path = ("reports", "documents", name)
        yield from one_for_each_name(
            world, (*path, "proceeding"), "proceeding", name, (document.proceeding,), world.pack.proceedings
        )
        if carried[document.proceeding] > 1:
            yield Problem(
                (*path, "proceeding"), "kind_with_two_documents", name, "一种程序只能承载一份报告。", "a kind of proceeding carries one document only."
            )  # fmt: skip
            carried[document.proceeding] = 1
        if document.proceeding in world.pack.proceedings:
            yield from _kind_problems(world, path, name, document)
        if document.reporter:
            yield from one_for_each_name(world, (*path, "reporter"), "field", name, (document.reporter,), world.fields)
        for p, part in enumerate(document.parts):
            for b, block in enumerate(part.blocks):
                yield from _block_problems(world, (*path, "parts", p, "blocks", b), name, document, block)


def _kind_problems(world: World, path: Path, name: str, document: Document) -> Iterator[Problem]:
    kind = world.pack.proceedings[document.proceeding]
    first = next((t for t in kind.transitions if not t.from_), None)
    form = world.pack.forms.get(first.form or "") if first else None
    if (
        kind.about == "case"
        or first is None
        or first.verb != "draw_up"
        or form is None
        or not (form.field(FROM) and form.field(TO))
    ):
        yield Problem(
            (*path, "proceeding"), "carries_no_document", name,
            f"“{document.proceeding}”须属于受理台（about: desk），以 draw_up 发起，其表单有 {FROM} 和 {TO}。",
            f'"{document.proceeding}" has to stand by itself (about: desk) and begin with draw_up, whose form asks for {FROM} and {TO}.',
        )  # fmt: skip
    verbs = {t.verb for t in kind.transitions}
    signed = [one.verb for one in document.signatures() if one.verb]
    yield from one_for_each_name(world, (*path, "signature"), "verb", name, signed, verbs)
    releases = [t for t in kind.transitions if t.verb == "release"]
    if not any(notice.to for t in releases for notice in t.notifies):
        yield Problem(
            (*path, "proceeding"), "document_without_readers", name, "报告发布时没有告知任何角色（release 的 notifies）。",
            "nobody is told when it is released (notifies of release).",
        )  # fmt: skip


def _block_problems(world: World, path: Path, name: str, document: Document, block: Block) -> Iterator[Problem]:
    indicators = [one.id for one in world.pack.kpis.indicators]
    asked = [*block.indicators, *filter(None, (block.of, block.chart))]
    yield from one_for_each_name(world, path, "indicator", name, asked, indicators)
    schemes = [scheme.id for scheme in world.pack.categories.schemes]
    yield from one_for_each_name(world, path, "dimension", name, filter(None, (block.by,)), DIMENSIONS)
    yield from one_for_each_name(world, path, "dimension", name, filter(None, (block.counts,)), (*DIMENSIONS, *schemes))
    yield from one_for_each_name(
        world, path, "proceeding", name, filter(None, (block.records,)), world.pack.proceedings
    )
    kind = world.pack.proceedings.get(block.records or "")
    if block.which == "registered" and kind is not None and kind.register_ is None:
        yield Problem(
            (*path, "which"), "no_register", name, f"“{block.records}”没有台账（register），不能按台账汇总。",
            f'"{block.records}" is kept in no register, so that nothing of it can be counted by one.',
        )  # fmt: skip
    names = [
        *block.columns,
        *filter(None, (block.text, block.sum)),
        *(() if block.per in (None, "state") else (block.per,)),
    ]
    yield from one_for_each_name(world, path, "field", name, names, world.fields)
    for text in (block.says.zh_hans, block.says.en or "") if block.says else ():
        yield from _text_problems(world, (*path, "says"), name, document, text, indicators)


def _text_problems(
    world: World, path: Path, name: str, document: Document, text: str, indicators: list[str]
) -> Iterator[Problem]:
    blocks = [block for _, block in document.blocks()]
    if "{" in (rest := filled_in(text, lambda word, asked: "")) or "}" in rest:
        yield Problem(
            path, "unknown_placeholder", name, "大括号里只能写占位符，例如 {received} 或 {received:change}。",
            "braces hold placeholders only, such as {received} or {received:change}.",
        )  # fmt: skip
    counted, recorded = [b.counts for b in blocks if b.counts], [b.records for b in blocks if b.records]
    for word, asked in placeholders(text):
        if word in ("period", "desk") and not asked:
            continue
        if word == "most":
            yield from one_for_each_name(world, path, "dimension", name, (asked,), counted)
        elif word == "records":
            yield from one_for_each_name(world, path, "proceeding", name, (asked,), recorded)
        else:
            yield from one_for_each_name(world, path, "indicator", name, (word,), indicators)
            if asked not in ASKED:
                yield Problem(
                    path, "unknown_placeholder", name, f"占位符“{word}:{asked}”不能用。", f'"{word}:{asked}" is not a placeholder.'
                )  # fmt: skip
