"""The particle benchmark: known speeds, straight paths that switch, spots where their places are."""

import pytest
import torch

from cafi.simulation.particle_benchmark import BACKGROUND, DETECTOR, SIDE, SIGMA, particle_movie, switching_paths


@pytest.mark.parametrize("velocity", [2, 7, 13])
def test_the_fastest_move_v_pixels_and_none_faster(velocity):
    steps = particle_movie(velocity).places.diff(dim=0).norm(dim=-1)
    assert float(steps.max()) <= velocity + 1e-3
    assert float(steps.max()) > 0.9 * velocity


def test_paths_are_straight_but_for_switches():
    place = switching_paths(30, SIDE, torch.arange(0, 200, 0.5), torch.Generator().manual_seed(0))
    bends = place.diff(n=2, dim=0).norm(dim=-1) > 1e-3
    # About one switch in 25 pixels of way, each seen in one or two of 398 differences, and the mirrored ones.
    assert 0.01 < float(bends.float().mean()) < 0.06
    assert float(place.min()) >= 2 * SIGMA - 1e-3
    assert float(place.max()) <= SIDE - 1 - 2 * SIGMA + 1e-3


def test_slow_and_fast_movies_show_the_same_paths():
    slow, fast = particle_movie(2, frames=17), particle_movie(4, frames=9)
    torch.testing.assert_close(slow.places[::2], fast.places)
    torch.testing.assert_close(slow.truth[::2], fast.truth)


def test_truth_is_brightest_at_the_places():
    movie = particle_movie(3)
    at = movie.places[5].round().long()
    here = movie.truth[5][tuple(at.T)]
    empty = DETECTOR.offset + DETECTOR.gain * BACKGROUND
    assert float(here.min()) > empty + 0.5 * DETECTOR.gain * 60
    assert float(movie.truth.min()) == pytest.approx(empty, rel=1e-3)


def test_it_is_deterministic():
    assert torch.equal(particle_movie(5).frames, particle_movie(5).frames)
    assert not torch.equal(particle_movie(5).frames, particle_movie(5, seed=1).frames)
