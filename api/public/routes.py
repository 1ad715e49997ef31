"""Everything of the public's door, in the order in which addresses are tried."""

from fastapi import APIRouter

from api.public import city, open_data, places, reports, search, signs

router = APIRouter()
for part in (city, search, signs, reports, open_data, places):
    router.include_router(part.router)
