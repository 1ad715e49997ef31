"""What a phone needs to put the crew's page on its home screen: a manifest for each link, and icons."""

import asyncio

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from api.crew.icons import icon
from api.crew.routes import dispatch_of
from api.i18n import text
from api.page import language_of

router = APIRouter()
THEME, BACKGROUND = "#12273a", "#f5f6f8"
SIZES = (180, 192, 512)
WHOLE = (180, 512)
"""to the edge: for iOS, and for phones that cut their own shape"""
A_DAY = {"Cache-Control": "public, max-age=86400"}


@router.get("/c/icon-{size}.png")
async def plain_icon(size: int) -> Response:
    """An icon with round corners."""
    return await _icon(size, SIZES, whole=False)


@router.get("/c/whole-icon-{size}.png")
async def whole_icon(size: int) -> Response:
    """An icon to the edge, whose shape the phone cuts."""
    return await _icon(size, WHOLE, whole=True)


@router.get("/c/{token}/manifest.webmanifest")
async def manifest(request: Request, token: str) -> JSONResponse:
    """The page of this link as an application. All links are one application: the newest replaces the one before."""
    await dispatch_of(request, token)
    language = language_of(request)
    chosen = f"?lang={language}" if "lang" in request.query_params else ""
    found = {
        "id": "/c/",
        "name": text(language, "crew.app_name"),
        "short_name": text(language, "crew.app_short"),
        "description": text(language, "crew.app_about"),
        "lang": "zh-CN" if language == "zh" else "en",
        "dir": "ltr",
        "start_url": f"/c/{token}{chosen}",
        "scope": "/c/",
        "display": "standalone",
        "theme_color": THEME,
        "background_color": BACKGROUND,
        "icons": [
            {"src": "/static/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
            *(
                {"src": f"/c/icon-{n}.png", "sizes": f"{n}x{n}", "type": "image/png", "purpose": "any"}
                for n in SIZES[1:]
            ),
            {"src": "/c/whole-icon-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        ],
    }
    return JSONResponse(found, media_type="application/manifest+json")


async def _icon(size: int, sizes: tuple[int, ...], *, whole: bool) -> Response:
    if size not in sizes:
        raise HTTPException(404)
    return Response(await asyncio.to_thread(icon, size, whole), media_type="image/png", headers=A_DAY)
