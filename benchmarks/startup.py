"""How long ``cafi --help`` takes, against the libraries that it cannot do without."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

HEAVY = ("numpy", "torch", "dask", "cv2", "zarr", "tifffile", "scipy")
REFERENCE = [sys.executable, "-c", "import cyclopts, pydantic, rich.console"]
HELP = [sys.executable, "-c", "from cafi.cli import main; main(['--help'])"]


def seconds(command: list[str]) -> float:
    """Return the wall-clock seconds of one run of a command."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def measure(repeats: int = 9) -> dict[str, float]:
    """Return median seconds of help and reference, and their ratio, taken in turn."""
    pairs = [(seconds(HELP), seconds(REFERENCE)) for _ in range(repeats + 1)][1:]
    return {
        "help_s": statistics.median(a for a, _ in pairs),
        "reference_s": statistics.median(b for _, b in pairs),
        "ratio": statistics.median(a / b for a, b in pairs),
    }
