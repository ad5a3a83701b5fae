"""Flicker, pumping and noise are zero, or one, where they should be, and have the size of what was put in."""

import math

import numpy as np
import pytest

from cafi.quality.metrics import Range
from cafi.quality.metrics.temporal import flicker, noise_ratio, pumping

SCALE = Range(0.0, 100.0)
RNG = np.random.default_rng(0)
BEFORE = RNG.normal(50, 1, (64, 64))
AFTER = RNG.normal(60, 1, (64, 64))
BLEND = 0.75 * BEFORE + 0.25 * AFTER


def test_a_blend_has_neither_flicker_nor_pumping():
    assert flicker(BLEND, BEFORE, AFTER, 0.25, SCALE) == pytest.approx(0, abs=1e-12)
    assert pumping(BLEND, BEFORE, AFTER, 0.25, SCALE) == pytest.approx(0, abs=1e-12)


def test_a_brighter_frame_pumps_and_flickers_by_as_much():
    for change in (5.0, -5.0):
        assert flicker(BLEND + change, BEFORE, AFTER, 0.25, SCALE) == pytest.approx(0.05)
        assert pumping(BLEND + change, BEFORE, AFTER, 0.25, SCALE) == pytest.approx(0.05)


def test_only_still_parts_count_as_flicker():
    after = BEFORE.copy()
    after[:32] += 40
    frame = 0.5 * (BEFORE + after)
    frame[:32] += 10  # in the half that changes
    assert flicker(frame, BEFORE, after, 0.5, SCALE) == pytest.approx(0, abs=1e-12)
    assert pumping(frame, BEFORE, after, 0.5, SCALE) == pytest.approx(0.05)


def test_noise_of_a_blend_is_less_by_the_root_of_two():
    assert noise_ratio(0.5 * (BEFORE + AFTER), BEFORE, AFTER) == pytest.approx(math.sqrt(0.5), rel=0.1)
    assert math.isnan(noise_ratio(BEFORE, np.ones((8, 8)), np.ones((8, 8))))
