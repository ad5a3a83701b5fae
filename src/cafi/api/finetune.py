"""Fine-tuning: a network, adapted to one's own movies."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cafi.api.batch import sources_of
from cafi.api.command import command_line
from cafi.api.described import described, unwatched
from cafi.errors import CafiError
from cafi.finetuning.options import FinetuneOptions
from cafi.report.tuning_verdict import BASE, TUNED
from cafi.report.tuning_verdict import mean as mean_score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from cafi.finetuning.folder import ModelFolder
    from cafi.finetuning.reels import Library, Reel
    from cafi.finetuning.scoring import Score
    from cafi.finetuning.tuning import Base, Tuned
    from cafi.movie.options import ReadOptions
    from cafi.training.checkpoints import Progress

    Watch = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
    Figures = dict[str, float]

__all__ = ["BASE", "TUNED", "FinetuneOptions", "Finetuned", "finetune"]

CLASSICAL = ("linear", "optical_flow")


@dataclass(frozen=True)
class Finetuned:
    """What fine-tuning left behind.

    Attributes
    ----------
    weights, card : Path
    improved : bool
        Whether validation was better than before; if not, these are the weights of the base model.
    gain : float
        PSNR on validation over the base model's, in dB.
    step, steps : int
        The step that was best, and all that were made.
    minutes : float
        Of training, over all runs.
    scores : tuple of Score
        On the test parts, for each movie: 'before' (the base model), 'fine-tuned', and classical methods. Empty after
        Ctrl-C.
    general : dict of str to float
        Expected PSNR in dB on held-out simulated movies, 'before' and 'fine-tuned'.
    failed : dict of str to str
        Movie -> the sentence that says why nothing was learned from it.
    skipped : tuple of str
        A sentence for each file that is no movie.
    report : Path or None
        The page; None after Ctrl-C.
    """

    weights: Path
    card: Path
    improved: bool
    gain: float
    step: int
    steps: int
    minutes: float
    scores: tuple[Score, ...] = ()
    general: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    report: Path | None = None

    def mean(self, method: str) -> dict[str, float]:
        """Return mean 'psnr' in dB and 'ssim' of a method over all movies; nothing where it has no scores."""
        return mean_score([asdict(score) for score in self.scores], method)


def finetune(
    movies: str | Path | Iterable[str | Path],
    out: str | Path,
    options: FinetuneOptions | None = None,
    *,
    read: ReadOptions | None = None,
    weights: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    watch: Watch | None = None,
    on_check: Callable[[Figures], None] | None = None,
    **changes: Any,
) -> Finetuned:
    """Adapt a network to movies, and score it on parts of them that it was not shown.

    Each movie is parted by time (or, if it has fewer than 20 frames, in space) into what is learned from, what decides
    when to stop, and what is scored once in the end. The base model stays where nothing was gained on the second part.

    Parameters
    ----------
    movies : str or Path, or several
        Movies, and folders or patterns of movies.
    out : str or Path
        Folder of the model, which ``weights`` of `cafi.interpolate` and `cafi.evaluate` take.
    options : FinetuneOptions, optional
    read : ReadOptions, optional
    weights : str or Path, optional
        The base model; the shipped one otherwise.
    resume : bool
        Go on with a run that was stopped, or give a finished one more time.
    overwrite : bool
        Replace a model that the folder holds.
    watch : callable, optional
        Given a title, returns a context manager around a progress callback.
    on_check : callable, optional
        Called with the figures of each validation: 'step', 'seconds', 'training_loss', 'gain' and 'best_gain' in dB.
    **changes
        Fields of `FinetuneOptions`, such as ``minutes=3``.

    Returns
    -------
    Finetuned

    Raises
    ------
    CafiError
        If nothing can be learned from the movies, an option is wrong, or a model is in the way.
    KeyboardInterrupt
        After Ctrl-C, once the best weights so far are written.

    Examples
    --------
    >>> import cafi
    >>> tuned = cafi.finetune("cells.nd2", "cells_model", minutes=3)  # doctest: +SKIP
    >>> cafi.interpolate("cells.nd2", "cells_x2.ome.tif", weights="cells_model")  # doctest: +SKIP
    """
    from accelerate import PartialState

    from cafi.engine.devices import choose_device
    from cafi.finetuning.folder import ModelFolder, run_of
    from cafi.finetuning.reels import Library
    from cafi.finetuning.tuning import trainee_of, tune
    from cafi.movie.options import ReadOptions as Read

    options, out, watch = described(FinetuneOptions, options, changes), Path(out), watch or unwatched
    if read is not None and read.scene == "all":
        raise CafiError("One scene of a file is learned from at a time; say which with --scene N.")
    base = _base(options.method, weights)
    sources, skipped = sources_of(movies)
    library = Library(read or Read())
    try:
        with watch("looking at the movies") as on_progress:
            reels, failed = _reels(sources, library, options.channels, trainee_of(base).multiple, on_progress)
        run = run_of(options, base, reels)
        folder = ModelFolder(out, base.card.method)
        processes = PartialState(cpu=choose_device(options.device).type == "cpu")
        if processes.is_main_process:
            folder.prepare(run, resume=resume, overwrite=overwrite)
        processes.wait_for_everyone()
        with watch("learning") as on_progress:
            tuned = tune(
                reels,
                base,
                options,
                folder.work,
                on_step=lambda p: on_progress(p.step, _foreseen(p, options)),
                on_check=on_check or (lambda _: None),
            )
        begun = () if weights is None else ("--weights", str(weights))
        command = command_line(("finetune", *map(str, sources), "-o", str(out), *begun), (options, read))
        run |= {"command": command}
        if tuned.main:
            folder.write(base, tuned, run)
        if tuned.stopped:
            raise KeyboardInterrupt
        made = replace(_made(folder, tuned), failed=failed, skipped=skipped)
        return _scored(made, folder, reels, base, tuned, run, options, watch) if tuned.main else made
    finally:
        library.close()


def _base(method: str, weights: str | Path | None) -> Base:
    from cafi.finetuning.tuning import Base
    from cafi.interpolators import registry
    from cafi.interpolators.weights import shipped, weights_in

    entry = next((entry for entry in registry.summaries() if entry.name == method), None)
    if entry is not None and not entry.learned:
        able = ", ".join(entry.name for entry in registry.summaries() if entry.learned)
        raise CafiError(f"{method} is a classical method and learns nothing; take {able}.")
    path = None if weights is None else weights_in(Path(weights))
    interpolator: Any = registry.get(method, path)
    return Base(path or shipped(method), interpolator.card, interpolator)


def _reels(
    sources: Sequence[Path],
    library: Library,
    channels: str | None,
    least: int,
    on_progress: Callable[[int, int], None],
) -> tuple[list[Reel], dict[str, str]]:
    """Look at all movies; one that nothing can be learned from does not stop the rest."""
    from cafi.finetuning.reels import load_reel

    reels, failed = [], {}
    for done, source in enumerate(sources, 1):
        try:
            reels.append(load_reel(source, library, channels, least))
        except CafiError as error:
            failed[str(source)] = str(error)
        on_progress(done, len(sources))
    if not reels:
        raise CafiError(" ".join(dict.fromkeys(failed.values())))
    return reels, failed


def _foreseen(progress: Progress, options: FinetuneOptions) -> int:
    """Say how many steps there will be."""
    if options.steps:
        return options.steps
    return max(progress.step, round(progress.step * 60 * options.minutes / max(progress.seconds, 1e-9)))


def _made(folder: ModelFolder, tuned: Tuned) -> Finetuned:
    improved, minutes = tuned.weights is not None, tuned.progress.seconds / 60
    return Finetuned(
        folder.weights, folder.card, improved, tuned.best.gain, tuned.best.step, tuned.progress.step, minutes
    )


def _scored(
    made: Finetuned,
    folder: ModelFolder,
    reels: Sequence[Reel],
    base: Base,
    tuned: Tuned,
    run: dict[str, Any],
    options: FinetuneOptions,
    watch: Watch,
) -> Finetuned:
    """Score the model as it was written, once, and put the scores into its card and report."""
    from cafi.engine.devices import choose_device
    from cafi.engine.options import EngineOptions
    from cafi.finetuning.scoring import score
    from cafi.finetuning.tuning import general_score
    from cafi.interpolators import registry
    from cafi.report.finetuned import finetuned_page
    from cafi.report.saving import save_page

    methods = {BASE: registry.get(folder.method, base.weights), TUNED: registry.get(folder.method, made.weights)}
    methods |= {name: registry.get(name) for name in CLASSICAL}
    if not made.improved:
        del methods[TUNED]
    with watch("scoring the test parts") as on_progress:
        scores = score(reels, methods, EngineOptions(device=options.device), on_progress)
    with watch("scoring on simulation") as on_progress:
        device = choose_device(options.device)
        general = {BASE: general_score(base, None, device)}
        on_progress(1, 2)
        general[TUNED] = general_score(base, tuned.weights, device) if made.improved else general[BASE]
        on_progress(2, 2)
    made = replace(made, scores=scores, general=general, report=folder.report)
    folder.write(base, tuned, run, {f"test_{name}": made.mean(name) for name in methods} | {"simulation": general})
    folder.record(asdict(made), run)
    save_page(finetuned_page(folder.path), folder.report)
    return made
