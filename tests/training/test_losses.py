import math

import pytest
import torch
from skimage.metrics import structural_similarity

from cafi.layers.warping import warp
from cafi.training.losses import (
    BRIGHTNESS_FLOOR,
    FLOOR,
    STEP_FLOOR,
    brightness_loss,
    motion_loss,
    scale_loss,
    score_loss,
    structure_loss,
)


def test_score_is_the_expected_psnr():
    truth = torch.zeros(1, 1, 8, 8)
    loss = score_loss(truth + 0.1, truth, truth + 0.02)
    assert loss.item() == pytest.approx(math.log(0.1**2 + 0.02 + FLOOR))


def test_scale_is_the_laplace_likelihood_and_leaves_the_mean_alone():
    mean = torch.full((1, 1, 4, 4), 0.3, requires_grad=True)
    scale = torch.full((1, 1, 4, 4), 0.2, requires_grad=True)
    loss = scale_loss(mean, scale, torch.full((1, 1, 4, 4), 0.7))
    assert loss.item() == pytest.approx(math.log(0.2) + 0.4 / 0.2)
    loss.backward()
    assert mean.grad is None
    # The best b is |e| = 0.4: below it the gradient asks for more.
    assert (scale.grad < 0).all()


def test_right_motion_leaves_only_the_floor():
    random = torch.Generator().manual_seed(0)
    truth = torch.rand(1, 1, 32, 32, generator=random)
    flows = torch.zeros(1, 4, 2, 32, 32)
    flows[:, :, 0] = torch.tensor([-3.0, -1.0, 1.0, 3.0]).view(1, 4, 1, 1)
    clean = torch.cat([truth.roll(int(d), 3) for d in (-3, -1, 1, 3)], 1)
    valid = torch.ones(1, 4)
    right, wrong = (motion_loss(f, clean, truth, valid) for f in (flows, -flows))
    inside = (warp(clean[:, 2:3], flows[:, 2]) - truth)[..., :-4].abs().max()
    assert inside < 1e-5
    assert right < wrong - 1
    assert right > math.log(STEP_FLOOR)


def test_a_missing_frame_does_not_count():
    truth = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    clean = torch.cat([torch.rand(1, 1, 16, 16), truth, truth, truth], 1)
    loss = motion_loss(torch.zeros(1, 4, 2, 16, 16), clean, truth, torch.tensor([[0.0, 1, 1, 1]]))
    assert loss.item() == pytest.approx(math.log(STEP_FLOOR))


def test_outer_frames_count_a_quarter_of_inner_ones():
    truth = torch.zeros(2, 1, 8, 8)
    clean = torch.tensor([0.8, 0.1, 0.2, 0.4]).view(1, 4, 1, 1).expand(2, -1, 8, 8)
    valid = torch.tensor([[1.0, 1, 1, 1], [1, 1, 1, 0]])
    loss = motion_loss(torch.zeros(2, 4, 2, 8, 8), clean, truth, valid)
    errors = ((0.8 / 4 + 0.1 + 0.2 + 0.4 / 4) / 2.5, (0.8 / 4 + 0.1 + 0.2) / 2.25)
    assert loss.item() == pytest.approx(sum(math.log(e + STEP_FLOOR) for e in errors) / 2)


def test_motion_on_a_coarser_grid_is_in_its_own_pixels():
    random = torch.Generator().manual_seed(2)
    coarse = torch.rand(1, 1, 16, 16, generator=random)
    truth = coarse.repeat_interleave(4, -1).repeat_interleave(4, -2)
    flows = torch.zeros(1, 4, 2, 16, 16)
    flows[:, 2, 0] = 1.0
    clean = truth.repeat(1, 4, 1, 1)
    clean[:, 2] = truth[:, 0].roll(4, -1)
    only = torch.tensor([[0.0, 0, 1, 0]])
    found = math.exp(motion_loss(flows, clean, truth, only).item()) - STEP_FLOOR
    assert found < (coarse.diff(dim=-1).abs().mean().item()) / 4


def test_structure_is_one_minus_ssim():
    random = torch.Generator().manual_seed(3)
    truth = torch.rand(1, 1, 40, 48, generator=random)
    mean = (truth + 0.2 * torch.randn(1, 1, 40, 48, generator=random)).clamp(0, 1)
    _, full = structural_similarity(
        truth[0, 0].numpy(), mean[0, 0].numpy(), win_size=7, data_range=1, use_sample_covariance=False, full=True
    )
    assert structure_loss(mean, truth).item() == pytest.approx(1 - full[3:-3, 3:-3].mean(), abs=1e-5)


def test_brightness_looks_at_blocks_and_not_at_detail():
    truth = torch.full((1, 1, 64, 64), 0.5)
    checks = 0.1 * (1 - 2 * ((torch.arange(64)[:, None] + torch.arange(64)) % 2))
    assert brightness_loss(truth + checks, truth).item() == pytest.approx(math.log(BRIGHTNESS_FLOOR), abs=1e-3)
    assert brightness_loss(truth + 0.01, truth).item() == pytest.approx(math.log(1e-4 + BRIGHTNESS_FLOOR), abs=1e-3)
