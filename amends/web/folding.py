"""Templates as they are kept in memory: once for each language, with everything that never changes put together beforehand.

Most of a page is the same for everybody who reads it in one language: markup, words, icons, addresses without a key. Here those
pieces become one text when a template is read, and looking up a variable takes the short way where there is one. What a
template says stays what Django makes of it; whatever is out of the ordinary goes Django's own way.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from django.template import Context, Template
from django.template.base import FilterExpression, Node, NodeList, TextNode, Variable, VariableNode
from django.template.defaulttags import CommentNode, IfNode, LoadNode, TemplateLiteral, URLNode
from django.template.loader_tags import IncludeNode
from django.template.loaders.cached import Loader as KeptInMemory
from django.templatetags.i18n import TranslateNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch, get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language

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
        return template


def fold(nodes: NodeList) -> None:
    """Put neighbours that never change together, here and in every list of nodes within."""
    kept: list[Node] = []
    for node in nodes:
        for inner in lists_within(node):
            fold(inner)
        for expression in expressions_in(list(vars(node).values())):
            shorten(expression)
        text = text_of(node)
        if text is None:
            kept.append(quick(node))
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
        return not node.asvar and not node.message_context and is_constant(node.filter_expression)
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


# The short way


def expressions_in(values: list[Any]) -> Iterator[FilterExpression]:
    """Every expression that a node holds, in lists and mappings as well; nodes within nodes are folded by themselves."""
    for value in values:
        if isinstance(value, FilterExpression):
            yield value
        elif isinstance(value, list | tuple) and not isinstance(value, NodeList):
            yield from expressions_in(list(value))
        elif isinstance(value, dict):
            yield from expressions_in(list(value.values()))
        elif isinstance(value, TemplateLiteral):
            yield value.value  # type: ignore[misc]
        elif hasattr(value, "first"):
            yield from expressions_in([value.first, value.second])


def shorten(expression: FilterExpression) -> None:
    """Have the variable of an expression, and those among the arguments of its filters, looked up by the short way."""
    expression.var = _shortened(expression.var)
    expression.filters = [
        (function, [(looked_up, _shortened(word)) for looked_up, word in words])
        for function, words in expression.filters
    ]


def _shortened(var: Any) -> Any:
    is_looked_up = type(var) is Variable and var.lookups is not None and not var.translate
    return ShortVariable(var.var) if is_looked_up else var


def quick(node: Node) -> Node:
    """The node, or one that says the same sooner."""
    if type(node) is VariableNode and not node.filter_expression.filters:
        if isinstance(node.filter_expression.var, ShortVariable):
            return _with_place_of(node, PlainVariable(node.filter_expression))
    elif type(node) is IncludeNode and is_constant(node.template) and not node.isolated_context:
        return _with_place_of(node, Included(node.template, extra_context=node.extra_context))
    return node


def _with_place_of(old: Node, new: Node) -> Node:
    new.token, new.origin = old.token, old.origin
    return new


class ShortVariable(Variable):
    """Goes straight to keys of dictionaries and to attributes; lists, methods and what is not there go Django's way."""

    def resolve(self, context: Any) -> Any:
        value = short_way(context, self.lookups or ())
        return super().resolve(context) if value is NOT_SHORT else value


NOT_SHORT = object()
_has_keys: dict[type, bool] = {}
"""Whether things of a type are asked by key first, as Django does."""


def short_way(context: Any, path: tuple[str, ...]) -> Any:
    for layer in reversed(context.dicts):
        if path[0] in layer:
            value = layer[path[0]]
            break
    else:
        return NOT_SHORT
    for bit in path[1:]:
        kind = value.__class__
        if kind is dict:
            value = value.get(bit, NOT_SHORT)
        elif _is_asked_by_key(kind) or callable(value):
            return NOT_SHORT
        else:
            try:
                value = getattr(value, bit)
            except Exception:  # Django knows which failures are silent, and tells of the others.
                return NOT_SHORT
    return NOT_SHORT if callable(value) else value


def _is_asked_by_key(kind: type) -> bool:
    if kind not in _has_keys:
        _has_keys[kind] = hasattr(kind, "__getitem__")
    return _has_keys[kind]


class PlainVariable(VariableNode):
    """A variable without filters: a text needs to be escaped and nothing else."""

    def render_annotated(self, context: Any) -> Any:
        value = short_way(context, self.filter_expression.var.lookups)
        if value.__class__ is str and context.autoescape:
            return html.escape(value)
        if value.__class__ is SafeString:
            return value
        return super().render_annotated(context)


class Included(IncludeNode):
    """A template that is always the same one: it is looked for once. This node belongs to one language, and so does it."""

    found: Template | None = None

    def render(self, context: Any) -> Any:
        if self.found is None:
            self.found = context.template.engine.get_template(self.template.resolve(context))
        values = {name: var.resolve(context) for name, var in self.extra_context.items()}
        with context.push(**values):
            return self.found.render(context)
