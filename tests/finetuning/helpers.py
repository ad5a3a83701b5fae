"""Small movies on disk, and a base model so small that it learns within a second or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tifffile

from cafi.finetuning.reels import Library, load_reel
from cafi.finetuning.tuning import Base
from cafi.interpolators import registry
from cafi.movie.options import ReadOptions
from cafi.training.cards import write_result
from cafi.training.checkpoints import Progress
from cafi.training.trainees import make_trainee
from tests.engine.test_breaks import still_movie
from tests.training.helpers import SIZES, tiny_recipe

if TYPE_CHECKING:
    from pathlib import Path


def numbered(frames, height=40, width=48):
    """A movie whose frame t has the value 100 + t everywhere but for one bright pixel: times can be read off."""
    pixels = np.empty((frames, height, width), np.uint16)
    pixels[:] = 100 + np.arange(frames)[:, None, None]
    return pixels


def noisy(frames=24, height=48, width=64, seed=0):
    """A still scene of smooth blobs under heavy noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    scene = sum(np.exp(-((y - a) ** 2 + (x - b) ** 2) / 60) for a, b in random.uniform(0, [height, width], (6, 2)))
    return np.clip(1000 + 800 * scene + random.normal(0, 300, (frames, height, width)), 0, 65535).astype(np.uint16)


def with_a_cut():
    """Two scenes of twelve frames each."""
    return np.concatenate([1000 * still_movie(12, 1), 1000 * still_movie(12, 9)]).astype(np.float32)


def write(path: Path, pixels, axes="TYX"):
    tifffile.imwrite(path, pixels, imagej=axes in ("TYX", "TCYX"), metadata={"axes": axes})
    return path


OPEN = []


def library(limit=1 << 30, **read):
    """A library that the fixture in conftest closes."""
    OPEN.append(Library(ReadOptions(**read), limit))
    return OPEN[-1]


def reel_of(path: Path, pixels, channels=None, axes="TYX"):
    return load_reel(write(path, pixels, axes), library(), channels)


def tiny_weights(folder: Path):
    """Write an untrained Kymo of a few weights, which blends frames."""
    trainee = make_trainee("kymo", SIZES, {}, 3)
    path = folder / "tiny.safetensors"
    usual = {name: [1.0] * SIZES["near"] for name in ("mean", "spread")}
    write_result(path, trainee.network, trainee.architecture, tiny_recipe(), Progress(), {"score": -2.0}, usual)
    return path


def tiny_base(folder: Path):
    path = tiny_weights(folder)
    interpolator = registry.get("kymo", path)
    return Base(path, interpolator.card, interpolator)
