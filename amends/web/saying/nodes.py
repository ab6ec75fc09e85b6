"""What each kind of node says, as lines of Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.template import Context, Template
from django.template.base import FilterExpression, Node, NodeList, TextNode, VariableNode
from django.template.defaulttags import (
    CsrfTokenNode,
    CycleNode,
    ForNode,
    IfChangedNode,
    IfNode,
    ResetCycleNode,
    URLNode,
    WithNode,
)
from django.template.library import InclusionNode, SimpleNode
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockNode, ExtendsNode, IncludeNode
from django.templatetags.i18n import BlockTranslateNode, GetCurrentLanguageNode, TranslateNode
from django.templatetags.l10n import LocalizeNode
from django.urls import get_script_prefix
from django.utils.translation import get_language, gettext

from amends.web.saying.expressions import constant_of, write_condition, write_value
from amends.web.saying.running import ABSENT
from amends.web.saying.writing import Names, Program, Say, Writer

CONSTANTS: Names = {"True": True, "False": False, "None": None}
"""What every template knows."""

REMEMBERING: Any = (BlockNode, CycleNode, ExtendsNode, IfChangedNode, ResetCycleNode)
"""Nodes that keep something for the template in which they stand, so that it has to be drawn as one."""


class Said(Node):
    """Nodes that are drawn by a function, wherever nothing but that is asked for."""

    def __init__(self, nodelist: NodeList, function: tuple[Say, bool]) -> None:
        self.nodelist = nodelist
        self.say, self.names_more = function
        self.found: dict[Any, list[Any]] = {}

    def render(self, context: Any) -> str:
        if not context.autoescape:
            return self.nodelist.render(context)
        layers = context.dicts
        try:
            return self.say(context.flatten(), context)
        finally:
            context.dicts = layers

    def get_nodes_by_type(self, nodetype: Any) -> list[Any]:
        """Found once: Django asks whenever a page is drawn which blocks its base has."""
        if nodetype not in self.found:
            self.found[nodetype] = super().get_nodes_by_type(nodetype)
        return self.found[nodetype]


def function_of(nodes: Iterable[Node], title: str) -> tuple[Say, bool]:
    """The function that nodes become, and whether it gives names to its caller. The title is for whoever reads of its faults."""
    program = Program()
    name, names_more = program.function(lambda writer: _write_said(nodes, writer))
    return program.run(title)[name], names_more


def _write_said(nodes: Iterable[Node], writer: Writer) -> str:
    writer.line("said = []")
    writer.line("add = said.append")
    write_all(nodes, writer)
    return "''.join(said)"


def write_all(nodes: Iterable[Node], writer: Writer) -> None:
    """What several nodes say, one after the other."""
    nodes = list(nodes)
    if writer.is_deep and any(type(node) is not TextNode for node in nodes):
        writer.line(f"add({writer.apart(lambda inner: _write_said(nodes, inner))})")
        return
    for node in nodes:
        before = writer.used
        write = WAYS.get(type(node))
        if write is None or not write(node, writer):
            writer.line(f"add({_djangos_way(node, writer)})")
            writer.names_more()  # Perhaps: nobody knows what this one does.
        writer.used = before


def _djangos_way(node: Any, writer: Writer) -> str:
    """What Django has a node say."""
    return f"{writer.thing(_going_djangos_way(node))}({writer.names}, context)"


def _going_djangos_way(node: Any) -> Say:
    def say(names: Names, context: Context) -> str:
        context.dicts = [names]
        return node.render_annotated(context)

    return say


def _text(node: TextNode, writer: Writer) -> bool:
    writer.line(f"add({str(node.s)!r})")
    return True


def _variable(node: VariableNode, writer: Writer) -> bool:
    value = write_value(node.filter_expression, writer, missing="")
    writer.line(f"add({value} if type({value}) is str and {value}.isalnum() else shown({value}, context))")
    return True


def _if(node: Any, writer: Writer) -> bool:
    _write_branches(node.conditions_nodelists, writer)
    return True


def _write_branches(branches: list[tuple[Any, NodeList]], writer: Writer) -> None:
    (test, nodes), *others = branches
    if test is None:
        write_all(nodes, writer)
        return
    if writer.is_deep:
        writer.line(f"add({writer.apart(lambda inner: _write_said([IfNode(branches)], inner))})")
        return
    with writer.block(f"if {write_condition(test, writer)}:"):
        write_all(nodes, writer)
    if others:
        with writer.block("else:"):
            _write_branches(others, writer)


def _for(node: Any, writer: Writer) -> bool:
    variables = node.loopvars
    values, count, loop, item = (writer.fresh(what) for what in ("values", "count", "loop", "item"))
    writer.line(f"{values} = listed({write_value(node.sequence, writer, missing=None)})")
    writer.line(f"{count} = len({values})")
    outside, names = writer.names, writer.fresh("names")
    with writer.block(f"if {count}:"), writer.scope(names):
        writer.line(f"{names} = {{**{outside}}}")
        writer.line(f"{loop} = {names}['forloop'] = {{'parentloop': {outside}.get('forloop', {{}})}}")
        place = writer.fresh("place")
        turns = f"reversed({values})" if node.is_reversed else values
        with writer.block(f"for {place}, {item} in enumerate({turns}):"):
            writer.line(f"{loop}['counter0'] = {place}")
            writer.line(f"{loop}['counter'] = {place} + 1")
            writer.line(f"{loop}['revcounter0'] = {count} - {place} - 1")
            writer.line(f"{loop}['revcounter'] = {count} - {place}")
            writer.line(f"{loop}['first'] = {place} == 0")
            writer.line(f"{loop}['last'] = {place} == {count} - 1")
            if len(variables) == 1:
                writer.line(f"{names}[{variables[0]!r}] = {item}")
                write_all(node.nodelist_loop, writer)
            else:
                _write_turn(node, item, writer)
    if node.nodelist_empty:
        with writer.block("else:"):
            _write_forgetting(node.nodelist_empty, writer)
    return True


def _write_turn(node: Any, item: str, writer: Writer) -> None:
    """One turn of a loop with several variables. Other names that are given in it are forgotten before the next."""
    variables = node.loopvars
    with writer.block(f"if {item}.__class__ is not tuple or len({item}) != {len(variables)}:"):
        writer.line(f"{item} = unpacked({writer.thing(variables)}, {item})")
    targets = ", ".join(f"{writer.names}[{variable!r}]" for variable in variables)
    writer.line(f"{targets} = {item}")
    _write_forgetting(node.nodelist_loop, writer)


def _write_forgetting(nodes: NodeList, writer: Writer) -> None:
    """Nodes after which the names that they give are forgotten. Names are not copied where they give none."""
    names, start = writer.fresh("names"), len(writer.lines)
    writer.named.discard(names)
    with writer.scope(names):
        write_all(nodes, writer)
    outside = f"{{**{writer.names}}}" if names in writer.named else writer.names
    writer.lines.insert(start, writer.indented(f"{names} = {outside}"))


def _with(node: WithNode, writer: Writer) -> bool:
    with writer.scope(_write_adding(_write_values(node.extra_context, writer), writer)):
        write_all(node.nodelist, writer)
    return True


def _write_values(extra: Mapping[str, FilterExpression], writer: Writer) -> dict[str, str]:
    """What the values of expressions are called, by the names that they get."""
    return {name: write_value(expression, writer, missing="") for name, expression in extra.items()}


def _write_adding(more: Mapping[str, str], writer: Writer) -> str:
    """The names of a scope of its own: those that were known, and some more."""
    names = writer.fresh("names")
    writer.line(f"{names} = {{**{writer.names}, {_dict_items(more)}}}")
    return names


def _dict_items(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name!r}: {value}" for name, value in values.items())


def _localize(node: LocalizeNode, writer: Writer) -> bool:
    """Numbers as a language writes them, or as machines do."""
    before = writer.fresh("before")
    writer.line(f"{before} = context.use_l10n")
    writer.line(f"context.use_l10n = {bool(node.use_l10n)}")
    with writer.block("try:"):
        write_all(node.nodelist, writer)
    with writer.block("finally:"):
        writer.line(f"context.use_l10n = {before}")
    return True


def _include(node: IncludeNode, writer: Writer) -> bool:
    """A template that is always the same one is looked for once: this node belongs to one language, and so does it."""
    name = constant_of(node.template)
    if not isinstance(name, str) or name.startswith(".") or node.isolated_context:
        return False
    more = _write_values(node.extra_context, writer)
    names = _write_adding(more, writer) if more else writer.names
    writer.line(f"add({_included(name, writer, has_own_names=bool(more))}({names}, context))")
    return True


def _included(name: str, writer: Writer, *, has_own_names: bool) -> str:
    """What the function of a template is called that is read when it is drawn first, and called itself from then on."""

    def say(names: Names, context: Context) -> str:
        said, names_more = _drawing(context.template.engine.get_template(name))  # type: ignore[union-attr]
        draw = _with_own_names(said) if names_more and not has_own_names else said
        writer.program.things[called] = draw
        return draw(names, context)

    called = writer.thing(say)
    return called


def _with_own_names(say: Say) -> Say:
    return lambda names, context: say({**names}, context)


def _drawing(template: Template) -> tuple[Say, bool]:
    """What an included template says, and whether it gives names. One that keeps something for itself is drawn by Django."""
    first = template.nodelist[0] if template.nodelist else None
    if template.nodelist.get_nodes_by_type(REMEMBERING):
        return _drawn_by_django(template), True
    if isinstance(first, Said):
        return first.say, first.names_more
    return function_of(template.nodelist, str(template.name))


def _drawn_by_django(template: Template) -> Say:
    def say(names: Names, context: Context) -> str:
        context.dicts = [names]
        return template.render(context)

    return say


def _url(node: Any, writer: Writer) -> bool:
    name = constant_of(node.view_name)
    if not isinstance(name, str) or ":" in name or node.kwargs:
        return False
    keys = [write_value(expression, writer, missing="") for expression in node.args]
    given = ", ".join([repr(get_script_prefix()), repr(str(name)), *keys])
    if node.asvar:
        _write_noting(node.asvar, f"address_or_none({given})", writer)
    else:
        writer.line(f"add(escaped(address_below({given})))")
    return True


def _write_noting(name: str, value: str, writer: Writer) -> None:
    """Says nothing: a value has a name from here on."""
    writer.line(f"{writer.names}[{name!r}] = {value}")
    writer.names_more()


def _token(node: CsrfTokenNode, writer: Writer) -> bool:
    writer.line(f"add(token_field({writer.names}))")
    return True


def _block(node: BlockNode, writer: Writer) -> bool:
    """A block belongs to Django, but most pages leave most blocks of their base as they are, or fill them with words alone."""
    django = _going_djangos_way(node)

    def say(names: Names, context: Context) -> str:
        blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
        nodes = ((blocks and blocks.get_block(node.name)) or node).nodelist
        if not nodes:
            return ""
        return str(nodes[0].s) if len(nodes) == 1 and type(nodes[0]) is TextNode else django(names, context)

    writer.line(f"add({writer.thing(say)}({writer.names}, context))")
    return True


def _translate(node: TranslateNode, writer: Writer) -> bool:
    """Words that get a name: the same ones wherever they stand, so they are looked up once."""
    words, about = node.filter_expression, node.message_context
    if not node.asvar or words.filters or words.var.lookups is not None or (about and constant_of(about) is ABSENT):
        return False
    found = Context()
    node.render(found)
    _write_noting(node.asvar, writer.thing(found[node.asvar]), writer)
    return True


def _current_language(node: GetCurrentLanguageNode, writer: Writer) -> bool:
    """A template belongs to one language."""
    _write_noting(node.variable, repr(get_language()), writer)
    return True


def _block_translate(node: Any, writer: Writer) -> bool:
    """A sentence with values in it: looked up once, unless it depends on a number."""
    if node.message_context or node.asvar:
        return False
    singular, variables = node.render_token_list(node.singular)
    known = _write_values(node.extra_context, writer)
    sentence = repr(gettext(singular))
    if node.plural and node.countervar and node.counter:
        plural, more = node.render_token_list(node.plural)
        variables += more
        with writer.scope(_write_adding(known, writer) if known else writer.names):
            count = known[node.countervar] = write_value(node.counter, writer, missing="")
        sentence = f"counted({singular!r}, {plural!r}, {count})"
    values = {name: f"shown({known.get(name) or _named(name, writer)}, context)" for name in variables}
    with writer.block("try:"):
        writer.line(f"add({sentence} % {{{_dict_items(values)}}})")
    with writer.block("except (KeyError, ValueError):"):
        writer.line(f"add({_djangos_way(node, writer)})")
    return True


def _named(name: str, writer: Writer) -> str:
    return f"{writer.names}.get({name!r}, '')"


def _simple(node: SimpleNode, writer: Writer) -> bool:
    if node.takes_context or node.target_var is not None:
        return False
    writer.line(f"add(conditional_escape({writer.thing(node.func)}({_write_given(node, writer)})))")
    return True


def _write_given(node: Any, writer: Writer) -> str:
    """What the function of a tag is called with."""
    given = [write_value(expression, writer, missing="") for expression in node.args]
    named = _write_values(node.kwargs, writer)
    return ", ".join([*given, f"**{{{_dict_items(named)}}}"] if named else given)


def _inclusion(node: InclusionNode, writer: Writer) -> bool:
    """A template about what a function returns: it knows that, and nothing of the page around it but its token."""
    name = node.filename
    if not isinstance(name, str):
        return False
    given = _write_given(node, writer)
    if node.takes_context:
        writer.line(f"context.dicts = [{writer.names}]")
        given = f"context, {given}"
        writer.names_more()
    inner = writer.fresh("names")
    writer.line(f"{inner} = {{**{writer.thing(CONSTANTS)}, **{writer.thing(node.func)}({given})}}")
    with writer.block(f"if {writer.names}.get('csrf_token') is not None:"):
        writer.line(f"{inner}['csrf_token'] = {writer.names}['csrf_token']")
    writer.line(f"add({_included(name, writer, has_own_names=True)}({inner}, context))")
    return True


WAYS: dict[type[Node], Callable[[Any, Writer], bool]] = {
    BlockNode: _block,
    BlockTranslateNode: _block_translate,
    CsrfTokenNode: _token,
    ForNode: _for,
    GetCurrentLanguageNode: _current_language,
    IfNode: _if,
    InclusionNode: _inclusion,
    IncludeNode: _include,
    LocalizeNode: _localize,
    SimpleNode: _simple,
    TextNode: _text,
    TranslateNode: _translate,
    URLNode: _url,
    VariableNode: _variable,
    WithNode: _with,
}
"""How each kind is written; a way that comes upon something it does not know has written nothing and returns False."""
