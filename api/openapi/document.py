"""Makes the document: what FastAPI knows of the handlers, with what their signatures do not say."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.openapi.answers import (
    HTML,
    PROBLEM_SCHEMA,
    SECURITY,
    TAGS,
    UPLOADS,
    fault,
    faults_of,
    media_of,
    part_of,
)
from api.openapi.fields import COMMAND, CSRF, EXAMPLES, FORMS, WHOLE_KINDS

WORDS = (
    "Every page and every address of Sunlit. People get pages, programs that do not ask for `text/html` get problem"
    " details (RFC 9457) when something goes wrong. Who comes in where: docs/doors.md."
)
SAID_ELSEWHERE = {"authorization", "x-csrf"}
"""headers that the security schemes document"""


def install(app: FastAPI) -> None:
    """`app.openapi()` and /openapi.json answer with the document from now on."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document, as JSON can hold it."""
    found = get_openapi(title=app.title, version=app.version, description=WORDS, routes=app.routes)
    components = found.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    components["securitySchemes"] = dict(SECURITY)
    found["tags"] = [{"name": name, "description": words} for name, words in TAGS.items()]
    for path, item in found["paths"].items():
        for method, operation in item.items():
            if path.startswith("/api/"):
                _tagged(operation, path)
            else:
                _operation(operation, method, path)
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    return found


def _operation(operation: dict[str, Any], method: str, path: str) -> None:
    _tagged(operation, path)
    operation["parameters"] = [one for one in operation.get("parameters", []) if one["name"] not in SAID_ELSEWHERE]
    for one in operation["parameters"]:
        one.setdefault("example", EXAMPLES.get(one["name"], _sample(one.get("schema", {}))))
    _kinds(operation, path)
    if body := _body(f"{method.upper()} {path}", path, operation):
        operation["requestBody"] = body
    people = not path.startswith("/edge/")
    success = {status: answer for status, answer in operation["responses"].items() if status[0] in "23"}
    operation["responses"] = _good(success, method, path)
    reads = bool(operation["parameters"]) or method == "get"
    for status in faults_of(method, path, reads=reads, takes="requestBody" in operation):
        if not (method == "head" and status == 413):
            operation["responses"][str(status)] = fault(status, path, people)
    if method == "head":
        for answer in operation["responses"].values():
            answer.pop("content", None)


def _tagged(operation: dict[str, Any], path: str) -> None:
    part = part_of(path)
    operation["tags"] = [part.tag]
    operation.setdefault("description", operation["summary"])
    if part.security in ("session", "agent", "token"):
        operation["security"] = [{part.security: []}]


def _kinds(operation: dict[str, Any], path: str) -> None:
    for one in operation["parameters"]:
        if one["name"] == "kind" and path in WHOLE_KINDS:
            one["schema"] = {"type": "string", "enum": list(WHOLE_KINDS[path])}
            one["example"] = WHOLE_KINDS[path][0]


def _body(door: str, path: str, operation: dict[str, Any]) -> dict[str, Any] | None:
    if path in UPLOADS and door.startswith("PUT"):
        content = {media: {"schema": {"type": "string", "format": "binary"}} for media in UPLOADS[path]}
        return {"required": True, "content": content}
    signed = part_of(path).security == "session" and door.startswith("POST")
    if door not in FORMS and ("requestBody" in operation or not signed):
        known: dict[str, Any] | None = operation.get("requestBody")
        return known
    own = {"csrf": CSRF} if signed else {}
    # A form that asks for nothing else still says whose it is.
    fields = {**FORMS[door], "command": COMMAND, **own} if door in FORMS else own
    photo = any(field.get("format") == "binary" for field in fields.values())
    schema = {"type": "object", "properties": fields, "required": list(own)}
    if door == "POST /c/{token}/photo":
        schema["required"] = ["photo"]
    media = "multipart/form-data" if photo else "application/x-www-form-urlencoded"
    return {"required": True, "content": {media: {"schema": schema}}}


def _good(success: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """What a door answers when all is well: FastAPI takes everything for JSON."""
    part = part_of(path)
    signs_in = {"303": _leads("the sign-in, when nobody is signed in")} if part.security == "session" else {}
    if method == "get":
        content = {media: {"schema": _shape(media)} for media in media_of(path)}
        also = {"304": {"description": "as it was: the ETag of If-None-Match holds"}} if part.tag == "public" else {}
        led = {"302": _leads("the page")} if path.startswith("/q/") else {}
        found = {**led} if led else {"200": {"description": "what was asked for", "content": content}, **also}
        if path == "/board/find":
            signs_in = {"303": _leads("the incident or the lift, or to the sign-in")}
        return {**found, **signs_in}
    if method in ("head", "put"):
        codes = {"head": ("200",), "put": ("200", "201", "202")}[method]
        return {code: {"description": "kept" if method == "put" else "how much is here"} for code in codes}
    if part.tag == "gateways":
        return {"202": {"description": "taken"}}
    answers = {"303": _leads("the page, which says what came of it")}
    json = {"application/json": {"schema": {"type": "object"}}}
    if part.tag in ("crews", "video"):
        answers["200"] = {"description": "the same, for a program", "content": json}
    if path == "/live/camera/{code}":
        answers["201"] = {"description": "the player's addresses, for a program", "content": json}
    if part.tag == "access":
        answers["200"] = {"description": "the next page", "content": {HTML: {"schema": {"type": "string"}}}}
    return answers


def _leads(where: str) -> dict[str, Any]:
    return {"description": f"leads to {where}", "headers": {"Location": {"schema": {"type": "string"}}}}


def _shape(media: str) -> dict[str, Any]:
    if "json" in media:
        return {"type": "object"}
    return {"type": "string"} if media.startswith("text/") else {"type": "string", "format": "binary"}


def _sample(schema: dict[str, Any]) -> Any:
    options = schema.get("anyOf", [schema])
    kind = options[0].get("type")
    if "enum" in options[0]:
        return options[0]["enum"][0]
    if "default" in schema:
        return schema["default"]
    return {"integer": options[0].get("minimum", 1), "number": 2.0, "boolean": False}.get(kind, "x")
