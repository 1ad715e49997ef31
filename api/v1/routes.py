"""All of /api/v1."""

from fastapi import APIRouter

from api.v1 import audit, events, figures, findings, incidents, register

router = APIRouter()
for part in (incidents, findings, register, figures, events, audit):
    router.include_router(part.router)
