"""Rendering: one environment, one language per page, security headers on everything."""

import hashlib
import re
from datetime import UTC, datetime
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from api import i18n
from api.access import Viewer
from api.reasons import reason

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}


def content_policy(tiles: str = "") -> str:
    """What a page may load: what is ours, and the pictures of the map where a city names who has them."""
    parts = urlsplit(tiles)
    maps = f" {parts.scheme}://{parts.netloc}" if tiles else ""
    return (
        f"default-src 'self'; img-src 'self' data:{maps}; style-src 'self'; script-src 'self'; object-src 'none';"
        " frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )


def with_player(request: Request, page: HTMLResponse) -> HTMLResponse:
    """The same page, allowed to play video: hls.js hands the segments to the video element through a blob."""
    policy = content_policy(request.app.state.settings.api.map_tiles)
    page.headers["Content-Security-Policy"] = f"{policy}; media-src 'self' blob:"
    return page


ENVIRONMENT = Environment(
    loader=PackageLoader("api"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@cache
def asset(path: str) -> str:
    """The address of a file of the pages, with its version: browsers keep it until it changes."""
    content = Path(str(resources.files("api").joinpath("static", path))).read_bytes()
    return f"/static/{path}?v={hashlib.sha256(content).hexdigest()[:12]}"


def language_of(request: Request) -> str:
    """The language of the page that answers a request."""
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    return i18n.choose(
        request.query_params.get("lang"),
        viewer.language if viewer else None,
        request.headers.get("accept-language", ""),
    )


def keep_language(request: Request, path: str) -> str:
    """An address to lead on to, in the language that was chosen by hand, if one was."""
    if "lang" not in request.query_params or re.search(r"[?&]lang=", path):
        return path
    return f"{path}{'&' if '?' in path else '?'}lang={language_of(request)}"


def words(language: str) -> dict[str, Any]:
    """What every template says things with."""
    return {
        "t": partial(i18n.text, language),
        "lang": language,
        "moment": partial(i18n.moment, language),
        "brief": partial(i18n.brief, language),
        "span": partial(i18n.span, language),
        "ago": partial(i18n.ago, language),
        "clock": i18n.clock,
        "hour": i18n.hour,
        "iso": datetime.fromisoformat,
        "reason": partial(reason, language),
        "asset": asset,
    }


def render(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page in the request's language."""
    language = language_of(request)
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    other = "en" if language == "zh" else "zh"
    query = {**request.query_params, "lang": other}

    def link(path: str) -> str:
        """An address that keeps a language chosen by hand."""
        if "lang" not in request.query_params:
            return path
        return f"{path}{'&' if '?' in path else '?'}lang={language}"

    def csrf_field() -> Markup:
        return Markup('<input type="hidden" name="csrf" value="{}">').format(viewer.csrf if viewer else "")

    def command_field(*_: object) -> Markup:
        """A double press of a button is one command: its identity is made with the page."""
        return Markup('<input type="hidden" name="command" value="{}">').format(uuid4())

    body = ENVIRONMENT.get_template(template).render(
        **words(language),
        other_language=other,
        switch=f"{request.url.path}?{urlencode(query)}",
        viewer=viewer,
        link=link,
        csrf_field=csrf_field,
        command_field=command_field,
        now=datetime.now(UTC),
        demo=request.app.state.settings.api.demo,
        tiles=request.app.state.settings.api.map_tiles,
        tiles_credit=request.app.state.settings.api.map_credit,
        path=request.url.path,
        **context,
    )
    return HTMLResponse(body, status, headers={"Content-Language": language, "Vary": "Accept-Language, Cookie"})
