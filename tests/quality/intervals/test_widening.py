"""Every tenth of intensity and of motion is held, also where nothing else tells that its errors are larger."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from cafi.quality.intervals.features import Features
from cafi.quality.intervals.widening import Steps, from_dict, widening

COUNT = 40_000


@pytest.fixture(scope="module")
def drawn():
    """Scores that are twice as large in the brightest tenth, and 1.5 times as large in the fastest."""
    rng = np.random.default_rng(0)
    intensity, motion = rng.uniform(size=(2, COUNT)).astype(np.float32)
    scores = np.abs(rng.normal(size=COUNT)) * np.where(intensity > 0.9, 2, 1) * np.where(motion > 0.9, 1.5, 1)
    return scores, intensity, motion


def known(intensity, motion):
    nothing = np.empty((len(intensity), 0), np.float32)
    return Features(nothing, nothing, intensity, motion)


def test_each_tenth_is_held(drawn):
    scores, intensity, motion = drawn
    made = widening(scores, intensity, motion, 0.9)
    inside = scores <= made.at(known(intensity, motion))
    assert 0.9 <= inside.mean() < 0.94
    for values in (intensity, motion):
        for tenth in range(10):
            assert inside[(values >= tenth / 10) & (values < (tenth + 1) / 10)].mean() > 0.895
    # One factor for all would hold fewer of the brightest.
    assert (scores <= made.least)[intensity > 0.9].mean() < 0.7


def test_no_pixel_gets_less_than_all_together_ask_for(drawn):
    made = widening(*drawn, 0.9)
    assert made.least == np.quantile(drawn[0], 0.9)
    assert made.at(known(*drawn[1:])).min() == made.least


def test_equal_values_share_a_factor():
    values = np.repeat(np.array([0, 1], np.float32), [800, 200])
    scores = np.where(values == 1, 5.0, 1.0)
    made = widening(scores, values, np.zeros(1000, np.float32), 0.9)
    assert set(made.intensity.at(np.array([0, 1], np.float32))) == {1.0, 5.0}


def test_values_beyond_the_edges_take_the_last_factors():
    steps = Steps((1.0, 2.0), (10.0, 20.0, 30.0))
    assert steps.at(np.array([-9, 1, 1.5, 99], np.float32)).tolist() == [10, 20, 20, 30]


def test_a_way_through_json_changes_nothing(drawn):
    made = widening(*drawn, 0.9)
    assert from_dict(json.loads(json.dumps(asdict(made)))) == made
