"""``make bench``: every figure that the documentation states, measured again."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks import breaks, calibration, memory, methods, networks, particles, peers, realism, speed, startup, still

METHODS = ("kymo", "optical_flow", "linear")
PARTS = (
    "startup",
    "speed",
    "memory",
    "quality",
    "particles",
    "peers",
    "calibration",
    "still",
    "breaks",
    "realism",
    "networks",
)


def main() -> None:
    """Measure, and print one JSON line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    parser.add_argument("--movies", type=Path, default=Path("../shared/movies"), help="real movies, for quality")
    parser.add_argument("--rife", type=Path, default=Path("../shared/tools/rife_peer.py"), help="RIFE, for peers")
    parser.add_argument("--figure", type=Path, help="where calibration draws its figure (PNG)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if chosen.only in (None, "startup"):
            _say("startup", startup.measure())
        if chosen.only in (None, "speed"):
            for method in METHODS:
                for count, side in ((200, 512), (40, 2048)):
                    _say(f"speed of {method}", speed.measure(folder, method, count, side))
        if chosen.only in (None, "memory"):
            for method in METHODS:
                for count in (200, 4000):
                    _say(f"memory of {method}", memory.measure(folder, method, count))
    if chosen.only in (None, "quality"):
        methods.report(chosen.movies)
    if chosen.only in (None, "particles"):
        particles.report()
    if chosen.only in (None, "peers"):
        peers.report(chosen.rife)
    if chosen.only in (None, "calibration"):
        calibration.report(chosen.movies, chosen.figure)
    if chosen.only in (None, "still"):
        still.report()
    if chosen.only in (None, "breaks"):
        breaks.report(chosen.movies)
    if chosen.only in (None, "realism"):
        realism.report(chosen.movies, count=400)
    if chosen.only in (None, "networks"):
        networks.report()


def _say(what: str, figures: dict[str, float]) -> None:
    rounded = {name: round(value, 3) for name, value in figures.items()}
    print(json.dumps({"benchmark": what} | rounded), flush=True)


if __name__ == "__main__":
    main()
