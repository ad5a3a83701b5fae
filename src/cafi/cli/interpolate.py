"""``cafi interpolate``: the main job."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cafi.cli import console
from cafi.cli.running import INTERRUPTED
from cafi.engine.options import EngineOptions
from cafi.errors import CafiError
from cafi.movie.options import ReadOptions, WriteOptions
from cafi.quality.options import TrustOptions
from cafi.run import MethodOptions, Run, describe_run, read_run
from cafi.timeline.options import TimelineOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

    from cafi.api.batch import Outcome
    from cafi.api.interpolate import Result

Flat = Parameter(name="*")


def interpolate(
    movie: str,
    out: Path,
    /,
    *,
    timeline: Annotated[TimelineOptions | None, Flat] = None,
    method: Annotated[MethodOptions | None, Flat] = None,
    read: Annotated[ReadOptions | None, Flat] = None,
    write: Annotated[WriteOptions | None, Flat] = None,
    engine: Annotated[EngineOptions | None, Flat] = None,
    trust: Annotated[TrustOptions | None, Flat] = None,
    config: Path | None = None,
    suffix: str = ".ome.tif",
    resume: bool = False,
    overwrite: bool = False,
    report: bool = False,
    json: bool = False,
) -> int:
    """Predict the frames in between. Acquired frames come out bit-identical, every frame is marked.

    Parameters
    ----------
    movie
        A movie, a folder or pattern of single-frame images, or a folder or pattern of movies.
    out
        The result: NAME.ome.tif, NAME.tif (ImageJ) or NAME.ome.zarr; for several movies a folder.
    config
        A TOML file that describes the run; options given here have precedence.
    suffix
        For several movies: the kind of the results, .ome.tif, .tif or .ome.zarr.
    resume
        Continue an interrupted run; what is complete already is left as it is.
    overwrite
        Replace an existing result of cafi's, or unfinished work; no other file is ever replaced.
    report
        Write a page about the result beside it: NAME.report.html, one file that opens in any browser.
    json
        Print the summary as JSON on standard output.
    """
    run = _composed(config, (timeline, method, read, write, engine, trust))
    from cafi.api.batch import plan_jobs, run_jobs

    jobs = plan_jobs(movie, out, run, suffix)
    for sentence in jobs.skipped:
        console.warn(sentence)
    try:
        outcomes = run_jobs(jobs, run, resume=resume, overwrite=overwrite, report=report, watch=console.progress)
    except KeyboardInterrupt:
        console.say("cafi: stopped; the same command with --resume continues.")
        return INTERRUPTED
    return _report(outcomes, several=jobs.several, as_json=json)


def _composed(config: Path | None, parts: Sequence[BaseModel | None]) -> Run:
    """Lay the options of the command line over those of the file."""
    run = read_run(config) if config is not None else Run()
    given = {option: getattr(part, option) for part in parts if part is not None for option in part.model_fields_set}
    return describe_run(run, **given)


def _report(outcomes: list[Outcome], *, several: bool, as_json: bool) -> int:
    """Say how it went, and return the exit code: 0 all done, 1 some failed, 2 nothing could be done."""
    if as_json:
        console.print_json({"movies": [_as_dict(outcome) for outcome in outcomes]})
    elif several:
        columns = ("movie", "result", "acquired", "interpolated", "seconds", "what happened")
        console.print_table(columns, [_row(outcome) for outcome in outcomes])
    for outcome in outcomes:
        if outcome.result is not None:
            _tell(outcome.result)
    failed = sum(outcome.result is None for outcome in outcomes)
    if failed == len(outcomes):
        raise CafiError("Nothing could be done; the table says why for each movie.")
    return 1 if failed else 0


def _tell(result: Result) -> None:
    for message in result.messages:
        console.warn(message)
    if result.report is not None:
        console.say(f"report: {result.report}")
    if result.already_done:
        console.say(f"{result.target} was complete already.")
        return
    predicted = result.interpolated + result.resampled
    what = f"{result.acquired} acquired and {result.interpolated} interpolated frames"
    if result.resampled:
        what = f"{result.resampled} resampled frames"
    speed = f"{predicted / max(result.seconds, 1e-9):.1f} predicted frames/s"
    console.say(f"{result.target}: {what} in {result.seconds:.1f} s ({speed}); which is which: {result.table.name}")
    if result.verdict is not None:
        console.say(result.verdict.sentence())
    if result.interval is not None:
        console.say(f"a lower and an upper bound for every pixel: {result.interval.name}")
    if any(ratio is not None for ratio in result.noise_ratio):
        ratios = ", ".join("-" if ratio is None else f"{ratio:.2f}" for ratio in result.noise_ratio)
        console.say(f"noise of interpolated over acquired frames, by channel: {ratios}")


def _row(outcome: Outcome) -> tuple[object, ...]:
    job, result = outcome.job, outcome.result
    name = str(job.source) if job.scene is None else f"{job.source} (scene {job.scene})"
    if result is None:
        return name, "failed", "-", "-", "-", outcome.error
    word = "was complete" if result.already_done else "done"
    return name, str(result.target), result.acquired, result.interpolated, result.seconds, word


def _as_dict(outcome: Outcome) -> dict[str, object]:
    common: dict[str, object] = {
        "source": str(outcome.job.source),
        "scene": outcome.job.scene,
        "target": str(outcome.job.target),
    }
    if outcome.result is None:
        return common | {"status": "failed", "error": outcome.error}
    result = asdict(outcome.result)
    for path in ("target", "table", "interval", "report"):
        result[path] = None if result[path] is None else str(result[path])
    return common | {"status": "done"} | result
