"""A plan in the words of someone at a microscope."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cafi.planning.bounds import METRICS

if TYPE_CHECKING:
    from cafi.planning.advice import Point
    from cafi.planning.motion import Displacement
    from cafi.planning.plan import Plan

FAR = 1.0  # own sizes between captured frames from which motion counts as large


def sentences(plan: Plan) -> tuple[str, ...]:
    """Say what a plan recommends, what it saves, and how sure it is; one sentence or two for each."""
    if plan.method is None:
        return (_refusal(plan), _motion(plan), _scope(plan))
    return (_advice(plan), _savings(plan), _assurance(plan), _motion(plan), _scope(plan))


def duration(seconds: float) -> str:
    """Return a time in the unit that people would take: ms, s, min or h."""
    for unit, length in (("h", 3600.0), ("min", 60.0), ("s", 1.0)):
        if seconds >= (2 * length if unit != "s" else length):
            return f"{seconds / length:.3g} {unit}"
    return f"{1000 * seconds:.3g} ms"


def ordinal(number: int) -> str:
    """Return 2nd, 3rd, 4th, ..."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _advice(plan: Plan) -> str:
    every = ""
    if plan.frame_interval is not None:
        own, new = duration(plan.frame_interval), duration(plan.interval * plan.frame_interval)
        every = f" (one every {new} instead of every {own})"
    return f"Capture every {ordinal(plan.interval)} frame{every} and let {plan.method} predict those between."


def _savings(plan: Plan) -> str:
    longer = "twice as long" if plan.interval == 2 else f"{plan.interval} times as long"
    if plan.frame_interval is not None:
        own = plan.frame_interval * plan.frames
        longer += f" ({duration(plan.interval * own)} instead of {duration(own)})"
    return (
        f"Over the same time the sample gets {1 - plan.light_saved:.0%} of the light ({plan.light_saved:.0%} less); or,"
        f" with as much light as now, you record {longer}."
    )


def _assurance(plan: Plan) -> str:
    point = next(p for p in plan.points if p.method == plan.method and p.interval == plan.interval)
    return (
        f"In the pilot {_metric(plan)} was {point.quality:.3g} on average over {point.gaps} such gaps; with"
        f" {plan.confidence:.0%} confidence it stays at {point.assured:.3g} or more while you record for as long again"
        f" and the sample goes on as it does (wanted: {plan.bound})."
    )


def _refusal(plan: Plan) -> str:
    if not plan.steady:
        factor = f"changes by a factor of {plan.unsteadiness:.1f}"
        change = factor if math.isfinite(plan.unsteadiness) else "is zero in some"
        return (
            f"No interval is recommended: the contrast of the pilot's frames {change}, and what holds for one part does"
            " not hold for another; plan from a part that is steady."
        )
    best = max((p for p in plan.points if p.interval == 2), key=lambda p: p.assured, default=None)
    if best is None:
        return f"Go on capturing every frame: no method could be tried (wanted: {plan.bound})."
    reason = f"{_metric(plan)} was {best.quality:.3g} on average for the best method, {best.method}"
    if best.quality >= float(plan.bound.split(">=")[1]):
        reason += f", but {_confident(plan, best)}"
    return f"Go on capturing every frame: with only every 2nd, {reason} (wanted: {plan.bound})."


def _confident(plan: Plan, point: Point) -> str:
    if not math.isfinite(point.assured):
        return "the pilot has too few frames to be sure of it"
    return f"only {point.assured:.3g} is sure with {plan.confidence:.0%} confidence"


def _metric(plan: Plan) -> str:
    return METRICS[plan.bound.split(">=")[0]]


def _motion(plan: Plan) -> str:
    own = next(d for d in plan.displacements if d.interval == 1)
    moved = next(d for d in plan.displacements if d.interval == plan.interval)
    if plan.interval == 1:
        return f"From frame to frame things move {_way(plan, own)}."
    text = (
        f"Between captured frames things move {_way(plan, moved)}; between two frames of the pilot {own.median:.2g} px"
    )
    if math.isfinite(plan.structure) and moved.fast > FAR * plan.structure:
        text += "; the fastest go farther than their own size, where methods often fail"
    return text + "."


def _way(plan: Plan, moved: Displacement) -> str:
    known = [f"{moved.median * plan.pixel_size:.2g} µm"] if plan.pixel_size is not None else []
    if math.isfinite(plan.structure):
        known.append(f"{moved.median / plan.structure:.2g} of their size, which is {plan.structure:.2g} px")
    known.append(f"the fastest 5% of pixels {moved.fast:.2g} px or more")
    return f"{moved.median:.2g} px ({'; '.join(known)})"


def _scope(plan: Plan) -> str:
    return (
        f"Intervals up to {plan.longest_tried} frames were tried on {plan.frames} frames; nothing is said of longer"
        " ones, nor of events that begin and end between two captured frames."
    )
