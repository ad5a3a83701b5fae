"""Fast smoothing is that of a Gaussian, within what a coarser grid can hold."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cafi.layers.smoothing import blur, smooth


@pytest.fixture(scope="module")
def white():
    return np.random.default_rng(0).standard_normal((300, 301)).astype(np.float32)


@pytest.mark.parametrize("sigma", [1.0, 4.5, 7.5, 10.0, 18.0])
def test_smoothing_is_that_of_a_gaussian(white, sigma):
    # White noise is the worst case: an image has less of what a coarser grid cannot hold.
    expected = gaussian_filter(white, sigma, mode="reflect")
    assert np.std(smooth(white, sigma) - expected) < 0.15 * np.std(expected)
    assert np.std(smooth(white, sigma)) == pytest.approx(np.std(expected), rel=0.03)


def test_blur_is_a_gaussian_cut_off_at_three_standard_deviations(white):
    np.testing.assert_allclose(blur(white, 2.0), gaussian_filter(white, 2.0, mode="reflect", truncate=3), atol=1e-5)
