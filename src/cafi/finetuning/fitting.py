"""How large the windows and batches of training may be on this machine, found by trying."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psutil
import torch

from cafi.engine.options import parse_bytes
from cafi.errors import CafiError
from cafi.finetuning.windows import OwnWindows
from cafi.quality.memory import forget_peak, peak_mb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cafi.finetuning.reels import Reel
    from cafi.finetuning.windows import Kind
    from cafi.training.trainees import Trainee

LARGEST, SMALLEST = 256, 64  # sides of windows, in pixels
BATCH = 4
STEP_SECONDS = 2.0  # that a step may take: many small steps learn more than a few large ones
JUDGE_EVERY = 10.0  # seconds
FEWEST, MOST = 10, 100  # steps between two judgements
SEED = 0


@dataclass(frozen=True)
class Fit:
    """What was found.

    Attributes
    ----------
    largest : int
        Side of a window, at most, in pixels.
    batch : int
    judge_every : int
        Steps.
    """

    largest: int
    batch: int
    judge_every: int


def fit(trainee: Trainee, reels: Sequence[Reel], kind: Kind, device: torch.device, memory: str) -> Fit:
    """Try steps with ever smaller windows until one fits into memory and time, then choose the batch.

    Parameters
    ----------
    trainee : Trainee
    reels : sequence of Reel
    kind : Kind
        Whose ``largest`` and ``batch`` do not count.
    device : torch.device
    memory : str
        As in `FinetuneOptions`.

    Raises
    ------
    CafiError
        If not even the smallest window fits into memory.
    """
    budget = _free(device) / 2 if memory == "auto" else parse_bytes(memory)
    network = trainee.network.to(device)
    side = LARGEST
    while True:
        tried = replace(kind, largest=side, batch=1)
        # The first time more is set up than a step needs, and any may be disturbed: the least counts.
        seconds, needed = map(
            min, zip(*(_measure(trainee, network, reels, tried, device) for _ in range(3)), strict=True)
        )
        smaller = side // 2 // kind.multiple * kind.multiple
        if (seconds <= STEP_SECONDS and needed <= budget) or smaller < max(SMALLEST, kind.multiple):
            break
        side = smaller
    if needed > budget:
        raise CafiError(
            f"One window of {side} x {side} pixels takes {needed / 1e9:.1f} GB to learn from, and"
            f" {budget / 1e9:.1f} GB may be used; raise --memory, or take a smaller method."
        )
    batch = max(1, min(BATCH, int(STEP_SECONDS / seconds), int(budget / max(needed, 1))))
    return Fit(side, batch, min(MOST, max(FEWEST, round(JUDGE_EVERY / (batch * seconds)))))


def _measure(
    trainee: Trainee, network: torch.nn.Module, reels: Sequence[Reel], kind: Kind, device: torch.device
) -> tuple[float, float]:
    """Return seconds and bytes of one step with the largest window of all movies; the weights stay."""
    largest = max(reels, key=lambda reel: _pixels(kind.shape(reel.split.training.area)))
    windows = next(OwnWindows([largest], kind, device, SEED))
    before = _begin(device)
    began = time.monotonic()
    torch.stack(list(trainee.losses(network, windows).values())).sum().backward()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    found = time.monotonic() - began, _peak(device) - before
    network.zero_grad(set_to_none=True)
    return found


def _pixels(shape: tuple[int, int]) -> int:
    return shape[0] * shape[1]


def _free(device: torch.device) -> float:
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    return float(psutil.virtual_memory().available)


def _begin(device: torch.device) -> float:
    """Let the peak begin now, and return the bytes in use."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return float(torch.cuda.memory_allocated(device))
    forget_peak()
    return float(psutil.Process().memory_info().rss)


def _peak(device: torch.device) -> float:
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device))
    peak = peak_mb()
    # Where the system does not tell the peak, what is resident is the best guess.
    return float(psutil.Process().memory_info().rss) if peak != peak else peak * 2**20
