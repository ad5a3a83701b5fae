"""The report of fine-tuning, from the folder of the model: did it help, by frames that nothing was decided on."""

from __future__ import annotations

import base64
import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cafi.errors import CafiError
from cafi.report.data import Plot, Series, Table
from cafi.report.methods_text import finetuning_text
from cafi.report.page import as_json, drawn, fill
from cafi.report.parting import parted
from cafi.report.tuning_verdict import BASE, NAMES, TUNED, by_movie, mean, verdict_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cafi.report.data import Cell

    Record = Mapping[str, Any]

RECORD = "finetune.json"
HISTORY, PREVIEWS = ("work", "history.jsonl"), ("work", "previews")
CHANGE = "change"  # the column that compares the two
PNG = b"\x89PNG\r\n\x1a\n"
UPPER = (
    "To score an acquired frame it is held out, and its neighbours are shown as the ends of a gap: they are twice as"
    " far apart as in use, so these errors are upper estimates."
)
PLANES = "A plane is one channel of a frame. PSNR for data of range 1; higher is better for both scores."
CURVES = (
    (
        "gain",
        "Gain on validation",
        "gain on validation (dB)",
        "PSNR over that of the base model, which is dashed.",
        0.0,
    ),
    ("training_loss", "Training loss", "training loss", "Smoothed. It may be negative.", None),
)


@dataclass(frozen=True)
class Preview:
    """The last picture that was made while the network learned.

    Attributes
    ----------
    step : int
    png : str
        In base64.
    """

    step: int
    png: str


def finetuned_page(folder: Path) -> str:
    """Return the report of a model that `cafi finetune` made, as HTML text.

    Parameters
    ----------
    folder : Path
        Of the model. History, pictures and card are left out where they are not there.

    Raises
    ------
    CafiError
        If it has no record, or a damaged one.
    """
    record, card = _read(folder / RECORD), _card(folder)
    history = _history(folder.joinpath(*HISTORY))
    name = folder.resolve().name
    try:
        run, movies = record["run"], [parted(movie["name"], movie["split"]) for movie in record["run"]["movies"]]
        return fill(
            "finetuned.html",
            f"Fine-tuned model {name}",
            verdict=verdict_on(record),
            scores=list(_score_tables(record)),
            notes=(PLANES, UPPER),
            plots=[drawn(plot) for plot in _plots(record, history)],
            movies=movies,
            missing=(*record.get("skipped", ()), *record.get("failed", {}).values()),
            forgotten=_forgotten(record["general"]) if record["improved"] else None,
            preview=_preview(folder.joinpath(*PREVIEWS)),
            record=record,
            commands=_commands(name, run),
            made=_made(record, card),
            provenance=as_json(dict(record) | {"card": card}),
            methods_text=list(finetuning_text(record, movies, card.get("made_with", {}))),
        )
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise _damaged(folder / RECORD) from error


def _damaged(path: Path) -> CafiError:
    return CafiError(f"{path} is damaged; `cafi finetune` with --overwrite makes the model anew.")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path) from error
    if not isinstance(found, dict):
        raise _damaged(path)
    return found


def _card(folder: Path) -> dict[str, Any]:
    """Read what the weights' card says beyond the record."""
    path = folder / str(_read(folder / RECORD).get("card"))
    if not path.is_file():
        return {}
    return {key: value for key, value in _read(path).items() if key in ("sha256", "made_with", "licence")}


def _history(path: Path) -> list[dict[str, float]]:
    """Read the validations; a run that was killed and resumed has made some of them twice, and the later count."""
    kept: list[dict[str, float]] = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            figures = json.loads(line)
        except ValueError:  # cut off by a kill
            continue
        while kept and kept[-1]["step"] >= figures["step"]:
            kept.pop()
        kept.append(figures)
    return kept


def _preview(folder: Path) -> Preview | None:
    found = sorted(folder.glob("step_*.png"), key=lambda path: (len(path.name), path.name))
    content = found[-1].read_bytes() if found else b""
    if not content.startswith(PNG):
        return None
    return Preview(int(found[-1].stem.removeprefix("step_")), base64.b64encode(content).decode("ascii"))


def _score_tables(record: Record) -> Iterator[Table]:
    """Yield a table for each score: movies downwards, methods across, the mean over movies last."""
    movies = by_movie(record["scores"])
    methods = list(dict.fromkeys(score["method"] for score in record["scores"]))
    if TUNED in methods:
        methods.insert(methods.index(TUNED) + 1, CHANGE)
    for key, title in (("psnr", "PSNR (dB)"), ("ssim", "SSIM")):
        rows = [_row(next(iter(one.values()))["movie"], one, methods, key) for one in movies]
        if len(movies) > 1:
            planes = sum(next(iter(one.values()))["frames"] for one in movies)
            means = {m: mean(record["scores"], m) | {"frames": planes} for m in methods if m != CHANGE}
            rows.append(_row("mean over movies", means, methods, key))
        yield Table(title, ("movie", *(NAMES.get(m, m) for m in methods), "planes"), tuple(rows))


def _row(name: str, one: Mapping[str, Record], methods: Sequence[str], key: str) -> tuple[Cell, ...]:
    values = {method: score[key] for method, score in one.items()}
    if {BASE, TUNED} <= set(values):
        values[CHANGE] = values[TUNED] - values[BASE]
    return (name, *(values.get(method) for method in methods), next(iter(one.values()))["frames"])


def _plots(record: Record, history: Sequence[Mapping[str, float]]) -> Iterator[Plot]:
    """Yield validation gain and training loss over time, with the state that was kept."""
    for key, title, label, note, target in CURVES:
        points = {figures["step"]: (figures["seconds"] / 60, figures[key]) for figures in history if key in figures}
        if not points:
            continue
        if key == "gain" and record["improved"] and record["step"] == record["steps"]:
            # The last state is validated too, when the history has ended.
            points[record["steps"]] = (record["minutes"], record["gain"])
        series, notes = [_series(key.replace("_", " "), points.values())], [note]
        if record["improved"] and record["step"] in points:
            series.append(_series("kept", [points[record["step"]]]))
            notes.append(f"Marked: the state that was kept, step {record['step']}.")
        yield Plot(title, "training time (min)", label, tuple(series), tuple(notes), target=target)


def _series(name: str, points: Iterable[tuple[float, float]]) -> Series:
    x, y = zip(*points, strict=True)
    return Series(name, x, y)


def _forgotten(general: Mapping[str, float]) -> Table | None:
    if not {BASE, TUNED} <= set(general):
        return None
    before, after = general[BASE], general[TUNED]
    rows = ((NAMES[BASE], before), (NAMES[TUNED], after), ("change", after - before))
    return Table("Simulated movies that neither model learned from", ("model", "expected PSNR (dB)"), rows)


def _commands(name: str, run: Record) -> list[tuple[str, str]]:
    """Return what to type, and what for."""
    use = ("--method", run["base"]["method"], "--weights", name)
    found = [
        ("Use it", shlex.join(("cafi", "interpolate", "MOVIE", "OUT.ome.tif", *use))),
        (
            "Check it, with confidence intervals, on a movie that it did not learn from",
            shlex.join(("cafi", "evaluate", "OTHER_MOVIE", "-o", "CHECK", "--weights", name)),
        ),
    ]
    if "command" in run:
        found += [
            ("Repeat it", run["command"]),
            ("Go on with it, for more --minutes or --steps in all", f"{run['command']} --resume"),
        ]
    return [*found, ("Make this page again", shlex.join(("cafi", "report", name)))]


def _made(record: Record, card: Mapping[str, Any]) -> Table:
    """Return of what and with what the model was made."""
    base, options = record["run"]["base"], record["run"]["options"]
    rows: list[tuple[Cell, ...]] = [
        ("base model", f"{base['name']} ({base['method']})"),
        ("its sha256", base["sha256"]),
    ]
    if "sha256" in card:
        rows.append(("sha256 of this model", card["sha256"]))
    rows += [(f"made with {name}", version) for name, version in card.get("made_with", {}).items()]
    rows.append(("training", f"{record['steps']} steps in {record['minutes']:.1f} min"))
    rows += [(f"option {name}", "default" if value is None else str(value)) for name, value in options.items()]
    return Table("What it was made of", ("what", "value"), tuple(rows))
