"""How much memory this process has needed at most."""

from __future__ import annotations

import re
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_FORGET_PEAK = "5"


def forget_peak() -> None:
    """Let the peak begin at what is resident now; on systems other than Linux nothing happens."""
    try:
        _CLEAR.write_text(_FORGET_PEAK)
    except OSError:
        return


def peak_mb() -> float:
    """Return the highest resident memory since `forget_peak` in MB; NaN where the system does not tell."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
    except OSError:
        return float("nan")
    return float("nan") if found is None else int(found[1]) / 1024
