"""The folder of a fine-tuned model: weights and card on top, what was on the way to them in ``work``."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cafi.errors import CafiError
from cafi.interpolators.weights import Card, card_path, load_weights, save_weights
from cafi.movie.fingerprint import fingerprint
from cafi.movie.writing.progress import make_folder
from cafi.movie.writing.replacing import refuse_foreign
from cafi.report import saving
from cafi.report.evaluated import REPORT
from cafi.report.finetuned import RECORD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cafi.finetuning.options import FinetuneOptions
    from cafi.finetuning.reels import Reel
    from cafi.finetuning.tuning import Base, Tuned

Run = dict[str, Any]


def run_of(options: FinetuneOptions, base: Base, reels: Sequence[Reel]) -> Run:
    """Return everything that decides what is learned (JSON-serialisable); a run goes on only with the same."""
    movies = [
        {"name": reel.path.name, "fingerprint": fingerprint(reel.path), "split": asdict(reel.split)} for reel in reels
    ]
    return {
        "base": {"method": base.card.method, "name": base.card.name, "sha256": base.card.sha256},
        "movies": json.loads(json.dumps(movies, default=lambda frames: [frames.start, frames.stop])),
        "options": options.model_dump(mode="json", exclude={"minutes", "steps", "memory", "device"}),
    }


@dataclass(frozen=True)
class ModelFolder:
    """Where everything lies.

    Attributes
    ----------
    path : Path
    method : str
        Whose weights they are.
    """

    path: Path
    method: str

    @property
    def weights(self) -> Path:
        """The best weights."""
        return self.path / f"{self.method}.safetensors"

    @property
    def card(self) -> Path:
        """Their card."""
        return card_path(self.weights)

    @property
    def work(self) -> Path:
        """Checkpoint, history, previews."""
        return self.path / "work"

    @property
    def report(self) -> Path:
        """The page."""
        return self.path / REPORT

    def prepare(self, run: Run, *, resume: bool, overwrite: bool) -> None:
        """Make the folder ready for a run, or for going on with one.

        Raises
        ------
        CafiError
            If something is in the way, or the run that it holds is another.
        """
        if self.path.exists() and not self.path.is_dir():
            raise CafiError(f"{self.path} is a file; name a folder for the model.")
        saving.refuse_foreign(self.report)
        note = self.work / "run.json"
        if resume and note.exists():
            if json.loads(note.read_text(encoding="utf-8")) != run:
                raise CafiError(
                    f"{self.path} holds a run with other movies, options or base model; repeat those, or name another"
                    " folder."
                )
            return
        if any(path.exists() for path in (note, self.weights)) and not overwrite:
            raise CafiError(
                f"{self.path} holds a model; give --resume to go on with it, --overwrite to replace it, or name"
                " another folder."
            )
        refuse_foreign(self.work, "result", lambda work: note.exists() or _is_empty(work))
        for path in (self.card, self.path / RECORD):
            refuse_foreign(path, "result", lambda _: note.exists() or self.weights.exists())
        if self.work.exists():
            shutil.rmtree(self.work)
        make_folder(self.work)
        note.write_text(json.dumps(run, indent=2), encoding="utf-8")

    def write(self, base: Base, tuned: Tuned, run: Run, metrics: Mapping[str, Any] | None = None) -> None:
        """Write the best weights, or those of the base model where nothing was better, with their card."""
        # Tuned weights were trained on these movies too, and have other features than those of the base model's card.
        usual = base.card.usual if tuned.weights is None else {}
        learned = ", ".join(movie["name"] for movie in run["movies"])
        card = Card(
            method=base.card.method,
            name=self.path.name,
            architecture=base.card.architecture,
            usual=usual,
            training_data=f"{base.card.training_data}; then {learned}",
            recipe=asdict(tuned.recipe) | {"finetuned": run},
            seed=tuned.recipe.seed,
            steps=tuned.best.step,
            hours=round(tuned.progress.seconds / 3600, 3),
            metrics={"validation_gain": tuned.best.gain, **(metrics or {})},
            licence=base.card.licence,
        )
        for told in (self.path / RECORD, self.report):  # of weights that are replaced now
            told.unlink(missing_ok=True)
        tensors = tuned.weights if tuned.weights is not None else load_weights(base.weights)[1]
        save_weights(self.weights, tensors, card, overwrite=True)

    def record(self, made: dict[str, Any], run: Run) -> None:
        """Write what was found, for the report."""
        record = made | {"run": run, "weights": self.weights.name, "card": self.card.name, "report": REPORT}
        (self.path / RECORD).write_text(json.dumps(record, indent=2, default=str) + "\n", encoding="utf-8")


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
