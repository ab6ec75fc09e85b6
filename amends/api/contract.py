"""What the generated OpenAPI document does not know by itself: bodies, parameters, and every answer that can come."""

from __future__ import annotations

from typing import Any

from amends.api.bodies import Body, NewCase, Reveal, Verb
from amends.apps.cases.listing import FILTERS, LARGEST_PAGE, SORTS

BODIES: dict[str, type[Body]] = {"register_case": NewCase, "perform_verb": Verb, "reveal_field": Reveal}
CREATED = {"register_case", "upload_evidence"}
REFUSALS = {"400": "unreadable", "401": "no valid token", "403": "not permitted", "404": "not visible or not there",
            "409": "stale, wrong state or already decided", "413": "too large", "415": "wrong media type",
            "422": "readable but wrong", "429": "too many requests", "503": "try again"}  # fmt: skip
OPEN = {"openapi"}


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
    if name == "download_evidence":
        operation["responses"] = {"200": {"description": "the file", "content": {"application/octet-stream": {}}}}
    operation["security"] = [{"token": []}]
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, meaning in REFUSALS.items():
        operation["responses"][status] = {"description": meaning, "content": content}
    if name in BODIES:
        schema = {"$ref": f"#/components/schemas/{BODIES[name].__name__}"}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if name == "upload_evidence":
        file = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}, "required": ["file"]}
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": file}}}
    if method == "post":
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    if name == "list_cases":
        operation["parameters"] = _list_parameters()


IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
    "description": "The same key and content get the first answer.",
}


def _list_parameters() -> list[dict[str, Any]]:
    def query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
        return {"name": name, "in": "query", "required": False, "schema": schema}

    return [
        *(query(name, {"type": "string"}) for name in FILTERS),
        query("sort", {"enum": list(SORTS)}),
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
