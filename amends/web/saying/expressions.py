"""How a value is found, and whether a condition holds, as lines of Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.template import Context
from django.template.base import FilterExpression, Variable, VariableDoesNotExist
from django.template.defaulttags import TemplateLiteral
from django.utils.safestring import SafeString

from amends.doors.wording import language
from amends.web.saying.running import ABSENT
from amends.web.saying.writing import Names, Writer

Find = Callable[[Names, Context], Any]


def constant_of(expression: FilterExpression) -> Any:
    """What an expression is wherever it stands; ABSENT when that depends."""
    if expression.filters:
        return ABSENT
    if not expression.is_var:
        return expression.var
    var = expression.var
    return ABSENT if var.lookups is not None or var.translate else var.literal


def write_value(expression: FilterExpression, writer: Writer, *, missing: Any) -> str:
    """Write how an expression is found, and return what its value is called; `missing` is that of a name which is not there."""
    django = _resolving(expression, missing)
    if _goes_djangos_way(expression):
        return _write_call(writer, django)
    value = write_look_up(expression.var, writer, missing) if expression.is_var else writer.thing(expression.var)
    for function, words in expression.filters:
        found = [write_look_up(word, writer, ABSENT) if looked_up else writer.thing(word) for looked_up, word in words]
        value = _write_filter(function, value, found, django, writer)
    return value


def _goes_djangos_way(expression: FilterExpression) -> bool:
    """Where words are translated while a page is drawn, and where a safe text may have to stay safe for another filter."""
    given = [word for _, words in expression.filters for looked_up, word in words if not looked_up]
    is_translated = expression.is_var and expression.var.translate
    keeps_safe = any(getattr(function, "is_safe", False) for function, _ in expression.filters[:-1])
    return is_translated or keeps_safe or any(word.__class__ is not SafeString for word in given)


def _resolving(expression: FilterExpression, missing: Any) -> Find:
    def find(names: Names, context: Context) -> Any:
        context.dicts = [names]
        return expression.resolve(context, ignore_failures=missing is None)

    return find


def _write_call(writer: Writer, find: Find) -> str:
    value = writer.fresh()
    writer.line(f"{value} = {writer.thing(find)}({writer.names}, context)")
    return value


def _write_filter(function: Any, value: str, words: list[str], django: Find, writer: Writer) -> str:
    result = writer.fresh()
    if getattr(function, "expects_localtime", False):
        writer.line(f"{result} = template_localtime({value}, context.use_tz)")
        value = result
    given = [value, *words]
    if getattr(function, "needs_autoescape", False):
        given.append("autoescape=True")
    if "tongue" in (getattr(function, "__kwdefaults__", None) or ()):
        given.append(f"tongue={writer.thing(language())}")
    applied = f"{writer.thing(function)}({', '.join(given)})"
    if getattr(function, "is_safe", False):  # What is safe stays safe, and only Django says so of anything.
        applied = f"{writer.thing(django)}({writer.names}, context) if isinstance({value}, SafeData) else {applied}"
    writer.line(f"{result} = {applied}")
    return result


def write_look_up(var: Variable, writer: Writer, missing: Any) -> str:
    """What stands under a name, or is reached from there by keys and attributes; `missing` as ABSENT means that this is a fault."""
    if var.lookups is None:
        return writer.thing(var.literal) if not var.translate else _write_call(writer, _looking_up(var, missing))
    name, *bits = var.lookups
    value = writer.fresh()
    without = "ABSENT" if bits or missing is ABSENT else repr(missing)
    writer.line(f"{value} = {writer.names}.get({name!r}, {without})")
    if bits:
        with writer.block("try:"):
            for bit in bits:
                writer.line(f"{value} = REACH[{value}.__class__]({value}, {bit!r})")
        with writer.block("except Exception:"):  # Django knows which failures are silent, and tells of the others.
            writer.line(f"{value} = ABSENT")
    with writer.block(f"if callable({value}):"):
        writer.line(f"{value} = {writer.thing(_looking_up(var, missing))}({writer.names}, context)")
    return value


def _looking_up(var: Variable, missing: Any) -> Find:
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


SIGNS = {
    sign: sign for sign in ("or", "and", "in", "not in", "is", "is not", "==", "!=", ">", ">=", "<", "<=")
}  # fmt: skip
"""Signs of conditions that mean to Django what they mean to Python."""


def write_condition(test: Any, writer: Writer) -> str:
    """Write whether a condition holds, and return what that is called. One that asks for what is not there does not hold."""
    if test.id != TemplateLiteral.id or not test.value.filters:
        return write_test(test, writer)
    holds = writer.fresh("holds")
    with writer.block("try:"):
        writer.line(f"{holds} = {write_test(test, writer)}")
    with writer.block("except VariableDoesNotExist:"):
        writer.line(f"{holds} = False")
    return holds


def write_test(part: Any, writer: Writer) -> str:
    """Write what a part of a condition comes to, and return what that is called. An operator that fails does not hold."""
    if part.id == TemplateLiteral.id:
        return write_value(part.value, writer, missing=None)
    if writer.is_deep:
        called = writer.apart(lambda inner: write_test(part, inner))
        result = writer.fresh()
        writer.line(f"{result} = {called}")
        return result
    result = writer.fresh()
    with writer.block("try:"):
        _write_operator(part, result, writer)
    with writer.block("except Exception:"):  # As Django has it: a condition never ends a page.
        writer.line(f"{result} = False")
    return result


def _write_operator(part: Any, result: str, writer: Writer) -> None:
    first = write_test(part.first, writer)
    if part.id == "not":
        writer.line(f"{result} = not {first}")
    elif part.id in ("and", "or"):
        writer.line(f"{result} = {first}")
        with writer.block(f"if {result}:" if part.id == "and" else f"if not {result}:"):
            writer.line(f"{result} = {write_test(part.second, writer)}")
    else:
        second = write_test(part.second, writer)
        writer.line(f"{result} = {first} {SIGNS[part.id]} {second}")
