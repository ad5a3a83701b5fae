"""A made-up report: moving spots, two methods, every part of the page."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cafi.report.data import Caution, Estimate, Plot, ReportData, Section, Series, Table, Verdict
from cafi.report.footage import Footage, Moment

NASTY = "<script>alert('\"&')</script>cells.tif"


def spots(frames: int, height: int, width: int, noise: float = 0.03, seed: int = 0) -> NDArray[np.float32]:
    """Spots that move to the right at different speeds, in [0, 1] with noise, shape (frames, 1, height, width)."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    made = np.zeros((frames, height, width))
    for row, speed in ((0.25, 1.0), (0.5, 2.5), (0.75, 0.5)):
        for start in (0.1, 0.4, 0.7):
            for t in range(frames):
                centre = (start * width + speed * t) % width
                made[t] += np.exp(-((x - centre) ** 2 + (y - row * height) ** 2) / (0.03 * width) ** 2)
    return (made + draw.normal(0, noise, made.shape)).astype(np.float32)[:, None]


def footage(frames: int = 9, height: int = 60, width: int = 80, truth: bool = True, channels: int = 1) -> Footage:
    """Every second frame held out, predicted by two methods."""
    pixels = np.concatenate([spots(frames, height, width, seed=c) for c in range(channels)], axis=1)
    before, after = pixels[:-2:2], pixels[2::2]
    held_out = [None if i % 2 == 0 or i == frames - 1 else i // 2 for i in range(frames)]
    moments = tuple(
        Moment(f"{0.5 * i:g} s", "acquired", f"frame {i}")
        if at is None
        else Moment(f"{0.5 * i:g} s", "interpolated", f"between frames {i - 1} and {i + 1}, t = 0.50")
        for i, at in enumerate(held_out)
    )
    shown = tuple(i if truth or at is None else None for i, at in enumerate(held_out))
    linear = (before + after) / 2
    return Footage(
        moments,
        tuple(f"channel {c}" for c in range(channels)),
        pixels.astype(np.float16),
        shown,
        {"kymo": (0.8 * pixels[1:-1:2] + 0.2 * linear).astype(np.float16), "linear": linear.astype(np.float16)},
        {"kymo": tuple(held_out), "linear": tuple(held_out)},
        {"kymo": np.full(linear.shape, 0.1, np.float16)} if truth else {},
        ranges=((100.0, 4000.0),) * channels,
    )


def report(name: str = NASTY, film: Footage | None = None) -> ReportData:
    """A report with every part."""
    methods = Table(
        "Methods",
        ("method", "PSNR (dB)", "compared with optical_flow", "s / frame"),
        (
            ("kymo", Estimate(25.4321, 24.9, 25.9), "better by 0.81 dB (0.30 to 1.20)", 0.123),
            (name, Estimate(21.1, 20.2, 22.3), "no difference shown", None),
        ),
        ("95 % confidence intervals over held-out frames.",),
    )
    against = Plot(
        "Error against displacement",
        "displacement in the gap (px)",
        "RMSE (% of range)",
        (
            Series("kymo", (0.5, 1.5, 3.0, 6.0), (2.0, 2.2, 3.1, 5.5), (1.8, 2.0, 2.8, 4.9), (2.2, 2.4, 3.4, 6.1)),
            Series("linear", (0.5, 1.5, 3.0, 6.0), (2.1, 3.2, 5.1, 8.5), (1.9, 2.9, 4.8, 7.9), (2.3, 3.5, 5.4, 9.1)),
        ),
    )
    coverage = Plot(
        "Coverage",
        "",
        "measured coverage (%)",
        (Series("by intensity", (0.0, 1.0, 2.0), (88.0, 91.0, 90.5), (86.0, 89.0, 88.0), (90.0, 93.0, 93.0)),),
        kind="points",
        categories=("dim", "middle", "bright"),
        target=90.0,
    )
    section = Section(
        name=name,
        verdict=Verdict("use with care", ("Fast things are blurred.", f"{name} is short.")),
        facts=("kymo is better than optical_flow by 0.81 dB (0.30 to 1.20).",),
        footage=film or footage(),
        tables=(methods, Table("Tracking", ("method", "alpha"), (("kymo", 0.91), ("half rate", 0.64)))),
        plots=(against, coverage),
        cautions=(Caution("gap 2-4", "Something appears."),),
        notes=(f"A note on {name}.",),
        methods_text=("Missing frames were predicted with cafi.",),
    )
    return ReportData(f"Held-out check of {name}", (section,), f"cafi evaluate '{name}' -o DIR", {"source": name})
