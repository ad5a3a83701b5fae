"""Noise of the camera in normalised units: the stated deviation, skewness, and what stays the same in every frame."""

import pytest
import torch

from cafi.simulation.camera import Camera, random_camera


def camera(**given):
    names = ("shot", "read", "grain", "step", "floor", "skew", "pattern", "hot")
    return Camera(**{name: torch.full((1, 1, 1, 1), float(given.get(name, 0))) for name in names})


def noise(made, light=0.5, frames=400, seed=0):
    clean = torch.full((1, frames, 48, 48), light)
    return made.expose(clean, torch.Generator().manual_seed(seed)) - clean


@pytest.mark.parametrize("grain", [0, 1.2])
def test_the_deviation_is_the_stated_one(grain):
    made = camera(shot=0.01, read=0.05, grain=grain, floor=-0.2)
    expected = (0.01 * 0.7 + 0.05**2) ** 0.5
    assert float(made.deviation(torch.tensor(0.5))) == pytest.approx(expected, rel=1e-5)
    # At the border the blur of grainy noise averages fewer pixels.
    inner = noise(made)[..., 1:-1, 1:-1]
    assert float(inner.std()) == pytest.approx(expected, rel=0.01)
    assert abs(float(inner.mean())) < 1e-3


def test_skewness_changes_neither_mean_nor_variance():
    drawn = noise(camera(read=0.1, skew=0.8)) / 0.1
    assert float(drawn.mean()) == pytest.approx(0, abs=0.01)
    assert float(drawn.std()) == pytest.approx(1, abs=0.01)
    assert float((drawn**3).mean()) == pytest.approx(0.8, rel=0.1)


def test_patterns_and_hot_pixels_are_the_same_in_every_frame():
    offsets = noise(camera(read=0.1, pattern=0.5)).mean(1)
    assert float(offsets.std()) == pytest.approx(0.05, rel=0.3)
    burning = noise(camera(hot=0.01), frames=3)
    assert torch.equal(burning[:, 0], burning[:, 2])
    assert float((burning > 0.25).float().mean()) == pytest.approx(0.01, rel=0.5)


def test_steps_are_multiples():
    recorded = noise(camera(read=0.1, step=0.125), light=0, frames=2)
    torch.testing.assert_close(recorded, (recorded * 8).round() / 8)


def test_random_cameras_are_repeatable_and_span_two_decades_of_noise():
    first, second = (random_camera(500, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first.shot, second.shot)
    level = first.deviation(torch.ones(500, 1, 1, 1))
    assert level.min() < 0.004
    assert level.max() > 0.15
