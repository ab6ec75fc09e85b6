"""Every address says for whom it is, which permission it asks and on what kind of object: denied unless declared.

A view carries its declaration (`@route(...)`); the middleware `DeclaredRoutes` answers 404 for a view without one,
405 for a method that is not declared, and asks staff to sign in. `all_routes()` lists what `list_routes` prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

from django.urls import URLPattern, URLResolver, get_resolver

Audience = Literal["public", "portal", "staff", "admin", "machine"]
View = TypeVar("View", bound=Callable[..., Any])
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Declared:
    """What a view declares. `permission` is a right, `signed_in`, `visible` or `none`; `kind` names the object."""

    audience: Audience
    permission: str
    kind: str
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the route table."""

    name: str
    path: str
    methods: tuple[str, ...]
    audience: str
    permission: str
    kind: str

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def route(
    *, audience: Audience, permission: str, kind: str = "none", methods: Iterable[str] = ("GET",)
) -> Callable[[View], View]:
    """Declare a view: who it is for, the permission it asks, the kind of object it shows or changes, and its methods.

    HEAD is allowed wherever GET is. Works on functions, on the result of `as_view()` and on views of other libraries.
    """

    def mark(view: View) -> View:
        declare(view, audience=audience, permission=permission, kind=kind, methods=methods)
        return view

    return mark


def declare(view: Any, *, audience: Audience, permission: str, kind: str, methods: Iterable[str]) -> None:
    """Set the declaration on a view that cannot be decorated, for example one that a library made."""
    allowed = tuple(dict.fromkeys(method.upper() for method in methods))
    view.declared_route = Declared(audience, permission, kind, allowed)


def declaration_of(view: Any) -> Declared | None:
    """What a view declares, looking through `functools.partial` and wrappers; None when it declares nothing."""
    while view is not None:
        found = getattr(view, "declared_route", None)
        if found is not None:
            return found  # type: ignore[no-any-return]
        view = getattr(view, "__wrapped__", None) or getattr(view, "func", None)
    return None


def all_routes() -> list[Route]:
    """Every declared address, by path."""
    return sorted(
        (
            Route(name, path, declared.methods, declared.audience, declared.permission, declared.kind)
            for name, path, view in _addresses(get_resolver().url_patterns)
            if (declared := declaration_of(view)) is not None
        ),
        key=lambda found: (found.path, found.name),
    )


def undeclared_routes() -> list[str]:
    """The paths whose views declare nothing: empty, or the build fails."""
    return sorted(path for _, path, view in _addresses(get_resolver().url_patterns) if declaration_of(view) is None)


def _addresses(patterns: Iterable[Any], prefix: str = "", space: str = "") -> Iterator[tuple[str, str, Any]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _addresses(pattern.url_patterns, path, inner)
        elif isinstance(pattern, URLPattern):
            yield space + (pattern.name or ""), "/" + path, pattern.callback
