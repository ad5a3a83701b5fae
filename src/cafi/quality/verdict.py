"""One verdict for a movie, with reasons: use, use with care, or do not use."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cafi.quality.warnings.implausible import THRESHOLD, USUAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cafi.movie.gap_warnings import Untrusted
    from cafi.quality.warnings.gap import GapCheck

Word = Literal["use", "use with care", "do not use"]
Level = Literal["doubtful", "bad"]

# Fixed on the movies for choosing and on one seed of the simulation; benchmarks/verdict.py reports the others.
LOST, SOME_LOST = 0.48, 0.15  # appeared and vanished things, as a share of all: half of the things have no partner
CONTRADICTING, UNMATCHED = 0.12, 0.1  # shares of structure
UNKNOWN = 0.4  # share of the structure that is unlike after motion: what moves there is not known at all
NOT_BETTER = 0.75  # distance to the moved ends over that of linear blending
RELIABLE = 0.3  # share of what is unlike as it lies that motion leaves: below it optical flow is a judge
FARTHEST = 22.0  # pixels over the gap: beyond it half of the simulated spots were lost
STILL = 0.3  # unlike as they lie: beyond it linear blending shows things twice
STRANGE = 1.0  # one training window in a hundred is beyond
NOISY = 1.0  # energy of structure over that of noise
ASTRAY, LEAST_ASTRAY = 2.0, 4.0  # times what is usual in the movie, and the energy of noise
ENOUGH = 4  # gaps that say what is usual
FLASH, CONTRAST, FOCUS = 0.05, 0.25, 0.5  # least changes that count
OUTLYING = 6.0  # times the median absolute deviation of the movie

COMPARISON = ("duplicate", "cubic")  # never, and once in 24 cases, better than linear on real movies
LITTLE = 0.1  # dB over linear blending
BAD_SHARE, DOUBTFUL_SHARE = 0.5, 0.25  # of the gaps
NEARLY_ALL = 0.9  # of the predicted planes, beside faulty acquired ones

_SAYS: dict[str, str] = {
    "lost": "half or more of what is seen appears or vanishes",
    "unknown": "motion between the frames cannot be told",
    "not better": "the prediction is no nearer to the moved frames than linear blending",
    "shown twice": "things move, and blending shows them twice",
    "some lost": "things appear, vanish, divide or blink",
    "contradicting": "forward and backward motion contradict each other",
    "unmatched": "the moved frames do not agree",
    "far": "things move further than was seen to work",
    "astray": "predictions on both sides of an acquired frame do not lead back to it as elsewhere in the movie",
    "implausible": "something is in the prediction that neither frame explains, or is missing from it",
    "strange": "the movie is unlike what the network was trained on",
    "noisy": "noise is too high to tell",
    "flash": "the light changes suddenly, as by a flash or a bleaching step",
    "contrast": "the contrast changes suddenly, as by a bleaching step",
    "focus": "the focus changes suddenly",
}
_BAD = ("lost", "unknown", "not better", "shown twice")


@dataclass(frozen=True)
class GapWarning:
    """Why the predicted frames of one gap are doubtful, or bad.

    Attributes
    ----------
    gap : int
        Index of the acquired frame before it.
    level : 'doubtful' or 'bad'
    reasons : tuple of str
        Keys; `reason_in_words` tells them to people.
    place : tuple of int, or None
        (y, x) in pixels of what is implausible.
    """

    gap: int
    level: Level
    reasons: tuple[str, ...]
    place: tuple[int, int] | None = None


@dataclass(frozen=True)
class Verdict:
    """What to do with the predicted frames of a movie.

    Attributes
    ----------
    word : 'use', 'use with care' or 'do not use'
    reasons : tuple of str
        Sentences.
    gaps : tuple of GapWarning
    """

    word: Word
    reasons: tuple[str, ...] = ()
    gaps: tuple[GapWarning, ...] = field(default=())

    def sentence(self) -> str:
        """Say it in one sentence."""
        why = f": {'; '.join(self.reasons)}" if self.reasons else ""
        return f"Verdict: {self.word}{why}."

    def as_dict(self) -> dict[str, Any]:
        """Return it as the provenance keeps it, the same after a way through JSON."""
        gaps = [asdict(w) | {"reasons": list(w.reasons), "place": w.place and list(w.place)} for w in self.gaps]
        return {"word": self.word, "reasons": list(self.reasons), "gaps": gaps}


def from_dict(record: dict[str, Any]) -> Verdict:
    """Undo `Verdict.as_dict`."""
    gaps = (
        GapWarning(w["gap"], w["level"], tuple(w["reasons"]), w["place"] and tuple(w["place"])) for w in record["gaps"]
    )
    return Verdict(record["word"], tuple(record["reasons"]), tuple(gaps))


def reason_in_words(key: str) -> str:
    """Tell a reason to people."""
    return _SAYS[key]


def judge(
    checks: Sequence[GapCheck],
    method: str,
    gaps: int,
    broken: int = 0,
    gain: float | None = None,
    untrusted: Untrusted | None = None,
) -> Verdict:
    """Judge a movie by what was measured at its gaps.

    Parameters
    ----------
    checks : sequence of GapCheck
        Of all predicted gaps; several of one gap, for its channels and depths, count as the worst of them.
    method : str
    gaps : int
        Predicted; with none, where all are broken, there is nothing to use.
    broken : int
        Cuts and stage jumps, whose frames are copies.
    gain : float, optional
        Measured on held-out frames: PSNR over that of linear blending, in dB.
    untrusted : Untrusted, optional
        Predicted planes beside faulty acquired ones.
    """
    warned = warnings_of(checks, method)
    if untrusted is not None and untrusted.share >= NEARLY_ALL:
        # What the checks of such gaps say, of noise for example, would be said of the faults.
        return Verdict("do not use", (untrusted.sentence(),), tuple(warned))
    bad, doubtful = (sum(w.level == level for w in warned) for level in ("bad", "doubtful"))
    reasons = []
    if method in COMPARISON:
        reasons.append(f"{method} is there to compare with, and was not better than linear blending on real movies")
    if gain is not None and gain <= 0 and method != "linear":
        reasons.append(f"on held-out frames {method} was not better than linear blending ({gain:+.2f} dB)")
    little = gain is not None and 0 < gain < LITTLE and method != "linear"
    none = bool(reasons) or (broken > 0 and gaps == 0) or bad >= BAD_SHARE * max(gaps, 1)
    if warned:
        reasons += _told(warned, gaps)
    if broken:
        reasons.append(f"{broken} {'gap is' if broken == 1 else 'gaps are'} a cut or a stage jump, not interpolated")
    spoiled = untrusted is not None and untrusted.count > 0
    if untrusted is not None and spoiled:
        reasons.append(untrusted.sentence())
    if little:
        reasons.append(f"on held-out frames {method} was hardly better than linear blending ({gain:+.2f} dB)")
    if none:
        return Verdict("do not use", tuple(reasons), tuple(warned))
    care = bad > 0 or bad + doubtful > DOUBTFUL_SHARE * gaps or little or spoiled
    return Verdict("use with care" if care else "use", tuple(reasons), tuple(warned))


def warnings_of(checks: Sequence[GapCheck], method: str) -> list[GapWarning]:
    """Return a warning for each gap that deserves one, in order; the reasons of its channels and depths together."""
    if not checks:
        return []
    planes: dict[tuple[int, int], list[GapCheck]] = {}
    for c in checks:
        planes.setdefault((c.channel, c.z), []).append(c)
    usual = {plane: _usual(those) for plane, those in planes.items()}
    found: dict[int, dict[str, tuple[int, int] | None]] = {}
    for c in checks:
        for reason in _reasons(c, method, usual[c.channel, c.z]):
            place = (c.y, c.x) if reason == "implausible" else None
            found.setdefault(c.gap, {}).setdefault(reason, place)
    return [
        GapWarning(
            gap,
            "bad" if any(r in _BAD for r in reasons) else "doubtful",
            tuple(r for r in _SAYS if r in reasons),
            reasons.get("implausible"),
        )
        for gap, reasons in sorted(found.items())
    ]


@dataclass(frozen=True)
class _Usual:
    """What gaps usually show in one channel at one depth: these differ by nature.

    Attributes
    ----------
    score : float
        Of the least plausible place.
    astray : float
        How little predictions may lead back; without limit where the movie is too short to say what is usual.
    light : dict of str to tuple of float
        Change of light, contrast and focus, and how far from it a change must lie to count.
    """

    score: float
    astray: float
    light: dict[str, tuple[float, float]]


def _usual(checks: Sequence[GapCheck]) -> _Usual:
    score = max(USUAL, float(np.median([c.score for c in checks])))
    cycles = [c.cycle for c in checks if c.cycle is not None]
    astray = max(LEAST_ASTRAY, ASTRAY * float(np.median(cycles))) if len(cycles) >= ENOUGH else np.inf
    return _Usual(score, astray, _limits(checks))


def _reasons(c: GapCheck, method: str, usual: _Usual) -> list[str]:
    lost = (c.appeared + c.vanished) / max(c.things, 1) if c.things > 4 else 0.0
    reliable = c.unmatched < RELIABLE * c.unlike
    holds = {
        "lost": lost > LOST,
        "unknown": c.unmatched > UNKNOWN,
        "not better": c.beyond_linear is not None and reliable and c.beyond_linear > NOT_BETTER and method != "linear",
        "shown twice": method == "linear" and c.unlike > STILL,
        "some lost": SOME_LOST < lost <= LOST,
        "contradicting": c.contradicting > CONTRADICTING,
        "unmatched": UNMATCHED < c.unmatched <= UNKNOWN,
        "far": c.travel > FARTHEST,
        "astray": c.cycle is not None and c.cycle > usual.astray,
        "implausible": c.score > THRESHOLD * usual.score,
        "strange": c.strangeness is not None and c.strangeness > STRANGE,
        "noisy": c.clarity < NOISY,
    }
    for reason, value in (("flash", c.brightness), ("contrast", c.contrast), ("focus", c.sharpness)):
        middle, far = usual.light[reason]
        holds[reason] = abs(value - middle) > far
    return [reason for reason, true in holds.items() if true]


def _limits(checks: Sequence[GapCheck]) -> dict[str, tuple[float, float]]:
    limits = {}
    columns: dict[str, tuple[list[float], float]] = {
        "flash": ([c.brightness for c in checks], FLASH),
        "contrast": ([c.contrast for c in checks], CONTRAST),
        "focus": ([c.sharpness for c in checks], FOCUS),
    }
    for reason, (values, least) in columns.items():
        middle = float(np.median(values))
        limits[reason] = (middle, max(least, OUTLYING * float(np.median(np.abs(np.array(values) - middle)))))
    return limits


def _told(warned: Sequence[GapWarning], gaps: int) -> list[str]:
    """Tell the most frequent reasons, and in how many gaps each holds."""
    counts = {key: sum(key in w.reasons for w in warned) for key in _SAYS}
    frequent = sorted((key for key in counts if counts[key]), key=lambda key: (key not in _BAD, -counts[key]))
    return [f"in {counts[key]} of {gaps} gaps {_SAYS[key]}" for key in frequent[:3]]


def from_notes(records: Sequence[Sequence[dict[str, Any]]]) -> list[GapCheck]:
    """Return the checks that a run noted, one record for each predicted frame and channel."""
    from cafi.quality.warnings.gap import GapCheck

    return [GapCheck(**record) for frame in records for record in frame]
