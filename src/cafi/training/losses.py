"""What training makes small."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from torch.nn import functional

from cafi.layers.warping import warp

if TYPE_CHECKING:
    from torch import Tensor

FLOOR = 1e-4  # of mean square error: below 40 dB nothing more is gained
STEP_FLOOR = 3e-3
SSIM_WINDOW, C1, C2 = 7, 0.01**2, 0.03**2  # for data of range 1
BLOCK, BRIGHTNESS_FLOOR = 16, 1e-6


def score_loss(mean: Tensor, truth: Tensor, variance: Tensor) -> Tensor:
    """Mean logarithm of the error that a held-out check will find: the square error plus the camera's noise.

    10 / ln 10 times this, with the opposite sign, is the expected PSNR in dB, so every movie counts alike.
    """
    error = ((mean - truth) ** 2 + variance).mean((1, 2, 3))
    return (error + FLOOR).log().mean()


def charbonnier_loss(made: Tensor, truth: Tensor) -> Tensor:
    """Mean of sqrt(d^2 + 1e-6), a smooth absolute difference (Charbonnier et al. 1994), for equal shapes."""
    return ((made - truth) ** 2 + 1e-6).sqrt().mean()


def expected_psnr(score: float) -> float:
    """Turn the mean logarithm of an expected square error, see `score_loss`, into dB for data of range 1."""
    return -10 / log(10) * score


def motion_loss(flows: Tensor, clean: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
    """How badly noise-free frames fit the noise-free truth after moving along the flows.

    Parameters
    ----------
    flows : Tensor, shape (B, 4, 2, y, x)
        In pixels of their own grid, which may be coarser than the frames by a whole factor.
    clean : Tensor, shape (B, 4, Y, X)
    truth : Tensor, shape (B, 1, Y, X)
    valid : Tensor, shape (B, 4)
    """
    factor = clean.shape[-1] // flows.shape[-1]
    small, wanted = (functional.avg_pool2d(v, factor) if factor > 1 else v for v in (clean, truth))
    moved = warp(small.flatten(0, 1)[:, None], flows.flatten(0, 1)).unflatten(0, (-1, 4))[:, :, 0]
    each = (moved - wanted).abs().mean((2, 3))
    share = valid * valid.new_tensor([0.25, 1.0, 1.0, 0.25])
    error = (each * share).sum(1) / share.sum(1)
    return (error + STEP_FLOOR).log().mean()


def scale_loss(mean: Tensor, scale: Tensor, measured: Tensor) -> Tensor:
    """Negative log-likelihood of the measured frame under a Laplace distribution around the given mean."""
    return (scale.log() + (measured - mean.detach()).abs() / scale).mean()


def structure_loss(mean: Tensor, truth: Tensor) -> Tensor:
    """One minus the structural similarity (Wang et al. 2004) to the noise-free truth, over windows of 7 x 7 pixels."""

    def local(image: Tensor) -> Tensor:
        return functional.avg_pool2d(image, SSIM_WINDOW, 1)

    x, y = mean.float(), truth.float()
    ux, uy = local(x), local(y)
    vx, vy, vxy = local(x * x) - ux * ux, local(y * y) - uy * uy, local(x * y) - ux * uy
    alike = (2 * ux * uy + C1) * (2 * vxy + C2) / ((ux * ux + uy * uy + C1) * (vx.clamp_min(0) + vy.clamp_min(0) + C2))
    return 1 - alike.mean()


def brightness_loss(mean: Tensor, truth: Tensor) -> Tensor:
    """How far the means of blocks of 16 x 16 pixels are off, as a logarithm, so that no movie flickers or pumps."""
    error = functional.avg_pool2d(mean - truth, BLOCK) ** 2
    return (error.mean((1, 2, 3)) + BRIGHTNESS_FLOOR).log().mean()
