"""Predictions around an acquired frame lead back to it, or not."""

import numpy as np
import pytest

from cafi.layers.smoothing import blur
from cafi.quality.warnings.cycle import cycle

NOISE = 0.1


def texture(shift):
    wide = blur(np.random.default_rng(3).normal(size=(96, 160)).astype(np.float32), 3)
    return (5 * np.roll(wide, shift, 1)[:, 32:128])[None]


def measured(shift):
    return texture(shift) + NOISE * np.random.default_rng(4).normal(size=(1, 96, 96)).astype(np.float32)


@pytest.mark.parametrize(("earlier", "later", "place"), [(-4, 4, 0.5), (-2, 6, 0.25)])
def test_what_moves_steadily_leads_back(earlier, later, place):
    # Noise of the measured frame is left, an energy of 1, and what optical flow misses at the edges.
    (found,) = cycle(texture(earlier), texture(later), measured(0), place)
    assert 0.5 < found < 4


def test_a_wrong_place_or_a_wrong_prediction_does_not_lead_back():
    fine = cycle(texture(-2), texture(6), measured(0), 0.25)[0]
    assert cycle(texture(-2), texture(6), measured(0), 0.5)[0] > 10 * fine
    assert cycle(texture(-4), texture(4) * 0.5, measured(0), 0.5)[0] > 5 * fine


def test_each_channel_has_its_own_figure_and_absurd_values_none():
    found = cycle(
        np.concatenate([texture(-4), texture(-4)]),
        np.concatenate([texture(4), texture(0)]),
        np.concatenate([measured(0), measured(0)]),
        0.5,
    )
    assert found[1] > 10 * found[0]
    assert cycle(np.full((1, 64, 64), 1e38, np.float32), texture(0)[:, :64, :64], measured(0)[:, :64, :64], 0.5) == [0]
