"""What a mail in HTML says, as plain text. Nothing of it is fetched, run or shown as HTML."""

from __future__ import annotations

import re

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

UNSEEN = {"script", "style", "head", "title", "template", "noscript", "object", "iframe"}
BLOCKS = {
    "address", "article", "blockquote", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul",
}  # fmt: skip
SPACES = re.compile(r"[ \t\r\n\f]+")
BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def text_of_html(html: str) -> str:
    """Paragraphs as lines, list items with a dash, cells with a gap; empty for what is no HTML at all."""
    plain = html.replace("\x00", "")
    if not plain.strip():
        return ""
    try:
        root = document_fromstring(
            plain, parser=HTMLParser(recover=True, huge_tree=False, remove_comments=True, remove_pis=True)
        )
    except (etree.ParserError, ValueError):
        return ""
    pieces: list[str] = []
    _collect(root, pieces)
    lines = "".join(pieces).replace("\u00a0", " ")
    return BLANK_LINES.sub("\n\n", "\n".join(line.strip() for line in lines.split("\n"))).strip()


def _collect(root: HtmlElement, pieces: list[str]) -> None:
    """Without recursion: mails nest tables a thousand deep."""
    stack: list[tuple[str, HtmlElement]] = [("open", root)]
    while stack:
        step, element = stack.pop()
        name = element.tag if isinstance(element.tag, str) else ""
        if step == "close":
            pieces.append(_after(name))
            pieces.append(SPACES.sub(" ", element.tail or "") if element is not root else "")
            continue
        stack.append(("close", element))
        if not name or name in UNSEEN:
            continue
        pieces.append(_before(name) if name != "img" else SPACES.sub(" ", element.get("alt") or ""))
        pieces.append(SPACES.sub(" ", element.text or "") if name != "pre" else element.text or "")
        stack.extend(("open", child) for child in reversed(element))


def _before(name: str) -> str:
    if name == "br":
        return "\n"
    if name == "li":
        return "\n- "
    return "\n" if name in BLOCKS else ""


def _after(name: str) -> str:
    if name == "p":
        return "\n\n"
    if name in {"td", "th"}:
        return " "
    return "\n" if name in BLOCKS else ""
