"""How many frames of a movie can be left out before quality falls below a bound."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from cafi.api.described import described
from cafi.planning.options import PlanOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cafi.engine.options import EngineOptions
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.options import ReadOptions
    from cafi.planning.plan import Plan

__all__ = ["PlanOptions", "plan", "plan_as_dict", "plan_in_words"]


def plan(
    movie: str | Path,
    *,
    quality: str | None = None,
    methods: str | None = None,
    confidence: float | None = None,
    longest: int | None = None,
    minutes: float | None = None,
    read: ReadOptions | None = None,
    engine: EngineOptions | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """Find the longest frame interval that keeps a bound of quality, from a pilot movie at full rate.

    Parameters
    ----------
    movie : str or Path
        The pilot: a file, or a folder or pattern of single-frame images.
    quality : str, optional
        Such as 'attained>=0.9' (the default), 'ssim>=0.9', 'psnr>=30' or 'tracking>=0.8'.
    methods : str, optional
        Names, separated by commas.
    confidence : float, optional
        That quality is kept while recording goes on for as long again; 0.95 by default.
    longest : int, optional
        Longest interval that is tried, in frames; 16 by default.
    minutes : float, optional
        To be spent, about; 5 by default.
    read : ReadOptions, optional
        How the file is read.
    engine : EngineOptions, optional
        Where and how frames are predicted.
    on_progress : callable, optional
        Called with the number of predicted frames and of all frames.

    Returns
    -------
    Plan
        ``interval`` is the recommendation: capture one frame in so many.

    Raises
    ------
    CafiError
        If an option means nothing, or the movie is too short, constant, no movie, or has blank or repeated frames.

    Examples
    --------
    >>> import cafi
    >>> cafi.plan("pilot.ome.tif", quality="ssim>=0.9").interval  # doctest: +SKIP
    3
    """
    from cafi.movie.options import ReadOptions
    from cafi.movie.reading import open_movie
    from cafi.planning.bounds import parse_bound
    from cafi.planning.plan import make_plan

    given = {"quality": quality, "methods": methods, "confidence": confidence, "longest": longest, "minutes": minutes}
    options = described(PlanOptions, None, {name: value for name, value in given.items() if value is not None})
    bound = parse_bound(options.quality)
    chosen, left_out = _loaded(tuple(name.strip() for name in options.methods.split(",") if name.strip()))
    with open_movie(movie, read or ReadOptions()) as opened:
        found = make_plan(
            opened,
            bound,
            chosen,
            confidence=options.confidence,
            most=options.longest,
            seconds=60 * options.minutes,
            engine=engine,
            on_progress=on_progress,
        )
    return replace(found, notes=(*left_out, *found.notes))


def plan_as_dict(found: Plan) -> dict[str, Any]:
    """Return a plan as JSON-serialisable values, with its sentences."""
    return asdict(found) | {"light_saved": found.light_saved, "words": list(plan_in_words(found))}


def plan_in_words(found: Plan) -> tuple[str, ...]:
    """Say a plan in a few sentences."""
    from cafi.planning.words import sentences

    return sentences(found)


def _loaded(names: tuple[str, ...]) -> tuple[list[Interpolator], tuple[str, ...]]:
    """Load methods; learned ones without weights are left out with a sentence, as long as another is left."""
    from cafi.errors import CafiError
    from cafi.interpolators import registry

    learned = {entry.name for entry in registry.summaries() if entry.learned}
    loaded, told = [], []
    for name in dict.fromkeys(names):
        try:
            loaded.append(registry.get(name))
        except CafiError as error:
            if name not in learned:
                raise
            told.append(f"{name} was left out: {error}")
    if not loaded:
        raise CafiError(f"No method is left to plan with. {' '.join(told)}".strip())
    return loaded, tuple(told)
