import pytest
import torch
from scipy.ndimage import convolve1d

from cafi.layers.wavelets import smoothed


@pytest.mark.parametrize("step", [1, 2, 4])
def test_equals_scipy(step):
    image = torch.rand(2, 1, 23, 31, generator=torch.Generator().manual_seed(0))
    kernel = [0.0] * (2 * step + 1)
    kernel[0], kernel[step], kernel[-1] = 0.25, 0.5, 0.25
    expected = convolve1d(convolve1d(image[1, 0].numpy(), kernel, 0, mode="nearest"), kernel, 1, mode="nearest")
    assert abs(smoothed(image, step)[1, 0].numpy() - expected).max() < 1e-6
