"""Nodes of templates as functions: what a node says, given the names that are known where it stands.

Django looks for a name in a pile of dictionaries, from the top down, and asks of everything that it finds whether it has keys,
attributes, places or a call. Here all names known at a place are one dictionary, and each node becomes a function that was put
together when its template was read. What a template says stays what Django makes of it (`tests/web/test_folding.py` compares the
two); a node of any other kind, and a value that is out of the ordinary, go Django's own way.

A template is read for one language and one place of the installation, so neither is asked for again: an address is put together with
the prefix of that place, and a filter that takes a `tongue` is told the language.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.template import Context, Template
from django.template.base import (
    FilterExpression,
    Node,
    NodeList,
    TextNode,
    Variable,
    VariableDoesNotExist,
    VariableNode,
    render_value_in_context,
)
from django.template.defaulttags import (
    CsrfTokenNode,
    CycleNode,
    ForNode,
    IfChangedNode,
    IfNode,
    ResetCycleNode,
    TemplateLiteral,
    URLNode,
    WithNode,
)
from django.template.library import InclusionNode, SimpleNode
from django.template.loader_tags import BlockNode, ExtendsNode, IncludeNode
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.l10n import LocalizeNode
from django.urls import NoReverseMatch, get_script_prefix
from django.utils.html import conditional_escape
from django.utils.safestring import SafeData, SafeString
from django.utils.timezone import template_localtime  # type: ignore[attr-defined]
from django.utils.translation import gettext, ngettext

from amends.doors.wording import language
from amends.web.addresses import address_below

Names = dict[str, Any]
Say = Callable[[Names, Context], str]
Find = Callable[[Names, Context], Any]

ABSENT = object()
CONSTANTS: Names = {"True": True, "False": False, "None": None}
"""What every template knows."""

REMEMBERING: Any = (BlockNode, CycleNode, ExtendsNode, IfChangedNode, ResetCycleNode)
"""Nodes that keep something for the template in which they stand, so that it has to be drawn as one."""


class Said(Node):
    """Nodes that are drawn by a function, wherever nothing but that is asked for."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self.say = say_all(nodelist)

    def render(self, context: Any) -> str:
        if not context.autoescape:
            return self.nodelist.render(context)
        layers = context.dicts
        try:
            return self.say(context.flatten(), context)
        finally:
            context.dicts = layers


def hasten(nodes: NodeList) -> None:
    """Have a template, and each of its blocks, drawn by functions; one that extends another is nothing but its blocks."""
    blocks: list[Any] = nodes.get_nodes_by_type(BlockNode)
    for block in blocks:
        _hasten(block.nodelist)
    if not any(isinstance(node, ExtendsNode) for node in nodes):
        _hasten(nodes)


def _hasten(nodes: NodeList) -> None:
    if any(type(node) is not TextNode for node in nodes):
        nodes[:] = [Said(NodeList(nodes))]


# Nodes


def say_all(nodes: Iterable[Node]) -> Say:
    """What several nodes say, one after the other."""
    every = list(nodes)
    texts = [str(node.s) if type(node) is TextNode else "" for node in every]
    says = [(place, say_of(node)) for place, node in enumerate(every) if type(node) is not TextNode]
    if not says:
        return _saying("".join(texts))
    if len(every) == 1:
        return says[0][1]

    def say(names: Names, context: Context) -> str:
        said = texts.copy()
        for place, part in says:
            said[place] = part(names, context)
        return "".join(said)

    return say


def _saying(text: str) -> Say:
    return lambda names, context: text


def say_of(node: Node) -> Say:
    """What a node says; of a kind that is not known here, what Django has it say."""
    way = WAYS.get(type(node))
    found = way(node) if way else None
    return found or _say_as_django_does(node)


def _say_as_django_does(node: Any) -> Say:
    def say(names: Names, context: Context) -> str:
        context.dicts = [names]
        return node.render_annotated(context)

    return say


def _variable(node: VariableNode) -> Say:
    find = find_in(node.filter_expression, missing="")

    def say(names: Names, context: Context) -> str:
        value = find(names, context)
        return html.escape(value) if value.__class__ is str else _shown(value, context)

    return say


def _shown(value: Any, context: Context) -> str:
    """A value as it stands in a page."""
    if value.__class__ is str:
        return html.escape(value)
    if value.__class__ is SafeString:
        return value
    if value.__class__ in (int, float) and context.use_l10n is False:
        return str(value)
    if value.__class__ is int and not settings.USE_THOUSAND_SEPARATOR:
        return str(value)
    return render_value_in_context(value, context)


def _if(node: Any) -> Say:
    branches = [(_test_of(test) if test else _always, say_all(nodes)) for test, nodes in node.conditions_nodelists]

    def say(names: Names, context: Context) -> str:
        for holds, then in branches:
            try:
                is_met = holds(names, context)
            except VariableDoesNotExist:  # A condition that asks for what is not there does not hold.
                is_met = False
            if is_met:
                return then(names, context)
        return ""

    return say


def _always(names: Names, context: Context) -> bool:
    return True


def _test_of(part: Any) -> Find:
    """What a part of a condition comes to."""
    if part.id == TemplateLiteral.id:
        return find_in(part.value, missing=None)
    first = _test_of(part.first)
    second = _test_of(part.second) if part.second is not None else first
    return OPERATORS[part.id](first, second)


def _operator(function: Callable[[Find, Find, Names, Context], Any]) -> Callable[[Find, Find], Find]:
    """An operator of conditions; one that can not be applied does not hold."""

    def of(first: Find, second: Find) -> Find:
        def holds(names: Names, context: Context) -> Any:
            try:
                return function(first, second, names, context)
            except Exception:  # As Django has it: a condition never ends a page.
                return False

        return holds

    return of


OPERATORS = {
    "or": _operator(lambda a, b, names, context: a(names, context) or b(names, context)),
    "and": _operator(lambda a, b, names, context: a(names, context) and b(names, context)),
    "not": _operator(lambda a, _, names, context: not a(names, context)),
    "in": _operator(lambda a, b, names, context: a(names, context) in b(names, context)),
    "not in": _operator(lambda a, b, names, context: a(names, context) not in b(names, context)),
    "is": _operator(lambda a, b, names, context: a(names, context) is b(names, context)),
    "is not": _operator(lambda a, b, names, context: a(names, context) is not b(names, context)),
    "==": _operator(lambda a, b, names, context: a(names, context) == b(names, context)),
    "!=": _operator(lambda a, b, names, context: a(names, context) != b(names, context)),
    ">": _operator(lambda a, b, names, context: a(names, context) > b(names, context)),
    ">=": _operator(lambda a, b, names, context: a(names, context) >= b(names, context)),
    "<": _operator(lambda a, b, names, context: a(names, context) < b(names, context)),
    "<=": _operator(lambda a, b, names, context: a(names, context) <= b(names, context)),
}


def _for(node: Any) -> Say:
    find, each, none = find_in(node.sequence, missing=None), say_all(node.nodelist_loop), say_all(node.nodelist_empty)
    variables = node.loopvars

    def say(names: Names, context: Context) -> str:
        values = find(names, context)
        if values is None:
            values = ()
        elif not hasattr(values, "__len__"):
            values = list(values)
        inner, count, said = {**names}, len(values), []
        if not count:
            return none(inner, context)
        loop = inner["forloop"] = {"parentloop": names.get("forloop", {})}
        for place, item in enumerate(reversed(values) if node.is_reversed else values):
            loop["counter0"], loop["counter"] = place, place + 1
            loop["revcounter0"], loop["revcounter"] = count - place - 1, count - place
            loop["first"], loop["last"] = place == 0, place == count - 1
            if len(variables) == 1:
                inner[variables[0]] = item
                said.append(each(inner, context))
            else:
                said.append(each({**inner, **_unpacked(variables, item)}, context))
        return "".join(said)

    return say


def _unpacked(variables: list[str], item: Any) -> Names:
    count = len(item) if hasattr(item, "__len__") else 1
    if count != len(variables):
        raise ValueError(f"Need {len(variables)} values to unpack in for loop; got {count}. ")
    return dict(zip(variables, item, strict=True))


def _with(node: WithNode) -> Say:
    add, say_inner = _adding(node.extra_context), say_all(node.nodelist)
    return lambda names, context: say_inner(add(names, context), context)


def _localize(node: LocalizeNode) -> Say:
    """Numbers as a language writes them, or as machines do."""
    say_inner = say_all(node.nodelist)

    def say(names: Names, context: Context) -> str:
        before = context.use_l10n
        context.use_l10n = node.use_l10n
        try:
            return say_inner(names, context)
        finally:
            context.use_l10n = before

    return say


def _adding(extra: Mapping[str, FilterExpression]) -> Callable[[Names, Context], Names]:
    """The names of a scope of its own: those that were known, and some more."""
    finds = [(name, find_in(expression, missing="")) for name, expression in extra.items()]

    def add(names: Names, context: Context) -> Names:
        inner = {**names}
        for name, find in finds:
            inner[name] = find(names, context)
        return inner

    return add


def _include(node: IncludeNode) -> Say | None:
    """A template that is always the same one is looked for once: this node belongs to one language, and so does it."""
    name = constant_of(node.template)
    if not isinstance(name, str) or name.startswith(".") or node.isolated_context:
        return None
    add = _adding(node.extra_context)
    draw: Say | None = None

    def say(names: Names, context: Context) -> str:
        nonlocal draw
        if draw is None:
            draw = _drawing(context.template.engine.get_template(name))  # type: ignore[union-attr]
        return draw(add(names, context), context)

    return say


def _drawing(template: Template) -> Say:
    """What an included template says. One that keeps something for itself is drawn by Django, as a template of its own."""
    if not template.nodelist.get_nodes_by_type(REMEMBERING):
        return say_all(template.nodelist)

    def say(names: Names, context: Context) -> str:
        context.dicts = [names]
        return template.render(context)

    return say


def _said(node: Said) -> Say:
    return node.say


def _url(node: Any) -> Say | None:
    name = constant_of(node.view_name)
    if not isinstance(name, str) or ":" in name or node.kwargs:
        return None
    finds, prefix = [find_in(expression, missing="") for expression in node.args], get_script_prefix()
    if node.asvar:
        return _noting(
            node.asvar, lambda names, context: _address_or_none(prefix, name, *[f(names, context) for f in finds])
        )
    return lambda names, context: html.escape(address_below(prefix, name, *[find(names, context) for find in finds]))


def _noting(name: str, find: Find) -> Say:
    """Says nothing: what is found has a name from here on."""

    def say(names: Names, context: Context) -> str:
        names[name] = find(names, context)
        return ""

    return say


def _address_or_none(prefix: str, name: str, *keys: Any) -> str:
    try:
        return address_below(prefix, name, *keys)
    except NoReverseMatch:
        return ""


def _token(node: CsrfTokenNode) -> Say:
    """The field that shows that a form is ours."""

    def say(names: Names, context: Context) -> str:
        token = str(names.get("csrf_token") or "")
        if not token or token == "NOTPROVIDED":  # noqa: S105 - what Django says where there is none
            return ""
        return f'<input type="hidden" name="csrfmiddlewaretoken" value="{conditional_escape(token)}">'

    return say


def _translate(node: TranslateNode) -> Say | None:
    """Words that get a name: the same ones wherever they stand, so they are looked up once."""
    words, about = node.filter_expression, node.message_context
    if not node.asvar or words.filters or words.var.lookups is not None or (about and constant_of(about) is ABSENT):
        return None
    found = Context()
    node.render(found)
    return _noting(node.asvar, _constant(found[node.asvar]))


def _block_translate(node: Any) -> Say | None:
    """A sentence with values in it: looked up once, unless it depends on a number."""
    if node.message_context or node.asvar:
        return None
    add = _adding(node.extra_context)
    singular, variables = node.render_token_list(node.singular)
    counts = bool(node.plural and node.countervar and node.counter)
    if counts:
        plural, more = node.render_token_list(node.plural)
        variables += more
        count_in = find_in(node.counter, missing="")
    sentence = gettext(singular)
    django = _say_as_django_does(node)

    def say(names: Names, context: Context) -> str:
        inner, found = add(names, context), sentence
        if counts:
            count = inner[node.countervar] = count_in(inner, context)
            if count.__class__ is not int:
                return django(names, context)
            found = ngettext(singular, plural, count)
        values = {name: _shown(inner.get(name, ""), context) for name in variables}
        try:
            return found % values
        except (KeyError, ValueError):
            return django(names, context)

    return say


def _simple(node: SimpleNode) -> Say | None:
    if node.takes_context or node.target_var is not None:
        return None
    finds = [find_in(expression, missing="") for expression in node.args]
    named = [(name, find_in(expression, missing="")) for name, expression in node.kwargs.items()]
    return lambda names, context: conditional_escape(
        node.func(
            *[find(names, context) for find in finds],
            **{name: find(names, context) for name, find in named},
        )
    )


def _inclusion(node: InclusionNode) -> Say | None:
    """A template about what a function returns: it knows that, and nothing of the page around it but its token."""
    name = node.filename
    if not isinstance(name, str):
        return None
    finds = [find_in(expression, missing="") for expression in node.args]
    named = [(key, find_in(expression, missing="")) for key, expression in node.kwargs.items()]
    draw: Say | None = None

    def say(names: Names, context: Context) -> str:
        nonlocal draw
        given = [find(names, context) for find in finds]
        if node.takes_context:
            context.dicts = [names]
            given.insert(0, context)
        inner = {**CONSTANTS, **node.func(*given, **{key: find(names, context) for key, find in named})}
        if names.get("csrf_token") is not None:
            inner["csrf_token"] = names["csrf_token"]
        if draw is None:
            draw = _drawing(context.template.engine.get_template(name))  # type: ignore[union-attr]
        return draw(inner, context)

    return say


WAYS: dict[type[Node], Callable[[Any], Say | None]] = {
    BlockTranslateNode: _block_translate,
    CsrfTokenNode: _token,
    ForNode: _for,
    IfNode: _if,
    InclusionNode: _inclusion,
    IncludeNode: _include,
    LocalizeNode: _localize,
    Said: _said,
    SimpleNode: _simple,
    TranslateNode: _translate,
    URLNode: _url,
    VariableNode: _variable,
    WithNode: _with,
}


# Expressions


def constant_of(expression: FilterExpression) -> Any:
    """What an expression is wherever it stands; ABSENT when that depends."""
    if expression.filters:
        return ABSENT
    if not expression.is_var:
        return expression.var
    return _literal_of(expression.var)


def _literal_of(var: Variable) -> Any:
    return ABSENT if var.lookups is not None or var.translate else var.literal


def find_in(expression: FilterExpression, *, missing: Any) -> Find:
    """The value of an expression; `missing` is that of a name which is not there."""

    def django(names: Names, context: Context) -> Any:
        context.dicts = [names]
        return expression.resolve(context, ignore_failures=missing is None)

    if not expression.is_var:
        find = _constant(expression.var)
    elif expression.var.translate:
        return django
    elif any(getattr(function, "is_safe", False) for function, _ in expression.filters[:-1]):
        # Only the last one can leave the whole to Django where a safe text has to stay safe.
        return django
    else:
        find = _look_up(expression.var, missing)
    for function, words in expression.filters:
        if any(not looked_up and word.__class__ is not SafeString for looked_up, word in words):
            return django
        finds = [_look_up(word, ABSENT) if looked_up else _constant(word) for looked_up, word in words]
        find = _filtered(find, function, finds, django)
    return find


def _constant(value: Any) -> Find:
    return lambda names, context: value


def _filtered(find: Find, function: Any, finds: list[Find], django: Find) -> Find:
    keeps_safe = getattr(function, "is_safe", False)
    local = getattr(function, "expects_localtime", False)
    apply = partial(function, autoescape=True) if getattr(function, "needs_autoescape", False) else function
    if "tongue" in (getattr(function, "__kwdefaults__", None) or ()):
        apply = partial(function, tongue=language())
    if not finds and not keeps_safe and not local:
        return lambda names, context: apply(find(names, context))

    def found(names: Names, context: Context) -> Any:
        value = find(names, context)
        if keeps_safe and isinstance(value, SafeData):
            return django(names, context)
        if local:
            value = template_localtime(value, context.use_tz)
        return apply(value, *[find(names, context) for find in finds])

    return found


def _look_up(var: Variable, missing: Any) -> Find:
    """What stands under a name, or is reached from there by keys and attributes; `missing` as ABSENT means that this is a fault."""
    if var.lookups is None or var.translate:
        return _constant(var.literal) if not var.translate else _resolving(var, missing)
    name, *bits = var.lookups
    django = _resolving(var, missing)

    def named(names: Names, context: Context) -> Any:
        value = names.get(name, ABSENT)
        return django(names, context) if value is ABSENT or callable(value) else value

    def beside(names: Names, context: Context) -> Any:
        """One step from a name, as most are."""
        value = names.get(name, ABSENT)
        if REACH[value.__class__] is not BY_ATTRIBUTE:
            return reached(names, context)
        try:
            value = getattr(value, bits[0])
        except Exception:  # Django knows which failures are silent, and tells of the others.
            return django(names, context)
        return django(names, context) if callable(value) else value

    def reached(names: Names, context: Context) -> Any:
        value = names.get(name, ABSENT)
        for bit in bits:
            way = REACH[value.__class__]
            if way is BY_ATTRIBUTE:
                try:
                    value = getattr(value, bit)
                except Exception:  # Django knows which failures are silent, and tells of the others.
                    return django(names, context)
            elif way is BY_KEY:
                value = value.get(bit, ABSENT)
            else:
                return django(names, context)
        return django(names, context) if value is ABSENT or callable(value) else value

    return named if not bits else beside if len(bits) == 1 else reached


def _resolving(var: Variable, missing: Any) -> Find:
    """Django's way to a value."""

    def find(names: Names, context: Context) -> Any:
        if missing is not ABSENT and var.lookups and var.lookups[0] not in names:
            return missing
        context.dicts = [names]
        try:
            return var.resolve(context)
        except VariableDoesNotExist:
            if missing is ABSENT:
                raise
            return missing

    return find


BY_ATTRIBUTE, BY_KEY = "by attribute", "by key"


class _Reach(dict[type, str]):
    """How Django gets from a thing of some type to what belongs to it; empty when that is not settled by the type."""

    def __missing__(self, kind: type) -> str:
        is_called = any("__call__" in vars(base) for base in kind.__mro__)
        by_attribute = not is_called and not hasattr(kind, "__getitem__")
        way = self[kind] = BY_KEY if kind is dict else BY_ATTRIBUTE if by_attribute else ""
        return way


REACH = _Reach()
