"""Living cells under a fluorescence microscope: textured bodies that crawl and turn, with vesicles moving inside."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SceneOptions:
    """What is in the field of view, and how it is seen.

    Attributes
    ----------
    side : int
        Height and width in pixels.
    cells, vesicles : int
        How many there are.
    crawl, dash : float
        Speed of cells and of vesicles in pixels per unit of time.
    photons : float
        Expected photons at the brightest structures before bleaching.
    bleaching : float
        Time constant of photobleaching.
    offset, gain, read_noise : float
        Of the camera: grey values added, grey values per photon, photons (standard deviation).
    """

    side: int = 256
    cells: int = 9
    vesicles: int = 90
    crawl: float = 2.5
    dash: float = 3.0
    photons: float = 260.0
    bleaching: float = 90.0
    offset: float = 100.0
    gain: float = 2.2
    read_noise: float = 1.6


@dataclass(frozen=True)
class Scene:
    """A simulated movie and what the camera would have seen without noise.

    Attributes
    ----------
    frames : Tensor of int32, shape (T, Y, X)
        Grey values as a 16-bit camera gives them.
    truth : Tensor of float32, shape (T, Y, X)
        Their expectation.
    """

    frames: Tensor
    truth: Tensor


def simulate_scene(options: SceneOptions, times: Tensor, seed: int = 0, device: str = "cpu") -> Scene:
    """Simulate a movie at any real-valued times; the same seed gives the same scene at every choice of times.

    Parameters
    ----------
    options : SceneOptions
    times : Tensor of float32, shape (T,)
        In units of the frame interval.
    seed : int
    device : str

    Returns
    -------
    Scene
    """
    random = torch.Generator(device).manual_seed(seed)
    times = times.to(device, torch.float32)
    light = _cells(options, times, random) + _vesicles(options, times, random)
    haze = _blurred(light, options.side / 16)
    seen = 0.75 * _blurred(light, 1.1) + 0.6 * haze + 0.03
    photons = options.photons * seen * torch.exp(-times / options.bleaching)[:, None, None]
    caught = torch.poisson(photons, random)
    noise = options.read_noise * torch.randn(photons.shape, generator=random, device=device)
    counts = (caught + noise) * options.gain + options.offset
    return Scene(counts.round().clamp(0, 65535).int(), photons * options.gain + options.offset)


def _cells(options: SceneOptions, times: Tensor, random: torch.Generator) -> Tensor:
    """Soft-edged bodies with a fibrous texture and a dark nucleus, brightness about 1; shape (T, Y, X)."""
    n, side, device = options.cells, options.side, times.device
    start = (torch.rand(n, 2, generator=random, device=device) * 1.1 - 0.05) * side
    path = _paths(n, times, options.crawl, random)
    angle = _uniform((n,), 0, 2 * math.pi, random) + _uniform((n,), -0.03, 0.03, random) * times[:, None]
    axes = _uniform((n, 2), side / 12, side / 5, random)
    breathing = 1 + 0.12 * torch.sin(_uniform((n,), 0.05, 0.2, random) * times[:, None] + 6 * start[:, 0])
    grid = torch.arange(side, device=device, dtype=torch.float32)
    y = grid[:, None] - (start + path)[..., 0, None, None]
    x = grid - (start + path)[..., 1, None, None]
    cos, sin = torch.cos(angle)[..., None, None], torch.sin(angle)[..., None, None]
    u = (cos * y + sin * x) / (axes[:, 0] * breathing)[..., None, None]
    v = (cos * x - sin * y) / (axes[:, 1] / breathing)[..., None, None]
    radius = torch.sqrt(u**2 + v**2)
    body = torch.sigmoid((1 - radius) * 12)
    nucleus = 1 - 0.75 * torch.sigmoid((0.38 - torch.sqrt((u - 0.1) ** 2 + v**2)) * 20)
    light = body * nucleus * _texture(n, u, v, random) * _uniform((n,), 0.35, 0.9, random)[:, None, None]
    return light.amax(dim=1)


def _texture(n: int, u: Tensor, v: Tensor, random: torch.Generator) -> Tensor:
    """A random field for each cell, carried along in the cell's own coordinates; shape (T, N, Y, X), mean about 1."""
    field = torch.randn((n, 1, 96, 96), generator=random, device=u.device)
    fine = functional.avg_pool2d(field, (1, 5), 1, (0, 2))
    coarse = functional.avg_pool2d(field, 11, 1, 5) * 6
    field = (1 + 0.45 * fine + 0.3 * coarse).clamp_min(0.05)
    where = torch.stack([v, u], dim=-1) / 1.3
    t, _, height, width, _ = where.shape
    place = where.transpose(0, 1).reshape(n, t * height, width, 2)
    sampled = functional.grid_sample(field, place, padding_mode="reflection", align_corners=False)
    return sampled.reshape(n, t, height, width).transpose(0, 1)


def _vesicles(options: SceneOptions, times: Tensor, random: torch.Generator) -> Tensor:
    """Small bright spots on winding paths, appearing and fading; shape (T, Y, X)."""
    n, side, device = options.vesicles, options.side, times.device
    start = torch.rand(n, 2, generator=random, device=device) * side
    place = start + _paths(n, times, options.dash, random)
    size = _uniform((n,), 1.0, 2.6, random)
    rhythm = _uniform((n,), 0.02, 0.12, random) * times[:, None] + _uniform((n,), 0, 6.3, random)
    bright = _uniform((n,), 0.25, 1.0, random) * torch.sigmoid(4 * torch.sin(rhythm) + 3)
    grid = torch.arange(side, device=device, dtype=torch.float32)
    rows = torch.exp(-0.5 * ((grid - place[..., 0, None]) / size[:, None]) ** 2)
    columns = torch.exp(-0.5 * ((grid - place[..., 1, None]) / size[:, None]) ** 2)
    return torch.einsum("tn,tny,tnx->tyx", bright, rows, columns)


def _paths(n: int, times: Tensor, speed: float, random: torch.Generator) -> Tensor:
    """Smooth random walks as sums of a drift and slow waves; shape (T, N, 2), about ``speed`` pixels per unit time."""
    heading = _uniform((n,), 0, 2 * math.pi, random)
    drift = torch.stack([torch.sin(heading), torch.cos(heading)], -1) * _uniform((n, 1), 0.2, 0.9, random)
    rates = _uniform((n, 2, 3), 0.08, 0.6, random)
    phases = _uniform((n, 2, 3), 0, 2 * math.pi, random)
    waves = torch.sin(rates * times[:, None, None, None] + phases) - torch.sin(phases)
    return speed * (drift * times[:, None, None] + (0.45 * waves / rates).mean(-1))


def _blurred(light: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of frames (T, Y, X); sigma in pixels."""
    reach = min(math.ceil(3 * sigma), light.shape[-1] - 1)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=light.device) / sigma) ** 2)
    kernel = kernel / kernel.sum()
    padded = functional.pad(light[:, None], (reach,) * 4, mode="reflect")
    return functional.conv2d(functional.conv2d(padded, kernel[None, None, None]), kernel[None, None, :, None])[:, 0]


def _uniform(shape: tuple[int, ...], low: float, high: float, random: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=random, device=random.device)
