"""``make bench``: every figure that the documentation states, measured again."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks import memory, speed, startup

METHODS = ("optical_flow", "linear")


def main() -> None:
    """Measure, and print one JSON line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("startup", "speed", "memory", "quality"), help="one part alone")
    parser.add_argument("--movies", type=Path, default=Path("../shared/movies"), help="real movies, for quality")
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
        from benchmarks import methods

        methods.report(chosen.movies)


def _say(what: str, figures: dict[str, float]) -> None:
    rounded = {name: round(value, 3) for name, value in figures.items()}
    print(json.dumps({"benchmark": what} | rounded), flush=True)


if __name__ == "__main__":
    main()
