"""The verdict on the best method of a held-out check, from the frames that were kept for its report."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.quality.metrics.ranges import grey
from cafi.quality.statistics import summarise
from cafi.quality.verdict import judge
from cafi.quality.warnings.gap import check
from cafi.report.scores import best_first

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cafi.quality.results import Evaluation, Target
    from cafi.quality.warnings.gap import GapCheck
    from cafi.report.keeping import Keeper


def verdict_record(evaluation: Evaluation, keeper: Keeper) -> dict[str, Any] | None:
    """Judge the method with the best mean PSNR as `cafi interpolate` judges a run, and by its gain on held-out frames.

    Parameters
    ----------
    evaluation : Evaluation
        With all scores.
    keeper : Keeper
        The frames that were kept.

    Returns
    -------
    dict or None
        As the provenance keeps it; None where frames were shrunk, or none was kept.
    """
    method = best_first(evaluation)[0]
    if keeper.shrink > 1:
        return None
    checks = [found for target in _middles(keeper, method) for found in _checks(keeper, target, method)]
    if not checks:
        return None
    found = judge(checks, method, len({one.gap for one in checks}), gain=_gain(evaluation, method))
    # As lists, so that it is the same after a way through JSON.
    gaps = [asdict(w) | {"reasons": list(w.reasons), "place": w.place and list(w.place)} for w in found.gaps]
    return {"word": found.word, "reasons": list(found.reasons), "gaps": gaps, "of": method}


def _middles(keeper: Keeper, method: str) -> Iterator[Target]:
    """Yield of each gap the held-out frame nearest to its middle, of those that were kept."""
    nearest: dict[int, Target] = {}
    channels = tuple(keeper.ranges)
    for target in keeper.held_out.targets:
        kept = all((method, target.frame, channel) in keeper.planes for channel in channels)
        best = nearest.get(target.gap)
        if kept and (best is None or abs(target.t - 0.5) < abs(best.t - 0.5)):
            nearest[target.gap] = target
    yield from nearest.values()


def _checks(keeper: Keeper, target: Target, method: str) -> list[GapCheck]:
    ends = []
    for frame in (keeper.held_out.kept[target.gap], keeper.held_out.kept[target.gap + 1]):
        planes = (keeper.ranges[c].normalise(grey(keeper.movie.source.read(frame, c, keeper.z))) for c in keeper.ranges)
        ends.append(np.stack(list(planes)).astype(np.float32))
    mean = np.stack([keeper.planes[method, target.frame, c] for c in keeper.ranges]).astype(np.float32)
    return check(ends[0], ends[1], target.t, mean, target.gap, keeper.z)


def _gain(evaluation: Evaluation, method: str) -> float | None:
    """Return the PSNR over that of linear blending in dB, if both were run."""
    means = {row.method: row.mean.value for row in summarise(evaluation, "psnr")}
    gain = means[method] - means.get("linear", np.nan)
    return float(gain) if method != "linear" and np.isfinite(gain) else None
