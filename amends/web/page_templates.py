"""Django's templates, which let go of what a page was made from once it is drawn.

Django's layers of names point to the context that they are layers of, so all that a page shows stays in memory until cycles are
looked for, and looking for them took a thirtieth of the time of a case page.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template import TemplateDoesNotExist
from django.template.backends.django import DjangoTemplates, Template, reraise
from django.template.context import ContextDict, make_context
from django.utils.safestring import SafeString


class Templates(DjangoTemplates):
    """The backend of the settings."""

    def get_template(self, template_name: str) -> LettingGo:
        return LettingGo(super().get_template(template_name).template, self)


class LettingGo(Template):
    """A template of a page or fragment."""

    def render(self, context: dict[str, Any] | None = None, request: HttpRequest | None = None) -> SafeString:
        made: Any = make_context(context, request, autoescape=self.backend.engine.autoescape)
        layers = [layer for layer in made.dicts if isinstance(layer, ContextDict)]
        try:
            return self.template.render(made)
        except TemplateDoesNotExist as missing:
            reraise(missing, self.backend)
        finally:
            for layer in layers:
                del layer.context
