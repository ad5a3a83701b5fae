"""Detail that comes and goes has its strength and is forgotten."""

import math

import pytest
import torch

from cafi.simulation.shimmer import shimmer


def test_shimmering_detail_has_its_strength_and_is_forgotten():
    random = torch.Generator().manual_seed(0)
    times = torch.arange(0, 12, 0.25).expand(40, -1)
    added = shimmer(torch.zeros(40, times.shape[1], 32, 32), torch.full((40, 1, 1, 1), 0.2), times, random)
    assert float(added.std()) == pytest.approx(0.2, rel=0.1)

    def correlation(lag):
        a, b = added[:, :-lag].flatten(2), added[:, lag:].flatten(2)
        return float(((a * b).mean(2) / (a.std(2) * b.std(2))).mean())

    # The mean of a cosine over frequencies from none to 0.6 cycles in a gap.
    for lag in (1, 2, 16):
        angle = 2 * math.pi * 0.6 * lag / 4
        assert correlation(lag) == pytest.approx(math.sin(angle) / angle, abs=0.06)
