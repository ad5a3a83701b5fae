"""What ten minutes of fine-tuning gain on parts of real movies that were not shown, and on places that were not."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cafi
from cafi.api.finetune import BASE, TUNED
from cafi.engine.options import EngineOptions
from cafi.finetuning.options import FinetuneOptions
from cafi.finetuning.reels import Library, load_reel
from cafi.finetuning.scoring import score
from cafi.finetuning.split import GUARD_FRAMES, GUARD_PIXELS, LEAST_BLOCK, Area, Part, Split
from cafi.finetuning.tuning import Base, tune
from cafi.interpolators import registry
from cafi.interpolators.weights import shipped
from cafi.movie.options import ReadOptions
from cafi.quality.memory import forget_peak, peak_mb

if TYPE_CHECKING:
    from cafi.api.finetune import Finetuned
    from cafi.finetuning.reels import Reel

MINUTES = (1.0, 3.0, 10.0)
TRANSFERRED = ("cancer_migration", "golgi_confocal", "hela_mitosis_widefield", "mitosis_two_channels")
TRANSFER_MINUTES = 3.0
HEAD = (
    "| movie | parted along | frames scored | before, dB | 1 min | 3 min | 10 min | SSIM | on validation |"
    " steps, best | simulation | over linear | over optical_flow | minutes | MB |"
)


def report(movies: Path) -> None:
    """Print a row for each movie, and what is left of the gain at other places and times."""
    print(f"\nfine-tuning of kymo, gain in PSNR (dB) over the shipped weights on the test parts\n\n{HEAD}")
    print("|" + "---|" * HEAD.count(" | ") + "---|")
    paths = sorted(movies.glob("*.tif"))
    with tempfile.TemporaryDirectory() as scratch:
        for path in paths:
            _one(path, Path(scratch) / path.stem)
        print(
            "\ntuned on one half of the field in the first half of the time, tested on the other half in the second\n"
        )
        print("| movie | frames scored | before, dB | gain, dB | on validation |\n|---|---|---|---|---|")
        for path in paths:
            if path.stem in TRANSFERRED:
                _transfer(path, Path(scratch) / f"{path.stem}_transfer")


def _one(path: Path, out: Path) -> None:
    """Tune in one run, which is stopped and goes on, so that the states of less time are those of the same run."""
    states: list[Finetuned] = []
    forget_peak()
    began = time.monotonic()
    for minutes in MINUTES:
        states.append(cafi.finetune(path, out, minutes=minutes, device="cpu", resume=bool(states)))
    seconds, last = time.monotonic() - began, states[-1]
    run = json.loads((out / "finetune.json").read_text(encoding="utf-8"))["run"]
    before = last.mean(BASE)
    after = [state.mean(TUNED if state.improved else BASE) for state in states]
    over = [after[-1]["psnr"] - last.mean(name)["psnr"] for name in ("linear", "optical_flow")]
    row: list[Any] = [path.stem, run["movies"][0]["split"]["along"], last.scores[0].frames, f"{before['psnr']:.2f}"]
    row += [f"{state['psnr'] - before['psnr']:+.2f}" for state in after]
    row += [f"{after[-1]['ssim'] - before['ssim']:+.4f}", f"{last.gain:+.2f}", f"{last.steps}, {last.step}"]
    row += [f"{last.general[TUNED] - last.general[BASE]:+.2f}", *(f"{value:+.2f}" for value in over)]
    row += [f"{seconds / 60:.1f}", f"{peak_mb():.0f}"]
    print(f"| {' | '.join(map(str, row))} |", flush=True)


def _transfer(path: Path, out: Path) -> None:
    """Tune on one corner of a movie in space and time, and test on the opposite one."""
    library = Library(ReadOptions())
    try:
        reel = _opposite_corners(load_reel(path, library, None))
        interpolator = registry.get("kymo")
        base = Base(shipped("kymo"), interpolator.card, interpolator)  # type: ignore[attr-defined]
        out.mkdir()
        options = FinetuneOptions(minutes=TRANSFER_MINUTES, device="cpu")
        tuned = tune([reel], base, options, out, on_step=lambda _: None, on_check=lambda _: None)
        methods = {BASE: registry.get("kymo"), TUNED: registry.get("kymo")}
        if tuned.weights is not None:
            methods[TUNED].network.load_state_dict(tuned.weights)  # type: ignore[attr-defined]
        before, after = score([reel], methods, EngineOptions(device="cpu"), lambda *_: None)
    finally:
        library.close()
    row = [path.stem, str(before.frames), f"{before.psnr:.2f}", f"{after.psnr - before.psnr:+.2f}"]
    print(f"| {' | '.join([*row, f'{tuned.best.gain:+.2f}'])} |", flush=True)


def _opposite_corners(reel: Reel) -> Reel:
    """Part a movie so that what is scored is another place at another time than what is learned from."""
    size = reel.header.size
    half, middle = size.t // 2, size.x // 2
    left = Area(0, 0, size.y, middle - GUARD_PIXELS // 2)
    right = Area(0, middle + GUARD_PIXELS // 2, size.y, size.x - middle - GUARD_PIXELS // 2)
    judged = half - LEAST_BLOCK
    learned = judged - GUARD_FRAMES
    parted = Split(
        "time",
        Part(range(learned), range(learned), left),
        Part(range(learned, half), range(judged, half), left),
        Part(range(half, size.t), range(half + GUARD_FRAMES, size.t), right),
    )
    return replace(reel, split=parted)
