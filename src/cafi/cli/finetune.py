"""``cafi finetune``: a network, adapted to one's own movies."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cafi.cli import console
from cafi.cli.running import INTERRUPTED
from cafi.errors import CafiError
from cafi.finetuning.options import FinetuneOptions
from cafi.movie.options import ReadOptions

if TYPE_CHECKING:
    from cafi.api.finetune import Finetuned

Flat = Parameter(name="*")


def finetune(
    *movies: str,
    out: Annotated[Path, Parameter(name=("--out", "-o"))],
    options: Annotated[FinetuneOptions | None, Flat] = None,
    read: Annotated[ReadOptions | None, Flat] = None,
    weights: Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    json: bool = False,
) -> int:
    """Adapt a network to your own movies, and score it on parts of them that it was not shown.

    Then: `cafi interpolate MOVIE OUT --weights MODEL`.

    Parameters
    ----------
    movies
        Movies, and folders or patterns of movies.
    out
        The folder for the model: weights and card, report.html, pictures.
    weights
        The model to begin with (.safetensors, or a folder of an earlier run); the shipped one otherwise.
    resume
        Go on with a run that was stopped, or give a finished one more --minutes in all.
    overwrite
        Replace a model that the folder holds.
    json
        Print the summary as JSON on standard output.
    """
    from cafi.api.finetune import finetune as tune

    if not movies:
        raise CafiError("Name at least one movie, such as `cafi finetune cells.nd2 -o cells_model`.")
    try:
        with console.told_warnings():
            made = tune(
                movies,
                out,
                options,
                read=read,
                weights=weights,
                resume=resume,
                overwrite=overwrite,
                watch=lambda title: console.progress(title, "steps"),
                on_check=_say_how_it_goes,
            )
    except KeyboardInterrupt:
        kept = f"the best weights so far are in {out}, and " if any(out.glob("*.safetensors")) else ""
        console.say(f"cafi: stopped; {kept}the same command with --resume goes on.")
        return INTERRUPTED
    for sentence in (*made.skipped, *made.failed.values()):
        console.warn(sentence)
    if json:
        console.print_json(asdict(made))
    else:
        _report(made, out)
    return 1 if made.failed else 0


def _say_how_it_goes(figures: dict[str, float]) -> None:
    console.say(
        f"step {figures['step']:.0f}, {figures['seconds'] / 60:.1f} min: loss {figures.get('training_loss', 0):.3f},"
        f" {figures['gain']:+.2f} dB over the base model on validation (best {figures['best_gain']:+.2f})"
    )


def _report(made: Finetuned, out: Path) -> None:
    from cafi.api.finetune import BASE, TUNED

    if made.report is None:  # one of several processes, and not the main one
        return
    rows = [[s.movie, s.method, s.psnr, f"{s.ssim:.4f}", s.frames] for s in made.scores]
    console.print_table(("movie", "method", "PSNR, dB", "SSIM", "planes"), rows, "Test parts, seen by none")
    console.say(f"The report, with curves and a picture, is {made.report}.")
    if not made.improved:
        console.say(f"Nothing was gained on validation in {made.steps} steps: {out} holds the base model, unchanged.")
        return
    before, after = made.mean(BASE), made.mean(TUNED)
    if after:
        change = after["psnr"] - before["psnr"]
        console.say(f"Fine-tuned over base model: {change:+.2f} dB on the test parts, {made.gain:+.2f} on validation.")
        if change < 0:
            console.warn("on the test parts the fine-tuned model is worse than the base model; look before you use it.")
    if made.general:
        lost = made.general[TUNED] - made.general[BASE]
        console.say(f"On simulated movies, which it was not tuned to: {lost:+.2f} dB.")
    console.say(f"Use it: cafi interpolate MOVIE OUT --weights {out}" + _method(made))


def _method(made: Finetuned) -> str:
    from cafi.run import DEFAULT_METHOD

    return "" if made.weights.stem == DEFAULT_METHOD else f" --method {made.weights.stem}"
