"""What a run, or a held-out check, mixes with linear blending; see `cafi.quality.mixing`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cafi.interpolators.mixed import Mixed
from cafi.quality.mixing import measure_shares, mixes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cafi.api.job import Job
    from cafi.engine.normalisation import Normalisation
    from cafi.engine.partial import Partial
    from cafi.interpolators.protocol import Interpolator

NOTE = "mixed"


def with_mixture(job: Job, partial: Partial, normalisation: Normalisation) -> Job:
    """Return the job with the method mixed as its movie advises, or as it did before a kill."""
    interpolator = job.predictor.interpolator
    if not (job.run.method.mix and job.table.axis == "t" and mixes(interpolator)):
        return job
    if NOTE not in partial.notes:
        partial.note(NOTE, measure_shares(job.predictor, job.movie, normalisation))
    shares = shares_of(partial)
    if not any(shares):
        return job
    return replace(job, predictor=replace(job.predictor, interpolator=Mixed(interpolator, shares)))


def shares_of(partial: Partial) -> tuple[float, ...]:
    """Return the shares that the run found; empty where it did not look."""
    return tuple(partial.notes.get(NOTE, ()))


def in_words(shares: Sequence[float], names: Sequence[str]) -> tuple[str, ...]:
    """Say of which channels linear blending is a part; nothing where it is of none."""
    told = [(share, name) for share, name in zip(shares, names, strict=bool(shares)) if share]
    if not told:
        return ()
    parts = ", ".join(f"{share:.0%}" + (f" in channel {name}" if len(shares) > 1 else "") for share, name in told)
    return (
        f"Where next to nothing moves, linear blending was mixed in ({parts}): on held-out frames of this movie that"
        " was closer to what was measured.",
    )


def shares_in(interpolator: Interpolator) -> tuple[float, ...]:
    """Return the shares that a method is mixed with; empty where it is not."""
    return interpolator.shares if isinstance(interpolator, Mixed) else ()
