import torch
from scipy.ndimage import uniform_filter

from cafi.layers.averaging import box_mean, halved


def test_equals_scipy_inside_and_counts_only_what_is_there_at_the_edge():
    image = torch.rand(1, 2, 14, 17, generator=torch.Generator().manual_seed(0))
    mean = box_mean(image, 5)
    expected = uniform_filter(image[0, 1].numpy(), 5)
    assert abs(mean[0, 1, 2:-2, 2:-2].numpy() - expected[2:-2, 2:-2]).max() < 1e-6
    assert torch.isclose(mean[0, 0, 0, 0], image[0, 0, :3, :3].mean())


def test_halving_is_the_mean_of_two_by_two():
    image = torch.rand(2, 3, 14, 18, generator=torch.Generator().manual_seed(1))
    assert (halved(image) - torch.nn.functional.avg_pool2d(image, 2)).abs().max() < 1e-6
