"""Noise of the camera in its own units: variance = gain^2 (photons + read noise^2), twice the photons with EM gain."""

import numpy as np
import pytest
import torch

from cafi.simulation.detector import Detector


def recorded(detector, photons, frames=400):
    light = torch.full((frames, 32, 32), float(photons))
    return detector.record(light, torch.Generator().manual_seed(1)).numpy().astype(float)


@pytest.mark.parametrize("multiplying", [False, True])
@pytest.mark.parametrize("photons", [5, 80])
def test_mean_and_variance(photons, multiplying):
    detector = Detector(gain=2.2, read_noise=1.6, multiplying=multiplying)
    grey = recorded(detector, photons)
    excess = 2 if multiplying else 1
    variance = 2.2**2 * (excess * photons + 1.6**2) + 1 / 12
    assert float(detector.variance(torch.tensor(float(photons)))) == pytest.approx(variance)
    assert grey.var() == pytest.approx(variance, rel=0.02)
    assert grey.mean() == pytest.approx(100 + 2.2 * photons, rel=0.005)
    assert float(detector.expected(torch.tensor(float(photons)))) == pytest.approx(100 + 2.2 * photons)


def test_grey_values_stay_within_the_bits():
    grey = recorded(Detector(gain=10, bits=8), 500, frames=2)
    assert grey.max() == 255
    dark = recorded(Detector(gain=10, offset=0, read_noise=5), 0, frames=2)
    assert dark.min() == 0


def test_hot_pixels_and_uneven_gain_are_fixed():
    burning = recorded(Detector(gain=1, hot=0.02, read_noise=0), 4, frames=20)
    always = (burning == 65535).all(0)
    assert 5 < always.sum() < 40
    assert (burning[:, ~always] < 200).all()
    uneven = recorded(Detector(gain=1, uneven=0.1), 400)
    assert np.std(uneven.mean(0)) == pytest.approx(40, rel=0.1)
