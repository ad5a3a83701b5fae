"""What tests of fine-tuning share."""

import pytest

from tests.finetuning.helpers import OPEN


@pytest.fixture(autouse=True)
def closed():
    """Close the movies that a test opened."""
    yield
    while OPEN:
        OPEN.pop().close()
