"""The held-out check of one movie at one rate, from the movie to an `Evaluation`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import cafi
from cafi.engine import hot_pixels
from cafi.errors import CafiError
from cafi.interpolators.registry import weights_of
from cafi.movie.fingerprint import fingerprint
from cafi.movie.gap_warnings import listed
from cafi.movie.plane_report import SATURATED_FROM, largest_value
from cafi.quality.heldout import hold_out
from cafi.quality.metrics.catalogue import metric
from cafi.quality.metrics.ranges import grey, movie_range
from cafi.quality.options import parts
from cafi.quality.prediction import seen_normalisation
from cafi.quality.results import Evaluation
from cafi.quality.scoring import SEED, Check

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cafi.engine.options import EngineOptions
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.model import Movie
    from cafi.quality.metrics.ranges import Range
    from cafi.quality.results import HeldOut
    from cafi.quality.scoring import Scored

KNOWN = "These weights learned from this very movie, so their scores flatter them; check on another movie."
LONGER = "Held-out gaps are longer than those that will be filled, so these errors are upper estimates."


def begin(
    movie: Movie,
    source: Path,
    drop: int,
    channels: str | None,
    options: EngineOptions,
    on_progress: Callable[[int, int], None],
) -> tuple[Evaluation, Check]:
    """Decide what is held out and what scores refer to, before any method runs.

    Parameters
    ----------
    movie : Movie
    source : Path
        Its file or folder.
    drop : int
    channels : str or None
        Names or numbers, comma-separated; None for all.
    options : EngineOptions
    on_progress : callable
        Called with how many channels were looked at and how many there are.

    Returns
    -------
    Evaluation
        Without scores, but with notes about what must be known of this movie.
    Check

    Raises
    ------
    CafiError
        If the movie is too short, or no channel shows anything.
    """
    held_out = hold_out(movie, drop)
    names = channel_names(movie)
    notes = [LONGER, *_left_open(held_out)]
    ranges: dict[int, Range] = {}
    chosen = chosen_channels(channels, names, source)
    for i, channel in enumerate(chosen):
        found = movie_range(movie, channel)
        on_progress(i + 1, len(chosen))
        if found.flat:
            notes.append(f"Channel {names[channel]} of {source} is empty: hardly a pixel differs; it was left out.")
            continue
        ranges[channel] = found
        notes += _saturation(movie, held_out, channel, names[channel])
    if not ranges:
        raise CafiError(f"{source} shows nothing: hardly a pixel differs from the others; there is nothing to score.")
    normalisation = seen_normalisation(movie, held_out)
    notes += hot_pixels.in_words(normalisation.hot_counts, movie.header.plane_names)
    provenance: dict[str, Any] = {
        "software": f"cafi {cafi.__version__}",
        "source": {"name": source.name, "fingerprint": fingerprint(source)},
        "scene": movie.scene,
        "weights": {},
        "engine": options.model_dump(mode="json"),
        "normalisation": normalisation.as_dict(),
        "ranges": {names[channel]: asdict(found) for channel, found in ranges.items()},
        "seed": SEED,
    }
    evaluation = Evaluation(str(source), drop, names, (), held_out, (), (), (*movie.assumptions, *notes), provenance)
    return evaluation, Check(movie, held_out, ranges, normalisation, options)


def with_method(evaluation: Evaluation, interpolator: Interpolator, scored: Scored) -> Evaluation:
    """Return the evaluation with one method more."""
    name = interpolator.name
    notes = [f"{name}: {sentence}" for sentence in scored.warned]
    if scored.run.subset:
        count, all_gaps = len(scored.run.gaps), len(evaluation.held_out.gaps)
        notes.append(
            f"{name} was too slow for its share of time and filled {count} of {all_gaps} gaps, a fixed choice;"
            " differences between methods are taken on the gaps that all of them filled."
        )
    card = getattr(interpolator, "card", None)
    if card is not None and card.learned_from(evaluation.provenance["source"]["fingerprint"]):
        notes.append(f"{name}: {KNOWN}")
    notes += _broken(evaluation.held_out, scored.broken) + _refusals(scored)
    known = set(evaluation.notes)
    return replace(
        evaluation,
        methods=(*evaluation.methods, name),
        scores=evaluation.scores + scored.scores,
        runs=(*evaluation.runs, scored.run),
        notes=(*evaluation.notes, *(note for note in notes if note not in known)),
        provenance=evaluation.provenance
        | {"weights": evaluation.provenance["weights"] | {name: weights_of(interpolator)}},
    )


def channel_names(movie: Movie) -> tuple[str, ...]:
    """Return the name of each channel, or its number where it has none or shares it."""
    names = [channel.name for channel in movie.header.channels] or [None] * movie.header.size.c
    counts = Counter(names)
    return tuple(name if name and counts[name] == 1 else str(i) for i, name in enumerate(names))


def chosen_channels(channels: str | None, names: tuple[str, ...], source: Path) -> tuple[int, ...]:
    """Return the indices of the channels that a comma-separated list names; of all where there is none.

    Raises
    ------
    CafiError
        If there is no such channel.
    """
    if channels is None:
        return tuple(range(len(names)))
    chosen = []
    for part in parts(channels):
        if part in names:
            chosen.append(names.index(part))
        elif part.isdecimal() and int(part) < len(names):
            chosen.append(int(part))
        else:
            raise CafiError(f"{source} has no channel '{part}'; it has {', '.join(names)}.")
    return tuple(dict.fromkeys(chosen))


def _left_open(held_out: HeldOut) -> list[str]:
    missing = len(held_out.kept) - 1 - len(held_out.gaps)
    if not missing:
        return []
    gaps = "1 gap is" if missing == 1 else f"{missing} gaps are"
    return [f"{gaps} longer than three times the median and left out, as `cafi interpolate` leaves such gaps open."]


def _saturation(movie: Movie, held_out: HeldOut, channel: int, name: str) -> list[str]:
    """Say so where held-out frames are saturated: their error cannot be known there."""
    largest = largest_value(movie.header)
    if largest is None:
        return []
    depths = range(movie.header.size.z)
    at_top = count = 0
    for target in held_out.targets:
        for z in depths:
            plane = grey(movie.source.read(target.frame, channel, z))
            at_top += int((plane >= largest).sum())
            count += plane.size
    if at_top <= SATURATED_FROM * count:
        return []
    share = f"{100 * at_top / count:.2g} %"
    return [f"{share} of the held-out pixels of channel {name} are saturated; errors there look smaller than they are."]


def _broken(held_out: HeldOut, broken: tuple[int, ...]) -> list[str]:
    if not broken:
        return []
    frames = listed(sorted({target.frame for target in held_out.targets if target.gap in broken}))
    return [f"A cut or a stage jump is not interpolated, so not scored: held-out frames {frames} were left out."]


def _refusals(scored: Scored) -> list[str]:
    """Say which metrics were not taken, and why; those with one reason together."""
    reasons: dict[tuple[str, int], list[str]] = {}
    for (name, words), count in scored.refused.items():
        reasons.setdefault((words, count), []).append(metric(name).label)
    found = []
    for (words, count), labels in reasons.items():
        where = "" if count == scored.planes else f" on {count} of {scored.planes} planes"
        subject, verb, need = ", ".join(labels), *(("was", "it needs") if len(labels) == 1 else ("were", "they need"))
        found.append(f"{subject} {verb} not taken{where}: {need} {words}.")
    return found
