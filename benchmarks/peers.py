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

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

THREADS, SIDE, ROUNDS = 2, 512, 12


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
    print(f"\n1024 x 1024 in bfloat16 on a GPU: {_gpu_rate()}")


def _texture() -> torch.Tensor:
    random = np.random.default_rng(0)
    image = cv2.GaussianBlur(random.random((SIDE + 24, SIDE + 24), dtype=np.float32), (0, 0), 2)
    image = (image - image.min()) / np.ptp(image)
    return torch.from_numpy(np.stack([image[d : d + SIDE, d : d + SIDE] for d in (0, 6, 12, 18)]))


def _kymo(frames: torch.Tensor, device: str = "cpu") -> Callable[[], Any]:
    method = registry.get("kymo")
    window = (frames[None, :, None], torch.tensor([[-1.0, 0, 1, 2]]), torch.tensor([0.5]), torch.ones(1, 4).bool())
    given = [part.to(device) for part in window]

    def predict() -> Any:
        with torch.inference_mode():
            return method.predict(*given).mean

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


def _gpu_rate() -> str:
    if not torch.cuda.is_available():
        return "not measured (no GPU)"
    frames = torch.nn.functional.interpolate(_texture()[None], size=(1024, 1024), mode="bilinear")[0]
    method = _kymo(frames, "cuda")
    with torch.autocast("cuda", torch.bfloat16):
        for _ in range(5):
            method()
        torch.cuda.synchronize()
        started = time.perf_counter()
        for _ in range(50):
            method()
        torch.cuda.synchronize()
    return f"{50 / (time.perf_counter() - started):.0f} frames/s"
