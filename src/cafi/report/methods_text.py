"""Text that can be put into the methods section of a paper, made of what is known about a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cafi.report.tuning_verdict import BASE, NAMES, TUNED, signed
from cafi.report.tuning_verdict import mean as mean_score

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cafi.movie.frames import FrameTable
    from cafi.quality.results import Evaluation
    from cafi.report.parting import Parted

PAPER = "Priessner et al., Nature Methods 2024, doi:10.1038/s41592-023-02138-w"
KNOWN = {
    "duplicate": "repetition of the nearest acquired frame",
    "linear": "linear blending of the two acquired frames around the gap",
    "cubic": "the cubic (Lagrange) polynomial through the four acquired frames around the gap, at their times",
    "optical_flow": "dense inverse search optical flow (Kroeger et al., ECCV 2016) with symmetric warping",
    "kymo": "the network Kymo",
    "zooming-slowmo": "Zooming SlowMo (Xiang et al., CVPR 2020)",
    "zooming-slowmo-small": "Zooming SlowMo (Xiang et al., CVPR 2020) with fewer features and blocks",
    "dain": "DAIN (Bao et al., CVPR 2019)",
    "dain-small": "DAIN (Bao et al., CVPR 2019) with fewer features and blocks",
}
NAMED = 3  # movies, at most, that are named one by one


def interpolation_text(frames: FrameTable, provenance: dict[str, Any]) -> Iterator[str]:
    """Say how the frames of a movie were predicted.

    Parameters
    ----------
    frames : FrameTable
    provenance : dict
        As the movie carries it.
    """
    along = "time" if frames.axis == "t" else "depth"
    method = _method(str(provenance.get("method")), provenance.get("weights"))
    resampled = frames.counts.resampled > 0
    kept = "enlarged by the same method" if resampled else "left unchanged"
    marked = "resampled" if resampled else "acquired or interpolated"
    yield (
        f"Content-aware frame interpolation ({PAPER}) along {along} was done with {_software(provenance)}, by {method}."
        f" {int(frames.between.sum())} of {len(frames)} frames were predicted; acquired frames were {kept}, and each"
        f" frame is marked as {marked} in the file."
    )
    yield from _aided(provenance, resampled=resampled)
    breaks = provenance.get("breaks", ())
    if breaks:
        yield (
            f"{len(breaks)} {'gap' if len(breaks) == 1 else 'gaps'} with a cut or a stage jump"
            f" {'was' if len(breaks) == 1 else 'were'} not interpolated."
        )
    ratios = [ratio for ratio in provenance.get("noise_ratio", ()) if ratio is not None]
    if ratios:
        told = _by_channel([f"{ratio:.2f}" for ratio in ratios])
        yield f"High-pass noise of interpolated over acquired frames was {told}."


def _aided(provenance: dict[str, Any], *, resampled: bool) -> Iterator[str]:
    """Say what else than the method decided pixels of predicted frames."""
    shares = provenance.get("mixed") or ()
    if any(shares):
        yield (
            "Where next to nothing moved, predictions were mixed with linear blending; its share, determined on"
            f" held-out frames of the same movie, was {_by_channel([f'{share:.0%}' for share in shares])}."
        )
    counts = provenance.get("normalisation", {}).get("hot_pixels") or ()
    if any(counts):
        yield (
            f"Hot or dead pixels of the camera ({_by_channel([str(count) for count in counts])}) were replaced by the"
            " median of their neighbours before frames were predicted"
            f"{'' if resampled else ', and blended linearly in predicted frames'}."
        )


def _by_channel(told: Sequence[str]) -> str:
    return ", ".join(told) + (" by channel" if len(told) > 1 else "")


def evaluation_text(evaluation: Evaluation, shown_scores: str) -> Iterator[str]:
    """Say how a held-out check was done and what it found.

    Parameters
    ----------
    evaluation : Evaluation
    shown_scores : str
        The scores with their confidence intervals, in words.
    """
    held = evaluation.held_out
    weights = evaluation.provenance.get("weights") or {}
    names = [_method(name, weights.get(name) if isinstance(weights, dict) else None) for name in evaluation.methods]
    kept = "every second frame was" if evaluation.drop == 2 else f"every {ordinal(evaluation.drop)} frame was"
    yield (
        f"Frame interpolation was checked on held-out frames with {_software(evaluation.provenance)}: {kept} kept, the"
        f" {len(held.targets)} acquired frames between {'it' if len(held.kept) == 1 else 'them'} were withheld and"
        f" predicted by {_listed(names)}, and compared with what was measured. Intensities were normalised for each"
        " channel by the movie's 0.1 and 99.9 percentiles; scores are means over interpolated frames alone, with 95 %"
        " confidence intervals over gaps."
    )
    if shown_scores:
        yield shown_scores
    yield (
        f"As held-out gaps are {evaluation.drop} times as long as the gaps that are filled later, these errors are"
        " upper estimates."
    )


def finetuning_text(record: Mapping[str, Any], movies: Sequence[Parted], versions: Mapping[str, str]) -> Iterator[str]:
    """Say how a network was adapted to movies, and what that changed.

    Parameters
    ----------
    record : dict
        As `cafi finetune` leaves it.
    movies : sequence of Parted
    versions : dict of str to str
        Of the software, by name.
    """
    base, scores = record["run"]["base"], record["scores"]
    names = _listed([movie.movie for movie in movies]) if len(movies) <= NAMED else f"{len(movies)} movies"
    software = f"cafi {versions['cafi']}" if "cafi" in versions else "cafi"
    yield (
        f"{_capital(_method(base['method'], base['sha256']))} was fine-tuned for content-aware frame interpolation"
        f" ({PAPER}) with {software} on {names} for {record['steps']} steps, to predict acquired frames from the frames"
        f" around them (seed {record['run']['options']['seed']}). {_capital(_listed(list(_parting(movies))))}."
        f" {_kept(record)}"
    )
    means = {NAMES.get(s["method"], s["method"]): mean_score(scores, s["method"]) for s in scores}
    told = [f"{both['psnr']:.2f} dB and {both['ssim']:.4f} for {name}" for name, both in means.items()]
    if told:
        yield (
            "On the test parts, which were used for nothing else and scored once, PSNR and SSIM"
            f"{' (means over movies)' if len(movies) > 1 else ''} were {'; '.join(told)}. Intensities were normalised"
            " for each channel by the movie's 0.1 and 99.9 percentiles. As held-out gaps are twice as long as the gaps"
            " that are filled later, these errors are upper estimates."
        )
    general = record["general"]
    if record["improved"] and BASE in general and TUNED in general:
        yield (
            f"On held-out simulated movies, expected PSNR was {general[BASE]:.2f} dB before and {general[TUNED]:.2f} dB"
            " after fine-tuning."
        )


def _parting(movies: Sequence[Parted]) -> Iterator[str]:
    """Say how movies were parted, each way once."""
    words = {"time": "blocks of time", "space": "strips of the field"}
    units = {"time": "frames", "space": "pixels"}
    for along, guard in dict.fromkeys((movie.along, movie.guard) for movie in movies):
        count = sum((movie.along, movie.guard) == (along, guard) for movie in movies)
        which = f"{count} {'movie was' if count == 1 else 'movies were'}" if len(movies) > 1 else "the movie was"
        yield (
            f"{which} divided into {words[along]} for training, validation and test, with {guard} {units[along]}"
            " between them that belonged to none"
        )


def _kept(record: Mapping[str, Any]) -> str:
    if not record["improved"]:
        return "No state was better on validation than the base model, which was kept."
    return (
        "Judged were weights half way between the base model's and those learned (Wortsman et al. 2022); the state with"
        f" the highest PSNR on validation was kept (step {record['step']},"
        f" {signed(record['gain'], 2)} dB over the base model)."
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def ordinal(number: int) -> str:
    """Return a number as an ordinal: 2 -> second, 12 -> 12th."""
    words = {2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth", 9: "ninth"}
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return words.get(number, f"{number}{ending}")


def _software(provenance: dict[str, Any]) -> str:
    return str(provenance.get("software") or "cafi")


def _method(name: str, weights: str | None) -> str:
    told = KNOWN.get(name, name)
    return f"{told} (weights sha256 {weights[:12]}…)" if weights else told


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
