"""All pages of a kitchen, in the order in which their addresses are tried."""

from fastapi import APIRouter

from api.kitchen import cameras, finding, history, looks, papers, routes, sensors, trend

router = APIRouter()
# What has a word of its own in its address comes before what takes any kitchen's code.
for part in (finding, history, trend, sensors, cameras, looks, papers, routes):
    router.include_router(part.router)
