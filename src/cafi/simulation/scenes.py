"""What is in the field of view: each scene is light (B, T, Y, X), about 0 to 1, exact at any time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from cafi.simulation.draw import chance, direction, integer, log_uniform, normal, uniform
from cafi.simulation.light import carry, splat
from cafi.simulation.motion import Pace, flow, paths, waves
from cafi.simulation.textures import TEXTURES, grain

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Generator, Tensor

    Scene = Callable[[int, Pace, Tensor, Generator], Tensor]


def tissue(side: int, pace: Pace, times: Tensor, random: Generator) -> Tensor:
    """A textured sheet that flows."""
    kind = TEXTURES[integer(0, len(TEXTURES), random)]
    texture = kind(len(times), 2 * (side // 2), random)
    return carry(texture, flow(side, pace, times, random)).clamp(0, 1.5)


def particles(side: int, pace: Pace, times: Tensor, random: Generator) -> Tensor:
    """Vesicles, puncta, beads: spots that move, blink, appear and vanish."""
    n, points = len(times), integer(10, 260, random)
    place = paths(points, side, pace, times, random)
    sigma = log_uniform((n, 1, 1), 0.8, 5, random) * log_uniform((n, 1, points), 0.7, 1.4, random)
    bright = log_uniform((n, 1, points), 0.15, 1, random)
    blinking = chance((n, 1, points), 0.15, random)
    shown = torch.sigmoid(8 * (waves((points,), 0.3, times, random) + 0.5))
    return splat(place, sigma, bright * (1 - blinking * (1 - shown)), side)


def rods(side: int, pace: Pace, times: Tensor, random: Generator) -> Tensor:
    """Bacteria and mitochondria: chains of spots that swim, turn, grow and bend."""
    n, points, links = len(times), integer(8, 70, random), 9
    centre = paths(points, side, pace, times, random)
    width = log_uniform((n, 1, 1), 1.2, 5, random)
    length = width * uniform((n, 1, points), 1, 7, random) * (1 + 0.1 * waves((points,), 0.2, times, random))
    turning = normal((n, 1, points), random) * uniform((n, 1, 1), 0, 0.6, random)
    angle = uniform((n, 1, points), 0, 2 * math.pi, random) + turning * (times - 0.5)[:, :, None]
    bend = uniform((n, 1, points), -0.8, 0.8, random) * waves((points,), 0.3, times, random)
    along = torch.linspace(-0.5, 0.5, links, device=times.device)
    heading = angle[..., None] + bend[..., None] * along
    step = torch.stack([heading.sin(), heading.cos()], -1) * (length[..., None] * along)[..., None]
    place = (centre[..., None, :] + step).flatten(2, 3)
    bright = log_uniform((n, 1, points, 1), 0.4, 1, random).expand(-1, -1, -1, links).flatten(2, 3)
    drawn = splat(place, width, 3 * bright / links * (1 + 0 * place[..., 0]), side)
    return torch.tanh(uniform((n, 1, 1, 1), 0.8, 3, random) * drawn)


def filaments(side: int, pace: Pace, times: Tensor, random: Generator) -> Tensor:
    """Microtubules and fibres: long lines of spots that bend, slide and grow at their ends."""
    n, lines, links = len(times), integer(4, 26, random), 64
    start = paths(lines, side, Pace(0.4 * pace.pixels), times, random)
    along = torch.linspace(0, 1, links, device=times.device)
    length = uniform((n, 1, lines, 1), 0.2, 1.2, random) * side
    angle = uniform((n, 1, lines, 1), 0, 2 * math.pi, random)
    sway = uniform((n, 1, lines, 1), 0, 0.8, random) * waves((lines, 1), 0.15, times, random)
    heading = angle + (sway + uniform((n, 1, lines, 1), -1.2, 1.2, random)) * along
    step = torch.stack([heading.sin(), heading.cos()], -1) * (length / links)[..., None]
    place = (start[..., None, :] + step.cumsum(-2)).flatten(2, 3)
    grown = uniform((n, 1, lines, 1), 0.3, 1.2, random) + (
        normal((n, 1, lines, 1), random) * pace.pixels[:, None, None, None] / length * (times - 0.5)[:, :, None, None]
    )
    shown = torch.sigmoid((grown - along) * links / 2)
    comet = 1 + uniform((n, 1, 1, 1), 0, 3, random) * torch.exp(-(((grown - along) * links / 4) ** 2))
    bright = (log_uniform((n, 1, lines, 1), 0.3, 1, random) * shown * comet).flatten(2, 3)
    sigma = log_uniform((n, 1, 1), 0.8, 2.5, random)
    spacing = (length.mean((1, 2, 3)) / links).clamp_min(0.2)[:, None, None]
    return splat(place, sigma, bright * (spacing / sigma).clamp_max(1) * 0.6, side)


def cells(side: int, pace: Pace, times: Tensor, random: Generator) -> Tensor:
    """Nuclei and cell bodies: soft bodies that crawl, deform and divide, and carry their texture along."""
    n, bodies, parts = len(times), integer(3, 40, random), 4
    centre = paths(bodies, side, pace, times, random)
    size = log_uniform((n, 1, 1), 4, side / 9, random) * log_uniform((n, 1, bodies), 0.8, 1.3, random)
    arm = direction((n, 1, bodies, parts), random) * uniform((n, 1, bodies, parts, 1), 0, 0.9, random)
    arm = arm + 0.15 * waves((bodies, parts, 2), 0.2, times, random)
    dividing = chance((n, 1, bodies, 1, 1), 0.08, random)
    apart = torch.sigmoid(3 * ((times - 0.5)[:, :, None, None, None] - uniform((n, 1, bodies, 1, 1), -1, 1, random)))
    side_of = torch.tensor([-1.0, -1.0, 1.0, 1.0], device=times.device)[:, None]
    arm = arm + dividing * apart * side_of * direction((n, 1, bodies, 1), random) * 1.3
    place = centre[..., None, :] + arm * size[..., None, None]
    sigma = (0.7 * size[..., None] * (1 + 0 * place[..., 0])).flatten(2, 3)
    heap = splat(place.flatten(2, 3), sigma, torch.ones_like(sigma) / 2, side)
    sharpness = log_uniform((n, 1, 1, 1), 3, 20, random)
    mask = torch.sigmoid(sharpness * (heap - 0.6))
    strength = uniform((n, 1, 1, 1), 0, 0.9, random)
    inner = 1 - strength + strength * _carried_texture(side, centre, size, times, random)
    thickness = 1 + uniform((n, 1, 1, 1), 0, 0.8, random) * (heap.clamp_max(2) - 1)
    return mask * inner * thickness


def _carried_texture(side: int, centre: Tensor, size: Tensor, times: Tensor, random: Generator) -> Tensor:
    """A texture that every body takes along: pixels follow the bodies near them."""
    middle = centre.mean(1, keepdim=True)
    sigma = (1.2 * size).expand(centre.shape[:-1])
    moved = centre - middle
    near = torch.stack([splat(centre, sigma, moved[..., axis], side) for axis in (1, 0)], 2)
    total = splat(centre, sigma, torch.ones_like(sigma), side)[:, :, None]
    del times
    return carry(grain(len(centre), side, random), near / (total + 1e-3))


SCENES: tuple[tuple[Scene, float], ...] = (
    (tissue, 0.36),
    (particles, 0.2),
    (rods, 0.12),
    (filaments, 0.1),
    (cells, 0.22),
)
