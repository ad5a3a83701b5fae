"""Correlations at every shift, against NumPy's one by one."""

import numpy as np
import pytest

from cafi.layers.shifts import FARTHEST, between, similarities


def test_correlations_equal_numpys_at_every_shift():
    rng = np.random.default_rng(0)
    first, second = rng.random((2, 18, 23), dtype=np.float32)
    surface = similarities(first, second)
    far_y, far_x = int(FARTHEST * 18), int(FARTHEST * 23)
    assert surface.shape == (2 * far_y + 1, 2 * far_x + 1)
    for dy, dx in [(0, 0), (far_y, -far_x), (-3, 5), (-far_y, -1)]:
        a = first[max(0, -dy) : 18 - max(0, dy), max(0, -dx) : 23 - max(0, dx)]
        b = second[max(0, dy) : 18 + min(0, dy), max(0, dx) : 23 + min(0, dx)]
        expected = np.corrcoef(a.ravel(), b.ravel())[0, 1]
        assert surface[far_y + dy, far_x + dx] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("top", [2.0, 2.3, 1.6])
def test_the_top_of_a_parabola_lies_between_pixels(top):
    line = 1 - 0.1 * (np.arange(5) - top) ** 2
    assert 2 + between(line, 2) == pytest.approx(top)
    assert between(line, 0) == 0
