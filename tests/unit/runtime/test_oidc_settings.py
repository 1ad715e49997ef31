"""The identity provider of the settings: encrypted, whole, and nobody new without a group."""

from typing import Any

import pytest
from pydantic import ValidationError

from runtime.api_settings import OidcSettings


def test_a_provider_is_reached_encrypted_or_on_this_machine() -> None:
    assert OidcSettings().issuer == ""
    for issuer in ("https://id.example", "https://id.example/realms/city", "http://localhost:8080"):
        assert OidcSettings(issuer=issuer, client_id="sunlit").issuer == issuer


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"issuer": "http://id.example", "client_id": "x"}, "issuer"),
        ({"issuer": "id.example", "client_id": "x"}, "issuer"),
        ({"issuer": "https://id.example"}, "client_id: missing"),
        ({"issuer": "https://id.example", "client_id": "x", "groups": {"a": "admin"}}, "groups_claim: missing"),
        ({"groups_claim": "g", "groups": {"a": "owner"}}, "groups"),
    ],
)
def test_what_is_half_or_open_is_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        OidcSettings(**values)


def test_the_secret_is_not_said() -> None:
    assert "hunter" not in repr(OidcSettings.model_validate({"client_secret": "hunter"}))
