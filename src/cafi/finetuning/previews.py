"""Pictures of a predicted validation frame, to look at while a network learns. No number comes from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.finetuning.examination import Examination

BORDER = 4  # pixels between pictures
BRIGHT = 4.0  # times the error is brightened


def write_preview(examination: Examination, path: Path) -> None:
    """Write one held-out frame as it was measured, as it is predicted now, and their difference, side by side.

    Parameters
    ----------
    examination : Examination
        After it judged a network.
    path : Path
        Ends in .png.
    """
    from imagecodecs import png_encode

    question = examination.questions[0]
    made = examination.predict(question)[question.rows, question.columns]
    truth = question.truth[question.rows, question.columns]
    low, high = np.percentile(truth, (0.1, 99.9))
    scale = max(float(high - low), 1e-9)
    error = 0.5 + BRIGHT * (made - truth) / scale / 2
    pictures = [_grey((truth - low) / scale), _grey((made - low) / scale), _grey(error)]
    edge = np.full((truth.shape[0], BORDER), 255, np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_encode(np.hstack([pictures[0], edge, pictures[1], edge, pictures[2]])))


def _grey(image: NDArray[Any]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(255 * image + 0.5, 0, 255), np.uint8)
