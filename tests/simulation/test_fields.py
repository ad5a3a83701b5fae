"""Random fields have mean 0, variance 1, the stated spectrum, and no borders."""

import numpy as np
import pytest
import torch

from cafi.simulation.fields import power_law, smooth_vectors
from cafi.simulation.textures import TEXTURES


@pytest.mark.parametrize("exponent", [0.5, 1.5])
def test_amplitude_falls_with_the_exponent(exponent):
    given = torch.full((8,), exponent)
    field = power_law(8, 256, given, 0 * given + 0.5, 0 * given + 5000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(field.std((1, 2)), torch.ones(8), rtol=1e-4, atol=0)
    assert float(field.mean((1, 2)).abs().max()) < 1e-5
    power = torch.fft.fft2(field).abs().square().mean(0).numpy()
    frequency = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.fftfreq(256))
    band = (frequency > 0.01) & (frequency < 0.2)
    slope = np.polyfit(np.log(frequency[band]), np.log(power[band]), 1)[0]
    assert slope == pytest.approx(-2 * exponent, abs=0.1)


def test_smooth_vectors_have_no_fine_features():
    wavelength = torch.full((2,), 40.0)
    field = smooth_vectors(2, 128, wavelength, 0 * wavelength, torch.Generator().manual_seed(0))
    assert field.shape == (2, 2, 128, 128)
    step = field.diff(dim=-1).abs().max()
    assert float(step) < 0.5


@pytest.mark.parametrize("texture", TEXTURES)
def test_textures_are_brightness_and_repeatable(texture):
    first, again = (texture(2, 64, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first, again)
    assert first.shape == (2, 64, 64)
    assert float(first.min()) >= 0
    assert float(first.max()) <= 1.05
    assert float(first.std()) > 0.01
