"""``make bench``: every figure that the documentation states, measured again."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import (
    breaks,
    calibration,
    cycle,
    experiments,
    faults,
    finetuning,
    intervals,
    likeness,
    limits,
    memory,
    methods,
    mixing,
    networks,
    particles,
    peers,
    perturbed,
    planning,
    realism,
    speed,
    startup,
    still,
    tiles,
    verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = ("kymo", "optical_flow", "linear")


def _startup(_: argparse.Namespace) -> None:
    _say("startup", startup.measure())


def _speed(_: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for method in METHODS:
            for count, side in ((200, 512), (40, 2048)):
                _say(f"speed of {method}", speed.measure(Path(scratch), method, count, side))


def _memory(_: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for method in METHODS:
            for count in (200, 4000):
                _say(f"memory of {method}", memory.measure(Path(scratch), method, count))


PARTS: dict[str, Callable[[argparse.Namespace], object]] = {
    "startup": _startup,
    "speed": _speed,
    "memory": _memory,
    "quality": lambda chosen: methods.report(chosen.movies),
    "reduced": lambda chosen: methods.report_reduced(chosen.movies),
    "mixing": lambda chosen: mixing.report(chosen.movies),
    "perturbed": lambda chosen: perturbed.report(chosen.movies),
    "limits": lambda chosen: limits.report(chosen.movies, chosen.rife),
    "particles": lambda _: particles.report(),
    "peers": lambda chosen: peers.report(chosen.rife),
    "networks": lambda _: networks.report(),
    "calibration": lambda chosen: calibration.report(chosen.movies, _figure(chosen, "calibration")),
    "intervals": lambda chosen: intervals.report(chosen.movies),
    "faults": lambda chosen: faults.report(chosen.movies, _figure(chosen, "faults")),
    "cycle": lambda chosen: cycle.report(chosen.movies),
    "likeness": lambda chosen: likeness.report(chosen.movies),
    "verdict": lambda chosen: verdict.report(chosen.movies),
    "still": lambda _: still.report(),
    "tiles": lambda chosen: tiles.report(chosen.movies),
    "breaks": lambda chosen: breaks.report(chosen.movies),
    "experiments": lambda _: experiments.report(),
    "planning": lambda chosen: planning.report(chosen.movies),
    "finetuning": lambda chosen: finetuning.report(chosen.movies),
    "realism": lambda chosen: realism.report(chosen.movies, count=400),
}


def main() -> None:
    """Measure, and print tables, or one JSON line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    parser.add_argument("--movies", type=Path, default=Path("../shared/movies"), help="real movies")
    parser.add_argument("--rife", type=Path, default=Path("../shared/tools/rife_peer.py"), help="RIFE, as a peer")
    parser.add_argument("--figure", type=Path, help="where the part that is chosen draws its figure (PNG)")
    chosen = parser.parse_args()
    for name, part in PARTS.items():
        if chosen.only in (None, name):
            part(chosen)


def _figure(chosen: argparse.Namespace, name: str) -> Path | None:
    figure: Path | None = chosen.figure if chosen.only == name else None
    return figure


def _say(what: str, figures: dict[str, float]) -> None:
    rounded = {name: round(value, 3) for name, value in figures.items()}
    print(json.dumps({"benchmark": what} | rounded), flush=True)


if __name__ == "__main__":
    main()
