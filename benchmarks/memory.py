"""Peak memory of the whole command for a short and a long movie, and the time to the first frame."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import movies


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
    first, peak = float("nan"), 0.0
    while process.poll() is None:
        peak = max(peak, _peak_mb(process.pid))
        if first != first and journal.exists() and b'"slot"' in journal.read_bytes():
            first = time.perf_counter() - started
        time.sleep(0.02)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with exit code {process.returncode}")
    seconds = time.perf_counter() - started
    target.unlink()
    return {"frames": count, "peak_mb": peak, "first_frame_s": first, "seconds": seconds}


def _peak_mb(pid: int) -> float:
    """Peak resident memory so far; what `wait4` reports would contain this process's own peak, from before exec."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0
