"""Peak memory of the whole command for a short and a long movie, and the time to the first frame."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks import movies

if TYPE_CHECKING:
    from pathlib import Path


def measure(folder: Path, method: str, count: int, side: int = 512) -> dict[str, float]:
    """Interpolate a movie of ``count`` frames with the command line.

    Returns
    -------
    dict
        Peak resident memory in MB, seconds to the first stored frame, and seconds in all.
    """
    source = folder / f"memory_{count}.tif"
    if not source.exists():
        movies.write(source, count, side)
    target = folder / f"memory_{count}_{method}.ome.tif"
    command = [sys.executable, "-m", "cafi", "interpolate", str(source), str(target), "--method", method]
    journal = target.with_name(target.name + ".partial") / "journal.jsonl"
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    first = None
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if first is None and journal.exists() and b'"slot"' in journal.read_bytes():
            first = time.perf_counter() - started
        time.sleep(0.02)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with exit code {process.returncode}")
    seconds = time.perf_counter() - started
    target.unlink()
    return {
        "frames": count,
        "peak_mb": usage.ru_maxrss / 1024,
        "first_frame_s": float("nan") if first is None else first,
        "seconds": seconds,
    }
