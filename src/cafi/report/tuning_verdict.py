"""Whether fine-tuning helped, from scores on the test parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Record = Mapping[str, Any]
    Scores = Sequence[Mapping[str, Any]]

BASE, TUNED = "before", "fine-tuned"  # what the record calls the two
NAMES = {BASE: "base model", TUNED: "fine-tuned"}
LISTED = 8  # movies, at most, that are told one by one; the tables have all
DECIMALS = {"psnr": 2, "ssim": 4}  # that are shown; a change that does not show is none


@dataclass(frozen=True)
class TuningVerdict:
    """Whether fine-tuning helped.

    Attributes
    ----------
    word : str
        A sentence without its full stop.
    look : 'use', 'use-with-care', 'do-not-use' or 'not-judged'
        Class of the style sheet.
    reasons : tuple of str
        A sentence each.
    """

    word: str
    look: str
    reasons: tuple[str, ...]


def by_movie(scores: Scores) -> list[dict[str, Any]]:
    """Return the scores of each movie by method; movies of one name in different folders stay apart."""
    movies: list[dict[str, Any]] = []
    for score in scores:
        last = movies[-1] if movies else {}
        if not last or score["method"] in last or next(iter(last.values()))["movie"] != score["movie"]:
            movies.append({})
        movies[-1][score["method"]] = score
    return movies


def mean(scores: Scores, method: str) -> dict[str, float]:
    """Return mean 'psnr' in dB and 'ssim' of a method over all movies, which count alike; nothing if it has none."""
    own = [score for score in scores if score["method"] == method]
    return {key: sum(score[key] for score in own) / len(own) for key in DECIMALS} if own else {}


def verdict_on(record: Record) -> TuningVerdict:
    """Judge a run of fine-tuning.

    Parameters
    ----------
    record : dict
        As `cafi finetune` leaves it.
    """
    scores, gained = record["scores"], f"{signed(record['gain'], 2)} dB"
    if not record["improved"]:
        why = (
            f"Nothing was gained on validation in {record['steps']} steps: this folder holds the base model's weights."
        )
        return TuningVerdict("The base model was kept", "not-judged", (why, *_beside_classical(scores, BASE)))
    before, after = mean(scores, BASE), mean(scores, TUNED)
    if not before or not after:
        why = f"Validation gained {gained}, but no frame of the test parts could be scored."
        return TuningVerdict("Not tested", "not-judged", (why,))
    changes = [_change(one[BASE], one[TUNED]) for one in by_movie(scores) if {BASE, TUNED} <= set(one)]
    word, look = _headline(_change(before, after), changes)
    of = f", mean of {len(changes)} movies" if len(changes) > 1 else ""
    planes = sum(score["frames"] for score in scores if score["method"] == TUNED)
    told = f"{word}: {_said(_change(before, after))} against the base model{of}"
    reasons = []
    if look == "do-not-use":
        reasons.append(
            f"Validation had gained {gained}, but the test parts, which decided nothing, got worse. Prefer the base"
            " model, unless a check on other movies says otherwise."
        )
    if 1 < len(changes) <= LISTED:
        tuned = [one[TUNED]["movie"] for one in by_movie(scores) if {BASE, TUNED} <= set(one)]
        reasons += [f"{movie}: {_said(change)}." for movie, change in zip(tuned, changes, strict=True)]
    reasons += _beside_classical(scores, TUNED)
    reasons.append(
        f"Scored once, on {planes} plane{'s' if planes > 1 else ''}, without a confidence interval: a small difference"
        " may be chance."
    )
    return TuningVerdict(told, look, tuple(reasons))


def signed(value: float, decimals: int) -> str:
    """Write a difference with its sign; nothing is lost or gained where no digit shows."""
    return f"{round(value, decimals) + 0.0:+.{decimals}f}".replace("-", "−")


def _change(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, float]:
    return {key: round(after[key] - before[key], decimals) for key, decimals in DECIMALS.items()}


def _said(change: Mapping[str, float]) -> str:
    return f"{signed(change['psnr'], 2)} dB PSNR, {signed(change['ssim'], 4)} SSIM"


def _headline(overall: Mapping[str, float], changes: Sequence[Mapping[str, float]]) -> tuple[str, str]:
    worse = sum(change["psnr"] < 0 for change in changes)
    if overall["psnr"] < 0:
        return "Worse on the test parts", "do-not-use"
    if overall["psnr"] == 0:
        return "No different on the test parts", "use-with-care"
    if overall["ssim"] < 0:
        return "Better on the test parts in PSNR, worse in SSIM", "use-with-care"
    if worse:
        return f"Better on the test parts on average, worse on {worse} of {len(changes)} movies", "use-with-care"
    return "Better on the test parts", "use"


def _beside_classical(scores: Scores, own: str) -> Iterator[str]:
    """Compare with the best classical method, without which a gain says little."""
    names = dict.fromkeys(score["method"] for score in scores)
    classical = {name: mean(scores, name)["psnr"] for name in names if name not in NAMES}
    if not classical or own not in names:
        return
    best = max(classical, key=classical.__getitem__)
    change = signed(mean(scores, own)["psnr"] - classical[best], 2)
    yield f"{NAMES[own].capitalize()} over {best}, the best classical method: {change} dB PSNR."
