"""Nothing moves: whether a method keeps brightness, or flickers or pumps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cafi.interpolators import registry
from cafi.simulation.camera import random_camera
from cafi.simulation.world import simulate_light

SCENES, SIDE, BLOCK = 24, 192, 32
QUIET = 0.005  # of the range: a camera's noise below which a block's standard error is next to nothing


def report(names: tuple[str, ...] = ("linear", "optical_flow", "kymo")) -> None:
    """Print bias and the block means' distances from those of the acquired neighbours, in standard errors."""
    print("\nstatic noisy scenes; noise and bias in % of the range\n")
    print(
        "| method | bias | largest bias | blocks beyond 3 standard errors, % | noise above 0.5: of these, % |", end=""
    )
    print(" largest difference of a block, noise below 0.5 |\n|---|---|---|---|---|---|")
    for name in names:
        scenes = [_one(name, seed) for seed in range(SCENES)]
        bias = 100 * np.array([scene.bias for scene in scenes])
        quiet = [scene for scene in scenes if scene.noise < QUIET]
        beyond, noisy = (_beyond([s for s in scenes if s.noise >= least]) for least in (0, QUIET))
        largest = 100 * max(float(np.abs(scene.difference).max()) for scene in quiet)
        print(
            f"| {name} | {bias.mean():.3f} | {np.abs(bias).max():.3f} | {beyond:.1f} | {noisy:.1f} | {largest:.3f} |",
            flush=True,
        )


@dataclass(frozen=True)
class Scene:
    """One scene: the camera's noise, and prediction minus the mean of the acquired neighbours.

    Attributes
    ----------
    noise, bias : float
        Standard deviation; mean over the frame.
    difference, error : ndarray of float32
        For each block the difference, and the standard error of the acquired mean.
    """

    noise: float
    bias: float
    difference: np.ndarray
    error: np.ndarray


def _beyond(scenes: list[Scene]) -> float:
    distances = np.concatenate([np.abs(scene.difference / scene.error) for scene in scenes])
    return 100 * float((distances > 3).mean())


def _one(name: str, seed: int) -> Scene:
    random = torch.Generator().manual_seed(5_000_000 + seed)
    light = simulate_light(SIDE, torch.tensor([[0.0, 1.0]]), random)[:, :1].expand(-1, 4, -1, -1)
    frames = random_camera(1, random).expose(light, random)
    method = registry.get(name)
    keep = slice(2 - method.context, 2 + method.context)
    times = torch.tensor([[-1.0, 0.0, 1.0, 2.0]])[:, keep]
    with torch.inference_mode():
        said = method.predict(frames[:, keep, None], times, torch.tensor([0.5]), torch.ones_like(times).bool())
    ends = frames[0, 1:3]
    noise, change = (ends[0] - ends[1]) / 2**0.5, said.mean[0, 0] - ends.mean(0)
    # The mean of two frames has half the variance of one, over BLOCK ** 2 pixels.
    error = (_blocks(noise**2).clamp_min(1e-12) / (2 * BLOCK**2)).sqrt()
    return Scene(float(noise.std()), float(change.mean()), _blocks(change).numpy(), error.numpy())


def _blocks(image: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.avg_pool2d(image[None, None], BLOCK)[0, 0]
