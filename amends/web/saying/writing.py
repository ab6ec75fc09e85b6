"""The text of a function of the names that are known where it is called, and of Django's context."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from amends.web.saying import running

Names = dict[str, Any]
Say = Callable[[Names, Any], str]

DEEPEST = 12
"""Python takes twenty loops and attempts within one another; what stands as deep as this becomes a function of its own."""


@dataclass
class Program:
    """The functions that a template becomes, and the things that they know besides what they are called with."""

    things: Names = field(default_factory=lambda: dict(vars(running)))
    texts: list[str] = field(default_factory=list)

    def thing(self, thing: Any) -> str:
        """What a thing is called in the text."""
        name = f"thing{len(self.things)}"
        self.things[name] = thing
        return name

    def function(self, write: Callable[[Writer], str]) -> tuple[str, bool]:
        """Write one more function; what it is called, and whether it gives names to its caller. `write` tells what it returns."""
        writer = Writer(self)
        result = write(writer)
        name = f"function{len(self.texts)}"
        lines = [f"def {name}(names, context):", *writer.lines, f"    return {result}", ""]
        self.texts.append("\n".join(lines))
        return name, "names" in writer.named

    def run(self, title: str) -> Names:
        """Everything that is known once the functions are there."""
        code = compile("\n".join(self.texts), f"<template {title}>", "exec")
        exec(code, self.things)  # noqa: S102 - nothing in it was pasted from elsewhere
        return self.things


@dataclass
class Writer:
    """Writes the body of one function, line by line."""

    program: Program
    lines: list[str] = field(default_factory=list)
    depth: int = 1
    names: str = "names"
    """What the names are called that are known at this place."""
    named: set[str] = field(default_factory=set)
    """Those of them that get more names on the way."""
    used: int = 0

    @property
    def is_deep(self) -> bool:
        return self.depth >= DEEPEST

    def line(self, text: str) -> None:
        self.lines.append(self.indented(text))

    def indented(self, text: str) -> str:
        return "    " * self.depth + text

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Lines that belong to a head: of a condition, a loop, an attempt."""
        self.line(head)
        before = len(self.lines)
        self.depth += 1
        yield
        if len(self.lines) == before:
            self.line("pass")
        self.depth -= 1

    @contextmanager
    def scope(self, names: str) -> Iterator[None]:
        """Lines where other names are known."""
        outside, self.names = self.names, names
        yield
        self.names = outside

    def fresh(self, what: str = "value") -> str:
        """The name of something of which this function has not heard so far."""
        self.used += 1
        return f"{what}{self.used}"

    def thing(self, thing: Any) -> str:
        return self.program.thing(thing)

    def names_more(self) -> None:
        """The names known at this place get more on the way."""
        self.named.add(self.names)

    def apart(self, write: Callable[[Writer], str]) -> str:
        """Something written as a function of its own, and the call of it."""
        name, names_more = self.program.function(write)
        if names_more:
            self.names_more()
        return f"{name}({self.names}, context)"
