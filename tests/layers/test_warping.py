import pytest
import torch

from cafi.layers.warping import resize_flow, warp


def test_whole_pixels_fetch_what_lies_there():
    image = torch.rand(2, 3, 9, 12, generator=torch.Generator().manual_seed(0))
    flow = torch.zeros(2, 2, 9, 12)
    flow[:, 0], flow[:, 1] = 2, -1
    moved = warp(image, flow)
    assert torch.allclose(moved[:, :, 1:, :-2], image[:, :, :-1, 2:], atol=1e-6)


def test_beyond_the_border_the_edge_is_repeated():
    image = torch.arange(6.0).view(1, 1, 1, 6)
    moved = warp(image, torch.stack([torch.full((1, 1, 6), 4.0), torch.zeros(1, 1, 6)], 1))
    assert moved.flatten().tolist() == pytest.approx([4, 5, 5, 5, 5, 5])


def test_half_a_pixel_is_the_mean_of_both_neighbours():
    image = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    flow = torch.zeros(1, 2, 8, 8)
    flow[:, 0] = 0.5
    expected = (image[..., :-1] + image[..., 1:]) / 2
    assert torch.allclose(warp(image, flow)[..., :-1], expected, atol=1e-6)


def test_a_finer_grid_has_longer_displacements():
    flow = torch.full((1, 4, 3, 5), 1.5)
    finer = resize_flow(flow, 4)
    assert finer.shape == (1, 4, 12, 20)
    assert torch.allclose(finer, torch.tensor(6.0))


def test_some_rows_alone_are_fetched_as_among_all():
    random = torch.Generator().manual_seed(2)
    image, flow = torch.rand(2, 3, 16, 12, generator=random), 3 * torch.randn(2, 2, 16, 12, generator=random)
    whole = warp(image, flow)
    assert torch.equal(warp(image, flow[:, :, 5:11], top=5), whole[:, :, 5:11])
