"""Clean clips: repeatable, normalised by percentiles, of finite values."""

import math

import pytest
import torch

from cafi.simulation.world import normalised, shimmer, simulate_light

TIMES = torch.tensor([[-1.0, 0.0, 0.25, 0.5, 1.0, 2.0]]).expand(2, -1)


@pytest.mark.parametrize("seed", range(6))
def test_light_is_normalised_and_repeatable(seed):
    first, again = (simulate_light(64, TIMES, torch.Generator().manual_seed(seed)) for _ in range(2))
    assert first.shape == (2, 6, 64, 64)
    assert torch.equal(first, again)
    for movie in first:
        low, high = torch.quantile(movie[..., ::3, ::3].flatten(), torch.tensor([0.001, 0.999]))
        assert float(low) == pytest.approx(0, abs=1e-4)
        assert float(high) == pytest.approx(1, abs=1e-3)


def test_seeds_differ():
    first, second = (simulate_light(64, TIMES, torch.Generator().manual_seed(s)) for s in (1, 2))
    assert not torch.allclose(first, second, atol=0.1)


def test_normalisation_uses_the_outer_thousandths():
    ramp = torch.linspace(5, 25, 90 * 90).reshape(1, 1, 90, 90)
    low, high = torch.quantile(normalised(ramp)[..., ::3, ::3].flatten(), torch.tensor([0.001, 0.999]))
    assert float(low) == pytest.approx(0, abs=1e-5)
    assert float(high) == pytest.approx(1, abs=1e-5)


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
