"""Templates as functions of Python: what a template says, given the names that are known where it is drawn.

Django looks for a name in a pile of dictionaries, from the top down, asks of everything that it finds whether it has keys,
attributes, places or a call, and goes through a template node by node. Here a template becomes the text of one function, which Python
compiles when the template is read: conditions and loops are those of Python, texts stand in it as they are, and all names known at a
place are one dictionary. What a template says stays what Django makes of it (`tests/web/test_folding.py` compares the two); a node
of any other kind, and a value that is out of the ordinary, go Django's own way.

A template is read for one language and one place of the installation, so neither is asked for again: an address is put together with
the prefix of that place, and a filter that takes a `tongue` is told the language.

- `writing.py`: the text of a function, and the things that it knows.
- `expressions.py`: how a value is found, and whether a condition holds.
- `nodes.py`: what each kind of node says.
- `running.py`: what a written function calls while it runs.

So `<b>{{ case.number }}</b>{% for n in names %}{{ n }}{% endfor %}` becomes

    def say(names, context):
        said = []
        add = said.append
        add('<b>')
        value1 = names.get('case', ABSENT)
        try:
            value1 = REACH[value1.__class__](value1, 'number')
        except Exception:
            value1 = ABSENT
        if callable(value1):
            value1 = thing1(names, context)
        add(value1 if type(value1) is str and value1.isalnum() else shown(value1, context))
        …
        return ''.join(said)

Nothing of a template is ever pasted into that text: its texts and names stand in it as `repr` writes them, all else as a thing that
has a number.
"""

from __future__ import annotations

from typing import Any

from django.template import Template
from django.template.base import Node, NodeList, TextNode
from django.template.loader_tags import BlockNode, ExtendsNode

from amends.web.saying.nodes import Said, function_of


def hasten(template: Template) -> None:
    """Have a template, and each of its blocks, drawn by functions; one that extends another is nothing but its blocks."""
    nodes, name = template.nodelist, str(template.name)
    blocks: list[Any] = nodes.get_nodes_by_type(BlockNode)
    for block in blocks:
        _hasten(block.nodelist, name)
    if not any(isinstance(node, ExtendsNode) for node in nodes):
        _hasten(nodes, name)


def _hasten(nodes: NodeList, name: str) -> None:
    if any(type(node) is not TextNode for node in nodes):
        plain = NodeList(nodes)
        said: Node = Said(plain, function_of(plain, name))
        nodes[:] = [said]
