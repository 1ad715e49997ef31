"""QR signs to print for a lift or a restaurant's door, and the short addresses that stand in them."""

import io

import segno
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from api.i18n import text
from api.page import render
from api.public.addresses import CODE
from api.public.places import place_of

router = APIRouter()
SHORT = {"l": "lift", "r": "restaurant"}
SIZES = ("a5", "a6")


@router.get("/q/{letter}/{code}")
async def short(letter: str, code: str) -> RedirectResponse:
    """What a sticker says: /q/l/CODE for a lift, /q/r/CODE for a restaurant. The page speaks the phone's language."""
    if letter not in SHORT or not CODE.fullmatch(code):
        raise HTTPException(404)
    return RedirectResponse(f"/{SHORT[letter]}/{code}", 302)


@router.get("/lift/{code}/qr")
@router.get("/restaurant/{code}/qr")
async def sign(request: Request, code: str, size: str = "") -> HTMLResponse:
    """A sheet to print, in both languages. `size`: a5 or a6."""
    kind = "lift" if request.url.path.startswith("/lift/") else "restaurant"
    row = await place_of(request, kind, code)
    address = address_of(request, kind, code)
    return render(
        request,
        "public/sign.html",
        row=row,
        kind=kind,
        address=address,
        qr=drawn(address),
        both=lambda key, **values: [(language, text(language, key, **values)) for language in ("zh", "en")],
        size=size if size in SIZES else SIZES[0],
        sizes=SIZES,
        hotline=request.app.state.settings.api.hotline,
    )


def address_of(request: Request, kind: str, code: str) -> str:
    """The short public address of a place: where the city says that its pages are, or where they were asked for."""
    base = request.app.state.settings.api.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/q/{kind[0]}/{code}"


def drawn(address: str) -> Markup:
    """The QR code of an address as SVG; a quarter of it may be dirty or torn (level Q)."""
    out = io.BytesIO()
    segno.make(address, error="q", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4, svgclass="qr", lineclass=None
    )
    # segno writes numbers and its own words only.
    return Markup(out.getvalue().decode())
