"""Where the map's pictures come from: an address with its three numbers, or nothing."""

import pytest
from pydantic import ValidationError

from api.page import content_policy
from runtime.api_settings import ApiSettings


def test_tiles_are_an_address_and_their_host_is_let_in() -> None:
    tiles = ApiSettings(map_tiles="https://tiles.example:8443/{z}/{x}/{y}.png").map_tiles
    assert "img-src 'self' data: https://tiles.example:8443;" in content_policy(tiles)
    assert "img-src 'self' data:;" in content_policy()


@pytest.mark.parametrize(
    "address", ["https://tiles.example/{z}/{x}.png", "ftp://a/{z}/{x}/{y}", "https://a; script-src *{x}{y}{z}"]
)
def test_anything_else_is_refused_by_name(address: str) -> None:
    with pytest.raises(ValidationError, match="map_tiles"):
        ApiSettings(map_tiles=address)
