"""Nothing moves: whether a method keeps brightness, or flickers or pumps."""

from __future__ import annotations

import numpy as np
import torch

from cafi.interpolators import registry
from cafi.simulation.camera import random_camera
from cafi.simulation.world import simulate_light

SCENES, SIDE, BLOCK = 24, 192, 32


def report(names: tuple[str, ...] = ("linear", "optical_flow", "kymo")) -> None:
    """Print bias and the block means' distances from those of the acquired neighbours, in standard errors."""
    print(
        "\nstatic noisy scenes\n\n| method | bias, % of the range | largest bias | blocks beyond 3 standard errors, % |"
    )
    print("|---|---|---|---|")
    for name in names:
        biases, distances = zip(*(_one(name, seed) for seed in range(SCENES)), strict=True)
        beyond = 100 * float((np.abs(np.concatenate(distances)) > 3).mean())
        print(f"| {name} | {100 * np.mean(biases):.3f} | {100 * np.abs(biases).max():.3f} | {beyond:.1f} |")


def _one(name: str, seed: int) -> tuple[float, np.ndarray]:
    """Mean of prediction minus acquired, and the same for each block in standard errors of the acquired mean."""
    random = torch.Generator().manual_seed(5_000_000 + seed)
    light = simulate_light(SIDE, torch.tensor([[0.0, 1.0]]), random)[:, :1].expand(-1, 4, -1, -1)
    frames = random_camera(1, random).expose(light, random)
    method = registry.get(name)
    keep = slice(2 - method.context, 2 + method.context)
    times = torch.tensor([[-1.0, 0.0, 1.0, 2.0]])[:, keep]
    with torch.inference_mode():
        made = method.predict(frames[:, keep, None], times, torch.tensor([0.5]), torch.ones_like(times).bool()).mean[
            0, 0
        ]
    ends = frames[0, 1:3]
    noise = (ends[0] - ends[1]) / 2**0.5
    blocks = [_blocks(v) for v in (made - ends.mean(0), noise**2)]
    # The mean of two frames has half the variance of one, over BLOCK ** 2 pixels.
    error = (blocks[1].clamp_min(1e-12) / (2 * BLOCK**2)).sqrt()
    return float((made - ends.mean(0)).mean()), (blocks[0] / error).flatten().numpy()


def _blocks(image: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.avg_pool2d(image[None, None], BLOCK)[0, 0]
