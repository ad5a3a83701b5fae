"""What is in the field of view: each scene is light (B, T, Y, X), about 0 to 1, exact at any time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from cafi.simulation.draw import chance, direction, integer, log_uniform, normal, uniform
from cafi.simulation.light import carry, splat
from cafi.simulation.motion import Pace, flow, paths, swing, waves
from cafi.simulation.shimmer import shimmer
from cafi.simulation.textures import TEXTURES, grain

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Generator, Tensor

    Scene = Callable[[int, Pace, Tensor, Generator], "Layer"]

LIVING = 0.4  # share of sheets whose detail comes and goes


@dataclass(frozen=True)
class Layer:
    """One scene, and its true motion where it has one.

    Attributes
    ----------
    light : Tensor, shape (B, T, Y, X)
    places : Tensor, shape (B, T, N, 2), or None
        Centres (y, x) of the things in it, in pixels.
    shown : Tensor, shape (B, T, N), or None
        Share of its own brightness that each of them has.
    motion : Tensor, shape (B, T, 2, Y, X), or None
        Displacement (x, y) in pixels since time 0.5 of what is at each pixel.
    """

    light: Tensor
    places: Tensor | None = None
    shown: Tensor | None = None
    motion: Tensor | None = None


def tissue(side: int, pace: Pace, times: Tensor, random: Generator) -> Layer:
    """A textured sheet that flows."""
    return _sheet(side, pace, times, random, living=0.0)


def living_tissue(side: int, pace: Pace, times: Tensor, random: Generator) -> Layer:
    """A textured sheet that flows, often with detail that comes and goes while it is carried along.

    Where such detail stays in its place, networks learn that motion of fine texture is not to be believed.
    """
    return _sheet(side, pace, times, random, living=LIVING)


def _sheet(side: int, pace: Pace, times: Tensor, random: Generator, living: float) -> Layer:
    kind = TEXTURES[integer(0, len(TEXTURES), random)]
    texture = kind(len(times), 2 * (side // 2), random)
    motion = flow(side, pace, times, random)
    if living and torch.rand((), generator=random, device=random.device) < living:
        strength = log_uniform((len(times), 1, 1, 1), 0.03, 0.5, random)
        texture = shimmer(texture[:, None].expand(-1, times.shape[1], -1, -1), strength, times, random)
    return Layer(carry(texture, motion).clamp(0, 1.5), motion=motion)


def particles(side: int, pace: Pace, times: Tensor, random: Generator) -> Layer:
    """Vesicles, puncta, beads: spots that move, blink, appear and vanish."""
    n, points = len(times), integer(10, 260, random)
    start, moved = paths(points, side, pace, times, random)
    place = start + moved
    sigma = log_uniform((n, 1, 1), 0.8, 5, random) * log_uniform((n, 1, points), 0.7, 1.4, random)
    bright = _brightness((n, 1, points), random)
    blinking = chance((n, 1, points), 0.15, random)
    shown = 1 - blinking * torch.sigmoid(-8 * (waves((points,), 0.3, times, random) + 0.5))
    return Layer(splat(place, sigma, bright * shown, side), place, shown)


def rods(side: int, pace: Pace, times: Tensor, random: Generator) -> Layer:
    """Bacteria and mitochondria: chains of spots that swim, turn, grow, bend, break in two and join again."""
    n, points, links = len(times), integer(8, 70, random), 9
    start, moved = paths(points, side, pace, times, random)
    centre = start + moved
    width = log_uniform((n, 1, 1), 1.2, 5, random)
    length = width * uniform((n, 1, points), 1, 7, random) * (1 + 0.1 * waves((points,), 0.2, times, random))
    turning = normal((n, 1, points), random) * uniform((n, 1, 1), 0, 0.6, random)
    angle = uniform((n, 1, points), 0, 2 * math.pi, random) + turning * swing((times - 0.5)[:, :, None], 6.0)
    bend = uniform((n, 1, points), -0.8, 0.8, random) * waves((points,), 0.3, times, random)
    along = torch.linspace(-0.5, 0.5, links, device=times.device)
    heading = angle[..., None] + bend[..., None] * along
    fission = chance((n, 1, points), 0.15, random) * torch.sigmoid(8 * (waves((points,), 0.1, times, random) - 0.3))
    reach = length[..., None] * along + (1.5 * width * fission)[..., None] * along.sign()
    step = torch.stack([heading.sin(), heading.cos()], -1) * reach[..., None]
    place = (centre[..., None, :] + step).flatten(2, 3)
    # The link in the middle is where it breaks.
    whole = 1 - fission[..., None] * (along == 0)
    bright = (_brightness((n, 1, points), random)[..., None] * whole).flatten(2, 3)
    drawn = splat(place, width, 3 * bright / links, side)
    light = torch.tanh(uniform((n, 1, 1, 1), 0.8, 3, random) * drawn)
    return Layer(light, centre, torch.ones_like(centre[..., 0]))


def filaments(side: int, pace: Pace, times: Tensor, random: Generator) -> Layer:
    """Microtubules and fibres: long lines of spots that bend, slide, and grow or shrink at ends with comets."""
    n, lines, links = len(times), integer(4, 26, random), 64
    start, moved = paths(lines, side, pace.slower(0.4), times, random)
    along = torch.linspace(0, 1, links, device=times.device)
    length = uniform((n, 1, lines, 1), 0.2, 1.0, random) * side
    angle = uniform((n, 1, lines, 1), 0, 2 * math.pi, random)
    sway = uniform((n, 1, lines, 1), 0, 0.8, random) * waves((lines, 1), 0.15, times, random)
    heading = angle + (sway + uniform((n, 1, lines, 1), -1.2, 1.2, random)) * along
    step = torch.stack([heading.sin(), heading.cos()], -1) * (length / links)[..., None]
    place = ((start + moved)[..., None, :] + step.cumsum(-2)).flatten(2, 3)
    growth = normal((n, 1, lines, 1), random) * pace.pixels[:, None, None, None] / length
    grown = uniform((n, 1, lines, 1), 0.3, 1.2, random) + growth * swing((times - 0.5)[:, :, None, None], 4.0)
    shown = torch.sigmoid((grown - along) * links / 2)
    comet = 1 + uniform((n, 1, 1, 1), 0, 3, random) * torch.exp(-(((grown - along) * links / 4) ** 2))
    bright = (_brightness((n, 1, lines), random)[..., None] * shown * comet).flatten(2, 3)
    spacing = (length / links).amax((1, 2, 3))[:, None, None]
    # Nearer than two standard deviations, spots look like a line.
    sigma = torch.maximum(log_uniform((n, 1, 1), 0.8, 2.5, random), 0.5 * spacing)
    return Layer(splat(place, sigma, bright * (spacing / sigma).clamp_max(1) * 0.6, side))


def cells(side: int, pace: Pace, times: Tensor, random: Generator) -> Layer:
    """Nuclei and cell bodies: soft bodies that crawl, turn, deform and divide, and carry their texture along."""
    n, bodies = len(times), integer(3, 40, random)
    start, moved = paths(bodies, side, pace, times, random)
    centre = start + moved
    size = log_uniform((n, 1, 1), 4, side / 9, random) * log_uniform((n, 1, bodies), 0.8, 1.3, random)
    place = centre[..., None, :] + _arms(bodies, times, random) * size[..., None, None]
    sigma = (0.7 * size[..., None]).expand(-1, -1, -1, place.shape[3]).flatten(2, 3)
    heap = splat(place.flatten(2, 3), sigma, torch.full_like(sigma, 0.5), side)
    sharpness = log_uniform((n, 1, 1, 1), 3, 20, random)
    mask = torch.sigmoid(sharpness * (heap - 0.6))
    strength = uniform((n, 1, 1, 1), 0, 0.9, random)
    texture, bright = _carried(side, centre, moved, size, random)
    inner = (1 - strength + strength * texture) * bright
    thickness = 1 + uniform((n, 1, 1, 1), 0, 0.8, random) * (heap.clamp_max(2) - 1)
    return Layer(mask * inner * thickness, centre, torch.ones_like(centre[..., 0]))


def _arms(bodies: int, times: Tensor, random: Generator) -> Tensor:
    """Where the four parts of each body lie around its centre, in units of its size; (B, T, bodies, 4, 2)."""
    n, parts = len(times), 4
    elapsed = (times - 0.5)[:, :, None]
    arm = direction((n, 1, bodies, parts), random) * uniform((n, 1, bodies, parts, 1), 0, 0.9, random)
    arm = arm + 0.15 * waves((bodies, parts, 2), 0.2, times, random)
    # Divisions are spread over a long time, so that some happen in every stretch of a movie.
    moment = uniform((n, 1, bodies), -4, 40, random)
    apart = chance((n, 1, bodies), 0.8, random) * torch.sigmoid(3 * (elapsed - moment))
    side_of = torch.tensor([-1.0, -1.0, 1.0, 1.0], device=times.device)[:, None]
    arm = arm + apart[..., None, None] * side_of * direction((n, 1, bodies, 1), random) * 1.3
    angle = normal((n, 1, bodies), random) * uniform((n, 1, 1), 0, 0.3, random) * swing(elapsed, 6.0)
    return _turned(arm, angle[..., None])


def _turned(vectors: Tensor, angle: Tensor) -> Tensor:
    """Rotate (y, x) vectors, stored last, each by its own angle."""
    y, x = vectors.unbind(-1)
    sin, cos = angle.sin(), angle.cos()
    return torch.stack([cos * y + sin * x, cos * x - sin * y], -1)


def _carried(side: int, centre: Tensor, moved: Tensor, size: Tensor, random: Generator) -> tuple[Tensor, Tensor]:
    """A texture and a brightness that every body takes along: pixels follow the bodies near them."""
    sigma, bright = 1.2 * size, _brightness((len(centre), 1, centre.shape[2]), random)
    weights = torch.stack([torch.ones_like(moved[..., 0]), moved[..., 1], moved[..., 0], bright + 0 * moved[..., 0]], 1)
    near = splat(centre[:, None], sigma[:, None], weights, side)
    near = near[:, 1:] / (near[:, :1] + 1e-3)
    return carry(grain(len(centre), side, random), near[:, :2].transpose(1, 2)), near[:, 2]


def _brightness(shape: tuple[int, int, int], random: Generator) -> Tensor:
    """Brightness of things, in (0, 1]: log-normal as expression is, more or less unequal from movie to movie."""
    spread = uniform((shape[0], 1, 1), 0.1, 1.1, random)
    drawn = (spread * normal(shape, random)).exp()
    return drawn / drawn.amax(2, keepdim=True)


SCENES: tuple[tuple[Scene, float], ...] = (
    (living_tissue, 0.36),
    (particles, 0.2),
    (rods, 0.12),
    (filaments, 0.1),
    (cells, 0.22),
)
