"""The simulated movie is repeatable, exact at any time, and noisy as a camera is."""

import numpy as np
import torch

from cafi.simulation.scene import SceneOptions, simulate_scene

SMALL = SceneOptions(side=64, cells=4, vesicles=10)


def test_the_same_seed_gives_the_same_movie():
    times = torch.arange(3.0)
    first, second = simulate_scene(SMALL, times, seed=4), simulate_scene(SMALL, times, seed=4)
    assert torch.equal(first.frames, second.frames)
    other = simulate_scene(SMALL, times, seed=5)
    assert not torch.equal(first.truth, other.truth)


def test_the_truth_at_a_time_does_not_depend_on_the_other_times():
    whole = simulate_scene(SMALL, torch.tensor([0.0, 0.5, 1.0, 7.3])).truth
    part = simulate_scene(SMALL, torch.tensor([0.5, 7.3])).truth
    torch.testing.assert_close(whole[[1, 3]], part, rtol=1e-4, atol=1e-2)


def test_things_move_by_pixels_not_by_jumps():
    truth = simulate_scene(SMALL, torch.tensor([0.0, 0.01, 2.0])).truth
    near, far = (truth[1] - truth[0]).abs().mean(), (truth[2] - truth[0]).abs().mean()
    assert near < 0.02 * far
    assert far > 2


def test_the_camera_adds_photon_and_read_noise_around_the_truth():
    options = SceneOptions(side=64, cells=4, vesicles=10, crawl=0.0, dash=0.0, bleaching=1e12)
    scene = simulate_scene(options, torch.zeros(300))
    frames, truth = scene.frames.numpy().astype(float), scene.truth[0].numpy().astype(float)
    bias = frames.mean(0) - truth
    photons = (truth - options.offset) / options.gain
    variance = options.gain**2 * (photons + options.read_noise**2) + 1 / 12
    assert abs(bias.mean()) < 0.05
    np.testing.assert_allclose((frames.var(0) / variance).mean(), 1.0, atol=0.02)


def test_bleaching_takes_light_away():
    options = SceneOptions(side=64, cells=4, vesicles=0, crawl=0.0, bleaching=10.0)
    truth = simulate_scene(options, torch.tensor([0.0])).truth - options.offset
    later = simulate_scene(options, torch.tensor([10.0])).truth - options.offset
    assert 0.3 < float(later.mean() / truth.mean()) < 0.45
