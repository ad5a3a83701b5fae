"""``cafi train``: a network from a recipe."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from cafi.cli import console
from cafi.cli.running import INTERRUPTED


def train(
    config: Path,
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    minutes: float | None = None,
    precision: Literal["auto", "float32", "bfloat16"] = "auto",
    tensorboard: bool = False,
    workers: int = 0,
    json: bool = False,
) -> int:
    """Train a network as a recipe says; an interrupted run goes on where it was.

    Parameters
    ----------
    config
        The recipe, a TOML file.
    out
        Folder of the weights, their card, the checkpoint and the history.
    minutes
        Stop after this time; the same command goes on later, as it does after Ctrl-C.
    precision
        auto takes bfloat16 where the device computes in it, float32 elsewhere.
    tensorboard
        Also write the figures for tensorboard, which must be installed.
    workers
        Processes that make windows on the CPU while a GPU trains, such as one for each core; 0: the device that trains
        makes them.
    json
        Print the summary as JSON on standard output.
    """
    from cafi.api.train import train as run

    title = config.name if minutes is None else f"{config.name}, for {minutes:g} min"
    try:
        with console.told_warnings(), console.progress(title, "steps") as on_progress:
            trained = run(
                config,
                out,
                minutes=minutes,
                precision=precision,
                tensorboard=tensorboard,
                workers=workers,
                on_progress=on_progress,
                on_check=lambda figures: console.say(f"step {figures['step']:.0f}: {_quality(figures)}"),
            )
    except KeyboardInterrupt:
        console.say(f"stopped; the same command goes on from the checkpoint in {out}.")
        return INTERRUPTED
    if json:
        console.print_json(asdict(trained))
        return 0
    if trained.figures:
        console.say(f"{trained.step} of {trained.steps} steps, {trained.hours:.2f} h: {_quality(trained.figures)}.")
        console.say(f"Weights: {trained.weights}. Model card: {trained.card}.")
    return 0


def _quality(figures: dict[str, float]) -> str:
    return f"loss {figures['loss']:.3f}, expected PSNR {figures['expected_psnr']:.2f} dB on held-out windows"
