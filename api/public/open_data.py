"""Open data: CSV and JSON at addresses that stay, with a licence and a dictionary of every column."""

from email.utils import format_datetime, parsedate_to_datetime

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response

from api.public.asked import for_everybody
from api.public.datasets import DATASETS, LICENCE_URL
from api.public.kept import packs
from api.public.library import KINDS, File, Library

router = APIRouter()
MAX_AGE = 600


@router.get("/open-data")
async def dictionary(request: Request) -> Response:
    """What there is, under which licence, and what every column means."""
    return for_everybody(request, "public/open_data.html", datasets=DATASETS.values(), licence_url=LICENCE_URL)


@router.head("/open-data/{name}.{kind}", include_in_schema=False)
@router.get("/open-data/{name}.{kind}")
async def file(request: Request, name: str, kind: str) -> Response:
    """A dataset as CSV or JSON (CC BY 4.0), at most an hour old."""
    if name not in DATASETS or kind not in KINDS:
        raise HTTPException(404)
    found = await _library(request).get(DATASETS[name], kind)
    packed = packs((request.headers.get("accept-encoding", "").encode(),))
    headers = {
        "Cache-Control": f"public, max-age={MAX_AGE}",
        # Anybody's page may read what is everybody's: this and nothing else.
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Content-Disposition": f'attachment; filename="sunlit-{name}.{kind}"',
        "ETag": f'"{found.tag}{"-gz" if packed else ""}"',
        "Last-Modified": format_datetime(found.made, usegmt=True),
        "Link": f'<{LICENCE_URL}>; rel="license"',
        "Vary": "Accept-Encoding",
    }
    if _known(request, found):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return FileResponse(found.packed if packed else found.path, media_type=KINDS[kind], headers=headers)


def _library(request: Request) -> Library:
    """Made when it is first asked for."""
    state = request.app.state
    if not hasattr(state, "library"):
        state.library = Library(state.public_pool)
    library: Library = state.library
    return library


def _known(request: Request, found: File) -> bool:
    """Whether who asks has this file already: by its tag, else by its time."""
    asked = request.headers.get("if-none-match")
    if asked is not None:
        return asked.strip() == "*" or found.tag in asked
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return since.tzinfo is not None and found.made <= since
