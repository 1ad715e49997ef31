"""What gateways say of a letter after they took it. The address is the key: its token was told to them alone."""

import json
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from api.access import digest
from api.edge_uploads import body_of
from contracts.kinds import ReceiptState
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api", "receipts.sql")
MAX_BYTES = 16_384
MAX_DETAIL = 200
WORDS = {
    "delivered": ReceiptState.DELIVERED,
    "delivrd": ReceiptState.DELIVERED,
    "undelivered": ReceiptState.UNDELIVERED,
    "undeliv": ReceiptState.UNDELIVERED,
    "failed": ReceiptState.UNDELIVERED,
    "rejected": ReceiptState.UNDELIVERED,
    "rejectd": ReceiptState.UNDELIVERED,
    "expired": ReceiptState.UNDELIVERED,
}
"""as SMPP and most gateways say it; case does not matter"""


@router.post("/receipts/{token}", status_code=202)
async def receipt(request: Request, token: str, state: str = "", detail: str = "") -> Response:
    """Takes a delivery receipt, in the query or as JSON; alerting carries it over. The same again changes nothing.

    A state that is none of WORDS (a gateway that says "accepted" first) is taken and says nothing: 202 all the same.
    """
    said = await _said(request)
    word = WORDS.get(str(said.get("state") or state).strip().lower())
    if word is None and not (said.get("state") or state):
        raise HTTPException(422, "state: missing, expected 'delivered' or 'undelivered'")
    why = str(said.get("detail") or detail)[:MAX_DETAIL].replace("\0", "")
    async with request.app.state.pool.connection() as connection:
        row = await (await connection.execute(QUERIES["attempt_of_token"], {"token": digest(token)})).fetchone()
        if row is None:
            raise HTTPException(404)
        if word is not None:
            values = {"attempt": row["id"], "state": word.value, "detail": why}
            await connection.execute(QUERIES["receipt"], values)
    return Response(status_code=202)


async def _said(request: Request) -> dict[str, Any]:
    content = await body_of(request, MAX_BYTES)
    if not content.strip() or "json" not in request.headers.get("content-type", ""):
        return {}
    try:
        said = json.loads(content)
    except ValueError as error:
        raise HTTPException(422, f"body: not JSON: {error}") from error
    if not isinstance(said, dict):
        raise HTTPException(422, "body: expected a JSON object with 'state'")
    return said
