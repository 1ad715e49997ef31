"""One finding, as its owner reads it: what was seen, what came of it, what happens next, and what to send."""

from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from api.access import Viewer
from api.commands import Result, lead_back, submit
from api.evidence import keep_photo
from api.i18n import text
from api.kitchen.own import AFinding, Owner, Row, rows_of
from api.kitchen.pictures import marks_of
from api.kitchen.standing import WITH_OWNER, refusal, refused
from api.media.mint import shown
from api.page import language_of, render, with_player
from api.sql import QUERIES as SHARED
from contracts.kinds import CommandKind, Role

router = APIRouter()
PHOTO_KINDS = {CommandKind.RECTIFY: "rectification", CommandKind.APPEAL: "appeal"}
MOST_PHOTOS = 24
"""of one finding; the folder is the edge's evidence's, too"""
STORY = (
    *("detected", "review", "pushed", "back", "late", "overdue", "reminder", "rectified", "appealed"),
    *("appeal_accepted", "appeal_refused", "confirmed", "verified", "rejected", "ended", "told", "case"),
)
"""what the history says to an owner in words of its own"""


@router.get("/kitchen/finding/{number}")
async def finding(request: Request, row: AFinding, viewer: Owner, said: str = "") -> Response:
    return await _page(request, row, viewer, said)


@router.get("/kitchen/finding/{number}/picture")
async def finding_picture(request: Request, row: AFinding, viewer: Owner, kind: str = "capture") -> RedirectResponse:
    """Leads to the picture under an address of its own, good for some minutes."""
    evidence = await _evidence(request, row)
    found = [item for item in evidence if item["kind"] == kind and item["media"] == "image/jpeg"][:1]
    if not found:
        raise HTTPException(404)
    return RedirectResponse(shown(request, viewer, Role.OWNER, ("finding", row["number"]), found)[0].href, 303)


@router.post("/kitchen/finding/{number}/{kind}")
async def order(request: Request, row: AFinding, kind: CommandKind, viewer: Owner) -> Response:
    """Put right, or disagree, with words and a photo. What is refused keeps its words."""
    if kind not in PHOTO_KINDS:
        raise HTTPException(404)
    form = await request.form()
    words = str(form.get("note", ""))
    try:
        await _photo(request, row, kind, form, viewer.login)
    except HTTPException as fault:
        return await _page(request, row, viewer, str(fault.detail), words, kind, 422)
    result: Result = await submit(
        request,
        kind,
        actor=viewer.name,
        viewer=viewer,
        identity=str(form.get("command", "")),
        finding=row["id"],
        reason=words,
        args={"note": words},
    )
    if result.ok is False:
        return await _page(request, row, viewer, result.reason, words, kind, 422)
    return lead_back(request, f"/kitchen/finding/{row['number']}", result)


async def _photo(request: Request, row: Row, kind: CommandKind, form: FormData, login: str) -> None:
    """Keeps the photo of a form. Raises HTTPException where the policy wants one that is not there, or for too many."""
    photo = form.get("photo")
    if isinstance(photo, UploadFile) and photo.size:
        kept = [item for item in await _evidence(request, row) if item["kind"] in PHOTO_KINDS.values()]
        if len(kept) >= MOST_PHOTOS:
            raise HTTPException(422, f"photo: this finding has {MOST_PHOTOS} already")
        await keep_photo(request, photo, kind=PHOTO_KINDS[kind], actor=login, finding=row["id"])
    elif kind is CommandKind.RECTIFY and photo_wanted(row):
        raise HTTPException(422, "photo: '', expected a picture")


def photo_wanted(row: Row) -> bool:
    """Whether the policy wants a photo of what was put right, and none has come since the last claim."""
    return bool(row["photo_needed"] and row["state"] in WITH_OWNER and not row["photo_here"])


async def _evidence(request: Request, row: Row) -> list[Row]:
    values = {"event": row["event_id"], "finding": row["id"]}
    return await rows_of(request, "evidence_of_finding", values, SHARED)


async def _page(
    request: Request,
    row: Row,
    viewer: Viewer,
    said: str,
    words: str = "",
    kind: CommandKind | None = None,
    status: int = 200,
) -> Response:
    story = await rows_of(request, "story", {"finding": row["id"]})
    evidence = await _evidence(request, row)
    pictures = [item for item in evidence if item["media"] == "image/jpeg"]
    films = [item for item in evidence if item not in pictures]
    capture = next((item["sha256"] for item in pictures if item["kind"] == "capture"), None)
    language = language_of(request)
    drawn: dict[str, Any] = {"number": row["number"], "box": (row["event"] or {}).get("box"), "picture": capture}
    marks = await marks_of(request, [drawn])
    page = render(
        request,
        "kitchen/finding.html",
        status,
        row=row,
        story=story,
        refusal=refusal(story) if row["state"] in WITH_OWNER else None,
        refused_step=refused,
        kinds={item["kind"] for item in pictures},
        films=shown(request, viewer, Role.OWNER, ("finding", row["number"]), films),
        mark=marks.get(row["number"]),
        to_do=row["state"] in WITH_OWNER,
        may_disagree=row["state"] in (*WITH_OWNER, "rectified_claimed") and row["appealed_at"] is None,
        higher=[text(language, f"party.{party}") for party in (row["tell"] or {}).get("late", ()) if party != "owner"],
        story_words=STORY,
        photo_wanted=photo_wanted(row),
        words=words,
        refused=kind.value if kind else "",
        said=said,
    )
    return with_player(request, page)
