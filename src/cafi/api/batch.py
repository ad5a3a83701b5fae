"""Many movies in one go: which files become which results, and how each of them went."""

from __future__ import annotations

import glob
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from cafi.api.interpolate import Result
    from cafi.run import Run

    Watch = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


@dataclass(frozen=True)
class Job:
    """One movie, or one scene of it, and where its result goes."""

    source: Path
    target: Path
    scene: int | None = None


@dataclass(frozen=True)
class Jobs:
    """All the work that a command line asks for.

    Attributes
    ----------
    jobs : tuple of Job
    skipped : tuple of str
        One sentence for each file that is no movie.
    several : bool
        Whether the user named several movies or scenes, so that one failure must not end all.
    """

    jobs: tuple[Job, ...]
    skipped: tuple[str, ...] = ()
    several: bool = False


@dataclass(frozen=True)
class Outcome:
    """How one job went: a result, or the sentence that says why there is none."""

    job: Job
    result: Result | None = None
    error: str | None = None


def plan_jobs(source: str | Path, target: Path, run: Run, suffix: str = ".ome.tif") -> Jobs:
    """Decide which movies are read and where each result goes, before any work begins.

    Parameters
    ----------
    source : str or Path
        A movie, a folder, or a glob pattern. A folder or pattern of single-frame images of one kind is
        one movie.
    target : Path
        The result, or the folder of results; the folder structure of the source is kept in it.
    run : Run
    suffix : str
        Of the results in a folder.

    Raises
    ------
    CafiError
        If there is no movie, or two results would have the same name.
    """
    from cafi.movie.writing import output_format

    path = Path(source)
    if is_one_movie(path):
        output_format(target)
        return _scenes(path, target, run)
    output_format(Path("any" + suffix))
    root, movies, skipped = movies_in(path)
    jobs: list[Job] = []
    for movie in movies:
        place = target / movie.relative_to(root)
        jobs += _scenes(movie, place.with_name(_bare(place) + suffix), run).jobs
    _refuse_clashes(jobs)
    return Jobs(tuple(jobs), skipped, several=True)


def run_jobs(
    jobs: Jobs, run: Run, *, resume: bool, overwrite: bool, watch: Watch, report: bool = False
) -> list[Outcome]:
    """Run one job after the other; where there are several, a movie that fails does not stop the rest.

    Parameters
    ----------
    jobs : Jobs
    run : Run
    resume, overwrite, report : bool
        As in `cafi.interpolate`.
    watch : callable
        Given a title, returns a context manager around a progress callback.

    Raises
    ------
    CafiError
        If there is one job alone, and it fails.
    """
    outcomes = []
    for job in jobs.jobs:
        try:
            result = _run_one(job, run, resume=resume, overwrite=overwrite, watch=watch, report=report)
            outcomes.append(Outcome(job, result=result))
        except CafiError as error:
            if not jobs.several:
                raise
            outcomes.append(Outcome(job, error=str(error)))
    return outcomes


def _run_one(job: Job, run: Run, *, resume: bool, overwrite: bool, watch: Watch, report: bool) -> Result:
    from cafi.api.interpolate import interpolate
    from cafi.run import describe_run

    run = describe_run(run, scene=job.scene) if job.scene is not None else run
    with watch(job.source.name) as on_progress:
        return interpolate(
            job.source, job.target, run, resume=resume, overwrite=overwrite, report=report, on_progress=on_progress
        )


def _scenes(source: Path, target: Path, run: Run) -> Jobs:
    """One job for a movie, or one for each of its scenes if all are wanted."""
    if run.read.scene != "all":
        return Jobs((Job(source, target),))
    from cafi.movie.reading import list_scenes
    from cafi.movie.writing import stem, suffix_of

    names = list_scenes(source, run.read)
    jobs = [Job(source, target.with_name(f"{stem(target)}_scene{i}{suffix_of(target)}"), i) for i in range(len(names))]
    return Jobs(tuple(jobs), several=True)


def is_one_movie(path: Path) -> bool:
    """Whether a path names one movie: a file of a known kind, an OME-Zarr, or single-frame images."""
    from cafi.movie.reading.images import image_files, is_frame_folder, is_frame_series
    from cafi.movie.reading.signatures import is_zarr, read_head, reader_of

    if _is_pattern(path):
        return is_frame_series(image_files(path))
    if path.is_dir():
        return is_zarr(path, b"") or is_frame_folder(path)
    return path.is_file() and reader_of(path, read_head(path)) is not None


def movies_in(path: Path) -> tuple[Path, list[Path], tuple[str, ...]]:
    """Return the folder that a folder or pattern starts from, its movies, and a sentence for each file that is none.

    Raises
    ------
    CafiError
        If there is no movie.
    """
    root, files = _files(path)
    movies = [file for file in files if is_one_movie(file)]
    if not movies:
        raise CafiError(f"{path} holds no movie; name a file, a folder or a pattern such as 'data/*.nd2'.")
    known = set(movies)
    return root, movies, tuple(f"{file} is no movie and was skipped." for file in files if file not in known)


def sources_of(movies: str | Path | Iterable[str | Path]) -> tuple[list[Path], tuple[str, ...]]:
    """Return every movie once, of files, folders and patterns, and a sentence for each file that is none."""
    given = [Path(movies)] if isinstance(movies, str | Path) else [Path(movie) for movie in movies]
    found: list[Path] = []
    skipped: list[str] = []
    for path in given:
        if is_one_movie(path):
            found.append(path)
        else:
            _, inside, told = movies_in(path)
            found += inside
            skipped += told
    return list(dict.fromkeys(found)), tuple(skipped)


def _is_pattern(path: Path) -> bool:
    return not path.exists() and glob.has_magic(str(path))


def _files(path: Path) -> tuple[Path, list[Path]]:
    """Return the folder that a folder or pattern starts from, and its files in order."""
    if _is_pattern(path):
        from cafi.movie.reading.images import pattern_root

        root = pattern_root(path)
        return root, sorted(root.glob(str(path.relative_to(root))))
    if not path.exists():
        raise CafiError(f"{path}: there is no such file or folder; check the name.")
    if not path.is_dir():
        raise CafiError(f"{path} is no movie of a kind that cafi knows; `cafi info {path}` tells more.")
    return path, list(_walk(path))


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and of those below it; folders that are movies count as files."""
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name.endswith((".partial", ".frames.csv", ".report.html")):
            continue
        if entry.is_dir() and not is_one_movie(entry):
            yield from _walk(entry)
        else:
            yield entry


def _bare(path: Path) -> str:
    from cafi.movie.writing import stem

    return stem(path)


def _refuse_clashes(jobs: list[Job]) -> None:
    counts = Counter(job.target for job in jobs)
    for target, count in counts.items():
        if count > 1:
            sources = " and ".join(str(job.source) for job in jobs if job.target == target)
            raise CafiError(f"{sources} would both become {target}; rename one, or run them apart.")
