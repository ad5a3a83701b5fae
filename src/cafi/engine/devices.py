"""Which device and arithmetic a run takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cafi.errors import CafiError

if TYPE_CHECKING:
    import torch


def choose_device(name: str) -> torch.device:
    """Return the device that a name means; ``auto`` takes CUDA, then MPS, then the CPU.

    Raises
    ------
    CafiError
        If the device is not there, or the name means nothing.
    """
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise CafiError(f"--device {name} is no device; take auto, cpu, cuda, cuda:N or mps.") from error
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device.type, False):
        raise CafiError(f"--device {name} is not available on this machine; take --device auto or --device cpu.")
    return device
