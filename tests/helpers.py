"""Small things that many tests need."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cafi.movie.model import Header, Movie, Size


@dataclass
class ArraySource:
    """Planes of an array (T, C, Z, Y, X[, S]) in memory, and a list of what was read."""

    pixels: NDArray[Any]
    reads: list[tuple[int, int, int]] = field(default_factory=list)

    def read(self, t: int, c: int, z: int) -> NDArray[Any]:
        self.reads.append((t, c, z))
        return self.pixels[t, c, z]

    def is_missing(self, t: int, c: int, z: int) -> bool:
        return False

    def close(self) -> None:
        return


def array_movie(pixels: NDArray[Any], **header: Any) -> Movie:
    """A movie of an array (T, C, Z, Y, X[, S])."""
    samples = pixels.shape[5] if pixels.ndim == 6 else 1
    size = Size(*pixels.shape[:5])
    return Movie(Header("array", size, pixels.dtype, samples, **header), ArraySource(pixels))


def run_cafi(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "cafi", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
