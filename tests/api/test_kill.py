"""A run killed at any moment resumes, and the result equals an uninterrupted run's (law 5).

The kills are real (SIGKILL), sent by the run to itself at its n-th event on the file system, so that they
are spread evenly and hit the last step as often as wanted.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from cafi.movie.reading import open_movie

EVENTS = frozenset({"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree", "os.truncate"})
FILLING, LAST = "filling", "last"
PRELOAD = ["torch", "tifffile", "zarr", "cafi.api.interpolate", "cafi.engine.interpolation", "cafi.movie.reading"]


@pytest.fixture(scope="module")
def starter():
    if sys.platform == "win32":
        pytest.skip("SIGKILL does not exist on Windows")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    return context


@pytest.fixture
def source(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    pixels = rng.integers(90, 4000, (9, 2, 24, 31)).astype(np.uint16)
    pixels[4, 1] = 0
    pixels[6] = 0  # blank in both channels: two cuts
    path = tmp_path / "source.ome.tif"
    tifffile.imwrite(path, pixels, metadata={"axes": "TCYX", "TimeIncrement": 2.0, "TimeIncrementUnit": "s"}, ome=True)
    return path


def run(source: Path, target: Path, kill: tuple[str, int] | None, log: Path) -> None:
    """Interpolate in this process; count its file-system events, and die at the chosen one of its step."""
    step, seen = FILLING, {FILLING: 0, LAST: 0}

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal step
        place = str(arguments[0]) if arguments else ""
        if event not in EVENTS or str(target) not in place:
            return
        if place.endswith("frames.csv"):
            step = LAST
        seen[step] += 1
        if (step, seen[step]) == kill:
            os.kill(os.getpid(), signal.SIGKILL)
        if kill is None:
            with log.open("a") as stream:
                stream.write(f"{step} {event} {place}\n")

    log.touch()
    sys.addaudithook(hook)
    import cafi

    cafi.interpolate(source, target, method="linear", resume=True, factor=3)


def start(starter: Any, *arguments: Any) -> int:
    process = starter.Process(target=run, args=arguments)
    process.start()
    process.join(120)
    assert process.exitcode is not None
    return process.exitcode


def content(target: Path) -> dict[str, str]:
    """Hashes of every file that makes up a result, by its path below the folder."""
    files = [path for path in target.parent.rglob("*") if path.is_file()]
    return {str(path.relative_to(target.parent)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "kills"), [(".ome.tif", 20), (".tif", 7), (".ome.zarr", 20)])
def test_killed_and_resumed_equals_uninterrupted(starter, source, tmp_path, suffix, kills):
    whole = tmp_path / "whole" / ("out" + suffix)
    whole.parent.mkdir()
    log = tmp_path / "events.log"
    assert start(starter, source, whole, None, log) == 0
    events = log.read_text().splitlines()
    filling, last = (sum(line.startswith(step) for line in events) for step in (FILLING, LAST))
    # Threads make the number of events while filling vary a little; the last step has one thread.
    late = [(LAST, int(n)) for n in np.linspace(1, last, max(5, kills // 3)).round()]
    early = [(FILLING, int(n)) for n in np.linspace(1, 0.9 * filling, kills - len(late)).round()]
    expected = content(whole)
    with open_movie(whole) as movie:
        made_by = movie.header.provenance
    assert [found["gap"] for found in made_by["breaks"]] == [5, 6]
    # Thirds of a gap of independent noise: the square root of (1/3)^2 + (2/3)^2.
    assert made_by["noise_ratio"] == pytest.approx([0.745, 0.745], abs=0.1)
    assert len(expected) >= 2
    for number, kill in enumerate(early + late):
        target = tmp_path / f"killed{number}" / ("out" + suffix)
        target.parent.mkdir()
        died = start(starter, source, target, kill, tmp_path / "unused.log")
        assert died == -signal.SIGKILL, f"{kill} of {filling} and {last} events came too late"
        assert start(starter, source, target, None, tmp_path / "unused.log") == 0
        assert content(target) == expected
