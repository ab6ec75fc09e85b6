"""Templates as they are kept in memory: once for each language, with everything that never changes put together beforehand.

Most of a page is the same for everybody who reads it in one language: markup, words, icons, addresses without a key. Here those
pieces become one text when a template is read; what is left becomes functions (`saying.py`). What a template says stays what
Django makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.template import Context, Template
from django.template.base import FilterExpression, Node, NodeList, TextNode, Variable
from django.template.defaulttags import CommentNode, IfNode, LoadNode, URLNode
from django.template.loaders.cached import Loader as KeptInMemory
from django.templatetags.i18n import TranslateNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch, get_script_prefix
from django.utils.translation import get_language

from amends.web.saying import hasten
from amends.web.templatetags.amends_words import icon, live_words

ALWAYS_THE_SAME = frozenset({icon, live_words})
"""Tags that say the same for the same words in one language."""


class Loader(KeptInMemory):
    """Keeps every template once for each language, folded."""

    def cache_key(self, template_name: str, skip: Any = None) -> str:
        return f"{get_language()} {get_script_prefix()} {super().cache_key(template_name, skip)}"

    def get_template(self, template_name: str, skip: Any = None) -> Template:
        is_new = self.cache_key(template_name, skip) not in self.get_template_cache
        template: Template = super().get_template(template_name, skip)
        if is_new:
            fold(template.nodelist)
            # While a program is mended, Django's own way says in which line of a template something is wrong.
            if not (self.engine.debug or self.engine.string_if_invalid):
                hasten(template)
        return template


def fold(nodes: NodeList) -> None:
    """Put neighbours that never change together, here and in every list of nodes within."""
    kept: list[Node] = []
    for node in nodes:
        for inner in lists_within(node):
            fold(inner)
        text = text_of(node)
        if text is None:
            kept.append(node)
        elif kept and isinstance(kept[-1], TextNode):
            kept[-1] = TextNode(kept[-1].s + text)
        else:
            kept.append(TextNode(text))
    nodes[:] = kept


def lists_within(node: Node) -> Iterator[NodeList]:
    if isinstance(node, IfNode):
        yield from (nodes for _, nodes in node.conditions_nodelists)
        return
    for name in node.child_nodelists:
        inner = getattr(node, name, None)
        if isinstance(inner, NodeList):
            yield inner


def text_of(node: Node) -> str | None:
    """What a node says to everybody who reads in the present language; None when that depends."""
    if isinstance(node, TextNode):
        return str(node.s)
    if isinstance(node, LoadNode | CommentNode):
        return ""
    if not _never_changes(node):
        return None
    try:
        return str(node.render(Context()))
    except NoReverseMatch:
        return None


def _never_changes(node: Node) -> bool:
    if isinstance(node, TranslateNode):
        about = node.message_context
        return not node.asvar and (not about or is_constant(about)) and is_constant(node.filter_expression)
    if isinstance(node, StaticNode):
        return node.varname is None and is_constant(node.path)
    if isinstance(node, URLNode):
        return node.asvar is None and not node.args and not node.kwargs and is_constant(node.view_name)
    if getattr(node, "func", None) in ALWAYS_THE_SAME:
        words = [*node.args, *node.kwargs.values()]  # type: ignore[attr-defined]
        return node.target_var is None and all(is_constant(word) for word in words)  # type: ignore[attr-defined]
    return False


def is_constant(expression: FilterExpression) -> bool:
    if expression.filters:
        return False
    return not isinstance(expression.var, Variable) or expression.var.lookups is None
