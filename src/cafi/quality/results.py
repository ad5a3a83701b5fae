"""What a held-out check found, as plain data: made by `cafi evaluate`, read by trust, plan and report."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

FILE = "evaluation.json"
VERSION = 1


@dataclass(frozen=True)
class Target:
    """A frame that was held out, to be predicted.

    Attributes
    ----------
    frame : int
        Its index in the whole movie.
    gap : int
        The gap it lies in: between ``kept[gap]`` and ``kept[gap + 1]``.
    t : float
        Where in the gap, in (0, 1), by its true time.
    """

    frame: int
    gap: int
    t: float


@dataclass(frozen=True)
class HeldOut:
    """Which frames of a movie the methods see, and which they must find again.

    Attributes
    ----------
    kept : tuple of int
        Indices of the acquired frames that the methods see, in order.
    targets : tuple of Target
        In order of time.
    """

    kept: tuple[int, ...]
    targets: tuple[Target, ...]

    @property
    def gaps(self) -> tuple[int, ...]:
        """The gaps that have targets, in order."""
        return tuple(sorted({target.gap for target in self.targets}))

    def with_gaps(self, gaps: Iterable[int]) -> HeldOut:
        """Return the same with the targets of these gaps only; the kept frames stay."""
        wanted = frozenset(gaps)
        return replace(self, targets=tuple(target for target in self.targets if target.gap in wanted))


@dataclass(frozen=True)
class FrameScore:
    """How one method did on one held-out frame in one channel; z-planes are averaged.

    Attributes
    ----------
    method : str
    frame, gap : int
    t : float
        As in `Target`.
    channel : int
    values : dict of str to float
        By name of the metric (`cafi.quality.metrics`); NaN where a metric refused the frame.
    """

    method: str
    frame: int
    gap: int
    t: float
    channel: int
    values: dict[str, float]


@dataclass(frozen=True)
class MethodRun:
    """What a method cost.

    Attributes
    ----------
    method : str
    seconds_per_frame : float
        For predicting one held-out frame (all channels and depths), without reading and scoring.
    peak_mb : float
        Highest resident memory of the process while the method ran, in MB; NaN where the system does not tell.
    subset : bool
        Whether it was too slow for its share of time and filled a fixed, seeded choice of gaps only.
    gaps : tuple of int
        The gaps it filled.
    """

    method: str
    seconds_per_frame: float
    peak_mb: float
    subset: bool
    gaps: tuple[int, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """The held-out check of one movie at one rate.

    Attributes
    ----------
    movie : str
        Its path.
    drop : int
        Every ``drop``-th frame was kept.
    channels : tuple of str
    methods : tuple of str
        Those that were run, in order.
    held_out : HeldOut
    scores : tuple of FrameScore
    runs : tuple of MethodRun
    notes : tuple of str
        Everything that a reader should know, a sentence each.
    provenance : dict
        Software, fingerprint of the movie, weights, normalisation, intensity ranges (JSON-serialisable).
    """

    movie: str
    drop: int
    channels: tuple[str, ...]
    methods: tuple[str, ...]
    held_out: HeldOut
    scores: tuple[FrameScore, ...]
    runs: tuple[MethodRun, ...]
    notes: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    def common_gaps(self) -> tuple[int, ...]:
        """Return the gaps that every method filled: those that paired differences are taken on."""
        filled = [set(run.gaps) for run in self.runs]
        return tuple(sorted(set.intersection(*filled))) if filled else ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-serialisable values; NaN becomes None, infinity a string."""
        found: dict[str, Any] = _plain(asdict(self))
        return found

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Evaluation:
        """Undo `to_json`."""
        held_out = found["held_out"]
        return cls(
            movie=found["movie"],
            drop=found["drop"],
            channels=tuple(found["channels"]),
            methods=tuple(found["methods"]),
            held_out=HeldOut(tuple(held_out["kept"]), tuple(Target(**target) for target in held_out["targets"])),
            scores=tuple(_score(score) for score in found["scores"]),
            runs=tuple(_run(run) for run in found["runs"]),
            notes=tuple(found["notes"]),
            provenance=found["provenance"],
        )


def write_evaluations(folder: Path, evaluations: Sequence[Evaluation]) -> Path:
    """Write them to ``folder/evaluation.json``, which appears whole, and return its path."""
    path = folder / FILE
    unfinished = folder / (FILE + ".partial")
    described = {"version": VERSION, "evaluations": [evaluation.to_json() for evaluation in evaluations]}
    unfinished.write_text(json.dumps(described, allow_nan=False), encoding="utf-8")
    unfinished.replace(path)
    return path


def is_evaluation(folder: Path) -> bool:
    """Whether a folder holds an evaluation, of any version of cafi."""
    try:
        described = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return isinstance(described, dict) and {"version", "evaluations"} <= described.keys()


def read_evaluations(folder: Path) -> tuple[Evaluation, ...]:
    """Read what `write_evaluations` wrote.

    Raises
    ------
    CafiError
        If the folder holds no evaluation.
    """
    path = folder / FILE
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        if described["version"] != VERSION:
            raise CafiError(f"{path} is of another version of cafi; run `cafi evaluate` again.")
        return tuple(Evaluation.from_json(found) for found in described["evaluations"])
    except FileNotFoundError as error:
        raise CafiError(f"{folder} holds no {FILE}; `cafi evaluate MOVIE -o {folder}` makes one.") from error
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise CafiError(f"{path} cannot be read as an evaluation; run `cafi evaluate` again.") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _number(value: Any) -> float:
    """Undo `_plain` for one number."""
    return math.nan if value is None else float(value)


def _score(found: dict[str, Any]) -> FrameScore:
    return FrameScore(**(found | {"values": {name: _number(value) for name, value in found["values"].items()}}))


def _run(found: dict[str, Any]) -> MethodRun:
    numbers = {name: _number(found[name]) for name in ("seconds_per_frame", "peak_mb")}
    return MethodRun(**(found | numbers | {"gaps": tuple(found["gaps"])}))
