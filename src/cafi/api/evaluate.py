"""The held-out check: how well each method finds frames again that it did not see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cafi.api.batch import sources_of
from cafi.api.budget import Budget
from cafi.api.command import command_line
from cafi.api.described import described, unwatched
from cafi.api.report import make_report
from cafi.errors import CafiError
from cafi.quality.downstream_options import DownstreamOptions
from cafi.quality.options import EvaluateOptions, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from cafi.engine.options import EngineOptions
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.options import ReadOptions
    from cafi.quality.overview import Table
    from cafi.quality.results import Evaluation
    from cafi.quality.scoring import Check

    Watch = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]

__all__ = ["DownstreamOptions", "EvaluateOptions", "Evaluated", "as_json", "evaluate", "overview"]


@dataclass(frozen=True)
class Evaluated:
    """What a held-out check left behind.

    Attributes
    ----------
    folder : Path
        Of ``evaluation.json``, ``scores.csv``, ``summary.csv`` and ``report.html``.
    evaluations : tuple of Evaluation
        One for each movie and rate.
    failed : dict of str to str
        Movie (and rate) -> the sentence that says why it was not evaluated.
    skipped : tuple of str
        A sentence for each file that is no movie, and each method that could not take part.
    report : Path or None
        The page that shows it all.
    """

    folder: Path
    evaluations: tuple[Evaluation, ...]
    failed: dict[str, str]
    skipped: tuple[str, ...]
    report: Path | None = None


def evaluate(
    movies: str | Path | Iterable[str | Path],
    folder: str | Path,
    options: EvaluateOptions | None = None,
    *,
    read: ReadOptions | None = None,
    engine: EngineOptions | None = None,
    weights: str | Path | None = None,
    downstream: DownstreamOptions | None = None,
    overwrite: bool = False,
    watch: Watch | None = None,
    **changes: Any,
) -> Evaluated:
    """Drop frames of movies, predict them with several methods, and compare with the truth.

    Every method predicts the same frames, from the same kept ones, as `cafi.interpolate` would. Held-out gaps are
    longer than those that are filled later, so the errors are upper estimates.

    Parameters
    ----------
    movies : str or Path, or several
        Movies, and folders or patterns of movies.
    folder : str or Path
        For the results.
    options : EvaluateOptions, optional
    read, engine : ReadOptions, EngineOptions, optional
    weights : str or Path, optional
        Of your own training, for the learned method to which they belong.
    downstream : DownstreamOptions, optional
        Whether spots are tracked and nuclei segmented with and without the predicted frames.
    overwrite : bool
        Replace an evaluation that the folder holds.
    watch : callable, optional
        Given a title, returns a context manager around a progress callback.
    **changes
        Options by their own names, such as ``drop='2,4'``, ``methods='kymo,linear'``.

    Returns
    -------
    Evaluated

    Raises
    ------
    CafiError
        If an option does not fit, the folder may not be written, or no movie can be evaluated.
    KeyboardInterrupt
        After Ctrl-C, once what was finished is written.

    Examples
    --------
    >>> import cafi
    >>> cafi.evaluate("cells.nd2", "check", drop="2,3", methods="kymo,linear")  # doctest: +SKIP
    """
    from cafi.engine.options import EngineOptions as Engine
    from cafi.movie.options import ReadOptions as Read
    from cafi.movie.writing.progress import make_folder
    from cafi.report.watching import forget

    options = described(EvaluateOptions, options, changes)
    folder = Path(folder)
    if read is not None and read.scene == "all":
        raise CafiError("One scene of a file is evaluated at a time; say which with --scene N.")
    _refuse_folder(folder, overwrite)
    methods, left_out = _methods(options, None if weights is None else Path(weights))
    sources, skipped = sources_of(movies)
    make_folder(folder)
    forget(folder)
    budget = Budget(options.minutes, len(sources) * len(options.drops) * len(methods))
    found: list[Evaluation] = []
    failed: dict[str, str] = {}
    tuned = () if weights is None else ("--weights", str(weights))
    words = ("evaluate", *map(str, sources), "-o", str(folder), *tuned)
    command = command_line(words, (options, read, engine, downstream))
    watch = watch or unwatched
    downstream = downstream or DownstreamOptions()
    session = _Session(folder, options, read or Read(), engine or Engine(), methods, budget, watch, command, downstream)
    try:
        for source in sources:
            for drop in options.drops:
                try:
                    for evaluation in _steps(session, source, drop, len(found)):
                        _keep(found, evaluation)
                        _write(folder, found)
                except CafiError as error:
                    failed[f"{source}, --drop {drop}"] = str(error)
                    budget.give_up(len(methods))
    finally:
        _write(folder, found, tables=True)
    if not found:
        sentences = list(dict.fromkeys(failed.values()))
        raise CafiError(" ".join(sentences))
    with watch("making the report") as on_progress:
        page = make_report(folder, on_progress=on_progress)
    return Evaluated(folder, tuple(found), failed, (*skipped, *left_out), page)


@dataclass(frozen=True)
class _Session:
    """What is the same for all movies."""

    folder: Path
    options: EvaluateOptions
    read: ReadOptions
    engine: EngineOptions
    methods: tuple[Interpolator, ...]
    budget: Budget
    watch: Watch
    command: str
    downstream: DownstreamOptions


def _refuse_folder(folder: Path, overwrite: bool) -> None:
    from cafi.movie.writing.replacing import refuse_foreign
    from cafi.quality.results import FILE, is_evaluation
    from cafi.quality.tables import SCORES, SUMMARY
    from cafi.report import saving
    from cafi.report.evaluated import REPORT
    from cafi.report.footage import FOLDER

    if folder.exists() and not folder.is_dir():
        raise CafiError(f"{folder} is a file; name a folder for the results.")
    for name in (FILE, SCORES, SUMMARY, FOLDER):
        refuse_foreign(folder / name, "result", lambda path: is_evaluation(path.parent))
    saving.refuse_foreign(folder / REPORT)
    if (folder / FILE).exists() and not overwrite:
        raise CafiError(f"{folder} holds an evaluation; give --overwrite to replace it, or name another folder.")


def overview(found: Evaluated) -> tuple[tuple[Table, ...], tuple[str, ...]]:
    """Return the few figures that are shown first, as tables for people, and what must be known to read them."""
    from cafi.quality import overview as figures
    from cafi.quality.downstream_tables import tables

    notes: dict[str, list[str]] = {}
    for e in found.evaluations:
        for note in e.notes:
            notes.setdefault(note, []).append(f"{Path(e.movie).name}, --drop {e.drop}")
    everywhere = len(found.evaluations)
    told = [note if len(where) == everywhere else f"{', '.join(where)}: {note}" for note, where in notes.items()]
    return (*figures.overview(found.evaluations), *tables(found.evaluations)), (figures.LEGEND, *told)


def as_json(found: Evaluated) -> dict[str, Any]:
    """Return the same figures for programs."""
    from cafi.quality import overview as figures

    evaluations = figures.as_json(found.evaluations)
    return {"folder": str(found.folder), "evaluations": evaluations, "failed": found.failed, "skipped": found.skipped}


def _methods(options: EvaluateOptions, weights: Path | None) -> tuple[tuple[Interpolator, ...], tuple[str, ...]]:
    """Load the methods, classical ones first, so that slow ones get what time is left; say who cannot take part."""
    from cafi.interpolators import registry
    from cafi.interpolators.weights import load_card

    owner = None if weights is None else load_card(weights).method
    everyone = options.methods.strip().lower() == "all"
    wanted = registry.names() if everyone else tuple(dict.fromkeys(parts(options.methods)))
    known = {entry.name: entry for entry in registry.summaries()}
    if owner is not None and owner not in wanted:
        raise CafiError(f"{weights} belongs to {owner}, which is not among the methods; add it to --methods.")
    loaded, told = [], []
    for name in sorted(wanted, key=lambda name: name in known and known[name].learned):
        if name not in known:
            registry.get(name)  # refuses, and names what there is
        try:
            loaded.append(registry.get(name, weights if name == owner else None))
        except CafiError as error:
            if name == owner or not known[name].learned:
                raise
            told.append(f"{name} was left out: {error}")
    if not loaded:
        raise CafiError(f"No method is left to evaluate. {' '.join(told)}".strip())
    return tuple(loaded), tuple(told)


def _steps(session: _Session, source: Path, drop: int, index: int) -> Iterator[Evaluation]:
    """Yield the evaluation of one movie at one rate, after each method that has finished.

    ``index`` counts the evaluations before it.
    """
    from cafi.api.interpolate import open_source
    from cafi.api.mixing import in_words, shares_in
    from cafi.quality.checking import begin, with_method
    from cafi.quality.downstream import start_downstream
    from cafi.quality.downstream_tables import with_downstream
    from cafi.quality.mixing import mixed
    from cafi.quality.scoring import score_method
    from cafi.report.watching import Watching

    options = session.options
    with open_source(source, session.read) as movie:
        with session.watch(f"{source.name}, --drop {drop}: looking at intensities") as on_progress:
            evaluation, check = begin(movie, source, drop, options.channels, session.engine, on_progress)
        evaluation = replace(evaluation, provenance=evaluation.provenance | {"command": session.command})
        watching = Watching(check, len(session.methods))
        look, told = start_downstream(movie, check.held_out, session.downstream, list(check.ranges))
        evaluation = replace(evaluation, notes=(*evaluation.notes, *told))
        predicting: list[Interpolator] = []
        for loaded in session.methods:
            interpolator = mixed(loaded, check.seen, session.engine, check.normalisation) if options.mix else loaded
            predicting.append(interpolator)
            maps = _maps(session, source, drop, interpolator, check) if options.maps else None
            also = None if maps is None else maps.add
            also = also if look is None else look.listener(interpolator.name, also)
            title = f"{source.name}, --drop {drop}: {interpolator.name}"
            try:
                with session.watch(title) as on_progress:
                    scored = score_method(
                        check,
                        interpolator,
                        seconds=session.budget.share(),
                        on_progress=on_progress,
                        on_scored=watching.listener(interpolator.name, also),
                    )
            except CafiError as error:
                evaluation = replace(
                    evaluation, notes=(*evaluation.notes, f"{interpolator.name} was left out: {error}")
                )
                continue
            finally:
                if maps is not None:
                    maps.close()
            evaluation = with_method(evaluation, interpolator, scored)
            said = in_words(shares_in(interpolator), movie.header.plane_names)
            told = tuple(f"{interpolator.name}: {sentence}" for sentence in said)
            evaluation = replace(evaluation, notes=(*evaluation.notes, *told))
            yield evaluation
        if evaluation.methods:
            evaluation = watching.judge(evaluation)
            yield evaluation
        if look is not None and evaluation.methods:
            evaluation = with_downstream(evaluation, look.result())
            yield evaluation
        if options.intervals and evaluation.methods:
            with session.watch(f"{source.name}, --drop {drop}: intervals") as on_progress:
                evaluation = watching.calibrate(evaluation, predicting, on_progress)
            yield evaluation
        watching.write(session.folder, index, str(source), drop)
    if not evaluation.methods:
        raise CafiError(" ".join(evaluation.notes))


def _maps(session: _Session, source: Path, drop: int, interpolator: Interpolator, check: Check) -> Any:
    from cafi.movie.writing import stem
    from cafi.quality.maps import Maps

    place = session.folder / "maps" / f"{stem(source)}_drop{drop}" / interpolator.name
    return Maps(place, check.held_out.targets, check.movie.header.size, check.ranges)


def _keep(found: list[Evaluation], evaluation: Evaluation) -> None:
    """Put an evaluation in the place of an earlier state of its own, or at the end."""
    if found and (found[-1].movie, found[-1].drop) == (evaluation.movie, evaluation.drop):
        found[-1] = evaluation
    else:
        found.append(evaluation)


def _write(folder: Path, found: Sequence[Evaluation], *, tables: bool = False) -> None:
    from cafi.quality.results import write_evaluations
    from cafi.quality.tables import write_tables

    if not found:
        return
    write_evaluations(folder, found)
    if tables:
        write_tables(folder, found)
