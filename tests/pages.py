"""What stands on pages, as a reader sees it: the text, and the tables of counts."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client

TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)


def text_of(response: Any) -> str:
    """The words of a page without its markup; the page has to be there."""
    assert response.status_code == 200, response.content.decode()[:2000]
    return in_words(response.content.decode())


def text_at_a_desk(response: Any) -> str:
    """The words of a page as a wide window shows them: heads of columns are not repeated in the cells, as on a phone."""
    assert response.status_code == 200, response.content.decode()[:2000]
    return in_words(re.sub(r'<span class="only-small[^>]*>.*?</span>', "", response.content.decode()))


def in_words(html: str) -> str:
    return " ".join(unescape(TAG.sub(" ", html)).split())


def tables_of(response: Any) -> list[tuple[str, dict[str, int]]]:
    """The tables of the page of counts: their title, and the sum under every head that is not nought."""
    assert response.status_code == 200, response.content.decode()[:2000]
    sections = re.findall(r"<section.*?</section>", response.content.decode(), re.DOTALL)
    return [(in_words(_first("h2", section)), _sums(section)) for section in sections]


def _sums(section: str) -> dict[str, int]:
    heads = [in_words(head) for head in re.findall(r"<th\b.*?</th>", section, re.DOTALL)]
    sums = [in_words(cell) for cell in re.findall(r"<td\b.*?</td>", _first("tfoot", section), re.DOTALL)]
    return {head: int(n) for head, n in zip(heads[1:], sums[1:], strict=True) if int(n)}


def _first(tag: str, html: str) -> str:
    found = re.search(rf"<{tag}\b.*?</{tag}>", html, re.DOTALL)
    return found.group(0) if found else ""


def sent_again(client: Client, address: str, page: str) -> Any:
    """Press the button of a page that holds what was typed: everything goes to its address, with its token."""
    assert '<form method="post"' in page
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    data: dict[str, list[str]] = {"csrfmiddlewaretoken": [token[1]]} if token else {}
    for name, value in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', page, re.DOTALL):
        data.setdefault(name, []).append(unescape(value))
    return client.post(address, data)
