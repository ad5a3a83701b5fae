"""Kymo's time for one frame beside RIFE's (public weights, a peer for benchmarks only) and DIS both ways."""

from __future__ import annotations

import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from benchmarks import rife
from cafi.interpolators import registry
from cafi.interpolators.kymo.guess import forget_motions, guess_velocity
from cafi.interpolators.kymo.method import KymoMethod
from cafi.interpolators.kymo.motion import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

THREADS, SIDE, ROUNDS = 2, 512, 12
TOGETHER, GPU_CALLS = (1, 4, 8), 5  # windows that a GPU predicts at once


def report(tool: Path) -> None:
    """Print a table of medians, and of ratios taken within each round, so that a busy machine disturbs all alike."""
    torch.set_num_threads(THREADS)
    cv2.setNumThreads(THREADS)
    frames = _texture()
    methods = {"kymo": _kymo(frames), "DIS both ways": _dis(frames)} | _rife(tool, frames)
    for method in methods.values():
        method()
    rounds = [{name: _seconds(method) for name, method in methods.items()} for _ in range(ROUNDS)]
    print(f"\nOne frame of {SIDE} x {SIDE}, float32, {THREADS} threads, median of {ROUNDS} rounds\n")
    print("| method | ms | time of kymo / its time |\n|---|---|---|")
    for name in methods:
        ratio = statistics.median(r["kymo"] / r[name] for r in rounds)
        print(f"| {name} | {1000 * statistics.median(r[name] for r in rounds):.0f} | {ratio:.2f} |")
    _gpu_report()


def _texture() -> torch.Tensor:
    random = np.random.default_rng(0)
    image = cv2.GaussianBlur(random.random((SIDE + 24, SIDE + 24), dtype=np.float32), (0, 0), 2)
    image = (image - image.min()) / np.ptp(image)
    return torch.from_numpy(np.stack([image[d : d + SIDE, d : d + SIDE] for d in (0, 6, 12, 18)]))


def _kymo(frames: torch.Tensor) -> Callable[[], Any]:
    method = registry.get("kymo")
    window = (frames[None, :, None], torch.tensor([[-1.0, 0, 1, 2]]), torch.tensor([0.5]), torch.ones(1, 4).bool())

    def predict() -> Any:
        forget_motions()  # each frame is timed as the first of its gap
        with torch.inference_mode():
            return method.predict(*window).mean

    return predict


def _dis(frames: torch.Tensor) -> Callable[[], Any]:
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    first, last = ((frames[k].numpy() * 255).astype(np.uint8) for k in (1, 2))
    return lambda: (dis.calc(first, last, None), dis.calc(last, first, None))


def _rife(tool: Path, frames: torch.Tensor) -> dict[str, Callable[[], Any]]:
    first, last = frames[1].numpy(), frames[2].numpy()
    peers = rife.load(tool, ("4.6", "4.25"))
    return {f"RIFE {version}": partial(predict, first, last) for version, predict in peers.items()}


def _seconds(method: Callable[[], Any]) -> float:
    started = time.perf_counter()
    method()
    return time.perf_counter() - started


def _gpu_report(device: str = "cuda", side: int = 1024) -> None:
    """Print how many windows a second a GPU predicts in bfloat16, and how many motions the CPU guesses for it."""
    print(f"\n{side} x {side} in bfloat16 on a GPU, in windows a second\n")
    if device == "cuda" and not torch.cuda.is_available():
        print("not measured (no GPU)")
        return
    frames = torch.nn.functional.interpolate(_texture()[None], size=(side, side), mode="bilinear")
    frames = torch.cat([frames.roll(8 * k, 3) for k in range(max(TOGETHER))])  # no two gaps are the same
    print("| windows at once | motion guessed on the CPU | network alone | all of it |\n|---|---|---|---|")
    for count in TOGETHER:
        rates = _gpu_rates(frames[:count].to(device))
        print(f"| {count} | " + " | ".join(f"{rate:.1f}" for rate in rates) + " |", flush=True)


def _gpu_rates(frames: torch.Tensor) -> tuple[float, float, float]:
    count, device = len(frames), frames.device
    method = KymoMethod()
    method.network.to(device)
    times = torch.tensor([[-1.0, 0, 1, 2]], device=device).expand(count, -1)
    window = Window(frames, times, torch.full((count,), 0.5, device=device), torch.ones_like(times))
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16):
        guess = guess_velocity(window)

        def guessing() -> Any:
            forget_motions()
            return guess_velocity(window)

        def whole() -> Any:
            forget_motions()
            return method.predict(frames[:, :, None], times, window.t, window.valid).mean

        steps = (guessing, lambda: method.network(window, guess), whole)
        guessed, alone, together = (count / _settled_seconds(step, device) for step in steps)
    return guessed, alone, together


def _settled_seconds(step: Callable[[], Any], device: torch.device) -> float:
    """Mean of several calls after a few that warm up, once the device is done with them."""

    def run(calls: int) -> None:
        for _ in range(calls):
            step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    run(3)
    started = time.perf_counter()
    run(GPU_CALLS)
    return (time.perf_counter() - started) / GPU_CALLS
