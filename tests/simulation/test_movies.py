"""Whole movies: repeatable, with a truth that is the expectation of the frames, and true motion."""

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from cafi.simulation.movies import simulate_movie
from cafi.simulation.options import SimulationOptions

SMALL = SimulationOptions(scene="particles", side=64, frames=4, seed=3)


def varied(**changes):
    return SMALL.model_copy(update=changes)


def test_the_same_seed_gives_the_same_movie():
    first, again, other = (simulate_movie(varied(seed=s)) for s in (3, 3, 4))
    assert torch.equal(first.frames, again.frames)
    assert not torch.equal(first.truth, other.truth)


@pytest.mark.parametrize(
    ("scene", "tracks", "motion"),
    [
        ("particles", True, False),
        ("rods", True, False),
        ("cells", True, False),
        ("filaments", False, False),
        ("tissue", False, True),
        ("mixed", False, False),
    ],
)
def test_every_scene_has_the_truth_that_it_can_have(scene, tracks, motion):
    movie = simulate_movie(varied(scene=scene))
    assert movie.frames.shape == movie.truth.shape == (4, 64, 64)
    assert (movie.tracks is not None) == tracks
    assert (movie.motion is not None) == motion


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_frames_scatter_around_the_truth_as_the_options_say(bits):
    movie = simulate_movie(varied(noise=0.1, bits=bits, frames=60, speed=0, side=96))
    assert int(movie.frames.max()) <= 2**bits - 1
    grey, truth = movie.frames.numpy().astype(float), movie.truth.numpy().astype(float)
    white = 2.0**bits - 1
    gain, offset = 0.6 * white * 0.1**2, min(100.0, 0.04 * white)
    photons = (truth - offset) / gain
    dim = truth < 0.8 * white
    variance = gain**2 * (photons + 1.5**2) + 1 / 12
    assert np.mean((grey - truth)[dim] ** 2 / variance[dim]) == pytest.approx(1, abs=0.03)


def test_tissue_shows_what_was_where_the_motion_says():
    movie = simulate_movie(varied(scene="tissue", side=128, frames=3, speed=2, seed=1))
    assert float(movie.motion[0].abs().max()) == 0
    first, last = (movie.truth[k].numpy() for k in (0, 2))
    dx, dy = movie.motion[2].numpy()
    y, x = np.mgrid[:128, :128]
    warped = map_coordinates(first, [y - dy, x - dx], order=3, mode="nearest")
    inner = (slice(16, -16),) * 2
    assert np.abs(dx).max() > 0.5
    assert np.std((warped - last)[inner]) < 0.15 * np.std((first - last)[inner])


def test_visible_particles_are_in_the_field():
    tracks = simulate_movie(varied(frames=30, speed=10)).tracks
    inside = ((tracks.places > -0.5) & (tracks.places < 63.5)).all(-1)
    assert 0 < tracks.visible.float().mean() < 1
    assert bool(inside[tracks.visible].all())
