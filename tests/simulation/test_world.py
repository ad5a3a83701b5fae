"""Clean clips: repeatable, normalised by percentiles, of finite values."""

import pytest
import torch

from cafi.simulation.world import normalised, simulate_light

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
