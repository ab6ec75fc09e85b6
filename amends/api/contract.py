"""What the generated OpenAPI document does not know by itself: bodies, parameters, and every answer that can come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from amends.api.bodies import (
    Body,
    HandedOverPost,
    IgnoredPost,
    NewCall,
    NewCase,
    NewFeedback,
    NewOnCase,
    NewOnDesk,
    NewPost,
    Reveal,
    Verb,
)
from amends.apps.cases.filters import FILTERS
from amends.apps.cases.listing import LARGEST_PAGE, SORTS
from amends.apps.cases.proceedings.listing import FILTERS as FILTERS_OF_PROCEEDINGS
from amends.apps.reporting.figures import DIMENSIONS
from amends.core.policy.registers import STANDING_FILTERS

BODIES: dict[str, type[Body]] = {
    "register_case": NewCase, "perform_verb": Verb, "reveal_field": Reveal, "begin_proceeding_on_case": NewOnCase,
    "begin_proceeding": NewOnDesk, "perform_verb_on_proceeding": Verb, "announce_call": NewCall,
    "hand_in_feedback": NewFeedback, "record_post": NewPost, "ignore_post": IgnoredPost, "hand_over_post": HandedOverPost,
}  # fmt: skip
CREATED = {
    "register_case", "upload_evidence", "begin_proceeding_on_case", "begin_proceeding", "announce_call", "upload_file",
    "hand_in_feedback", "record_post", "hand_over_post",
}  # fmt: skip
REFUSALS = {"400": "unreadable", "401": "no valid token", "403": "not permitted", "404": "not visible or not there",
            "409": "stale, wrong state or already decided", "413": "too large", "415": "wrong media type",
            "422": "readable but wrong", "429": "too many requests", "503": "try again"}  # fmt: skip
OPEN = {"openapi"}
FILES = {"download_evidence", "print_paper", "print_paper_of_proceeding", "print_blank_paper"}


def describe(document: dict[str, Any]) -> dict[str, Any]:
    """The document with request bodies, list parameters, security and problem answers filled in."""
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for model in BODIES.values():
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    for methods in document["paths"].values():
        for method, operation in methods.items():
            _describe_operation(method, operation)
    return document


def _describe_operation(method: str, operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    good = "201" if name in CREATED else "200"
    operation["responses"] = {
        good: {"description": "done", "content": {"application/json": {"schema": {"type": "object"}}}}
    }
    if name in OPEN:
        return
    if name in FILES:
        operation["responses"] = {"200": {"description": "the file", "content": {"application/octet-stream": {}}}}
    operation["security"] = [{"token": []}]
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, meaning in REFUSALS.items():
        operation["responses"][status] = {"description": meaning, "content": content}
    if name in BODIES:
        schema = {"$ref": f"#/components/schemas/{BODIES[name].__name__}"}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if name in ("upload_evidence", "upload_file"):
        parts: dict[str, dict[str, str]] = {"file": {"type": "string", "format": "binary"}}
        parts |= {"desk": {"type": "string"}} if name == "upload_file" else {}
        file = {"type": "object", "properties": parts, "required": list(parts)}
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": file}}}
    if method == "post":
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    if name in LISTS:
        in_path = [one for one in operation.get("parameters", ()) if one["in"] == "path"]
        operation["parameters"] = [*in_path, *_list_parameters(*LISTS[name])]


IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
    "description": "The same key and content get the first answer.",
}


LISTS: dict[str, tuple[Iterable[str], Iterable[str]]] = {
    "list_cases": (FILTERS, SORTS),
    "list_proceedings": (FILTERS_OF_PROCEEDINGS, ()),
    "list_records_of_register": (STANDING_FILTERS, ()),
    "list_posts": (("desk", "state"), ()),
    "list_kpis": (("desk", "from", "to", "by", "indicator", *DIMENSIONS), ()),
    "analyse_complaints": (("desk", "from", "to", "by", "order", "than_from", "than_to", *DIMENSIONS), ()),
    "list_scores": (("desk", "month", "of"), ()),
    "list_reports": (("desk", "document"), ()),
    "read_report": (("version",), ()),
    "list_cases_of_report": (("figure", "version"), ()),
    "list_cases_of_kpi": (("desk", "from", "to", "by", "indicator", "group", "part", *DIMENSIONS), ()),
}


def _list_parameters(filters: Iterable[str], sorts: Iterable[str]) -> list[dict[str, Any]]:
    def query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
        return {"name": name, "in": "query", "required": False, "schema": schema}

    return [
        *(query(name, {"type": "string"}) for name in filters),
        *([query("sort", {"enum": list(sorts)})] if sorts else []),
        query("cursor", {"type": "string"}),
        query("size", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE}),
    ]


PROBLEM = {
    "type": "object",
    "required": ["type", "status", "code", "title", "detail", "detail_en", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "title": {"type": "string"},
        "detail": {"type": "string"},
        "detail_en": {"type": "string"},
        "request_id": {"type": "string"},
        "missing": {"type": "array", "items": {"type": "string"}},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message", "message_en"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "message", "message_en")},
            },
        },
    },
}
