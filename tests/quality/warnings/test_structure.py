"""Structure of one size: what noise leaves in it."""

import numpy as np
import pytest

from cafi.quality.warnings.structure import Picture, energy, spot_noise, spots


@pytest.fixture(scope="module")
def white():
    return np.random.default_rng(0).standard_normal((300, 301)).astype(np.float32)


def test_noise_of_spots_is_that_of_filtered_white_noise(white):
    for size in (1.0, 1.8, 3.0):
        assert spots(white, size).std() == pytest.approx(spot_noise(np.float32(1), size), rel=0.05)


def test_a_picture_works_its_spots_out_once(white):
    picture = Picture(white)
    assert picture.spots(1.8) is picture.spots(1.8)
    np.testing.assert_array_equal(picture.spots(1.8), spots(white, 1.8))
    assert not np.array_equal(picture.spots(1.8), picture.spots(3.0))


def test_energy_is_the_mean_square(white):
    assert energy(white) == pytest.approx(np.mean(np.square(white, dtype=np.float64)), rel=1e-6)
    assert energy(np.float32(1e30) * white) == np.inf
