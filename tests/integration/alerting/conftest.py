"""The city of this folder's tests."""

from collections.abc import Iterator

import pytest

from runtime.settings import DatabaseSettings
from tests.integration.alerting.town import City


@pytest.fixture
def town(city_db: DatabaseSettings) -> Iterator[City]:
    made = City(city_db)
    yield made
    made.close()
