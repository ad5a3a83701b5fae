"""Recorded movies brought into memory for training, and what of each is kept back for validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch

from cafi.errors import CafiError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

Movie = TypeVar("Movie")

LEAST_FRAMES = 7  # that a clip of the smallest stride, 2, spans


def load_movies(folder: Path, least: int = LEAST_FRAMES) -> list[list[Tensor]]:
    """Load all movies of a folder, each channel and z-plane on its own, colours as grey, normalised as the engine does.

    Parameters
    ----------
    folder : Path
    least : int
        Frames that a movie must have.

    Returns
    -------
    list of list of Tensor of float32, shape (T, Y, X)
        For each movie its channels and z-planes, which show the same things and must never be split.

    Raises
    ------
    CafiError
        If none has enough frames.
    """
    # Reading movies needs much more than training does; a run on simulation alone must not load it.
    from cafi.movie.reading.signatures import read_head, reader_of

    files = sorted(path for path in folder.glob("*") if path.is_file() and reader_of(path, read_head(path)))
    movies = [channels for path in files if (channels := _channels(path, least))]
    if not movies:
        raise CafiError(f"{folder} holds no movie with at least {least} frames; name another folder.")
    return movies


def _channels(path: Path, least: int) -> list[Tensor]:
    from cafi.engine.normalisation import channels_first, measure
    from cafi.movie.reading import open_movie

    with open_movie(path) as movie:
        size, samples = movie.header.size, movie.header.samples
        if size.t < least:
            return []
        normalisation = measure(movie)
        made = []
        for z in range(size.z):
            pixels = np.stack([normalisation.apply(channels_first(movie.frame(t, z))) for t in range(size.t)])
            grey = pixels.reshape(size.t, size.c, samples, size.y, size.x)[:, :, :3].mean(2)
            made += [torch.from_numpy(np.ascontiguousarray(grey[:, c])) for c in range(size.c)]
        return made


def split(movie: Tensor, share: float, guard: int, least: int = LEAST_FRAMES) -> tuple[Tensor, Tensor]:
    """Keep the last frames of a movie back for validation.

    Parameters
    ----------
    movie : Tensor, shape (T, Y, X)
    share : float
        Of its frames that are kept back, in [0, 1).
    guard : int
        Frames between both parts that belong to neither: as many as a window spans, so that
        nothing that moves on slowly is seen in training and scored in validation.
    least : int
        Frames that a part must have.

    Returns
    -------
    tuple of Tensor
        For training, and for validation; the second is empty where the movie is too short for both.
    """
    kept = round(share * len(movie))
    edge = len(movie) - kept - guard
    if kept < least or edge < least:
        return movie, movie[:0]
    return movie[:edge], movie[len(movie) - kept :]


def split_movies(movies: list[Movie], kept: int, seed: int) -> tuple[list[Movie], list[Movie]]:
    """Keep whole movies back for validation.

    Parameters
    ----------
    movies : list
    kept : int
        How many are kept back.
    seed : int
        By which they are chosen.

    Returns
    -------
    tuple of list
        For training, and for validation, each in the order given.

    Raises
    ------
    CafiError
        If none would be left for training.
    """
    if kept >= len(movies):
        raise CafiError(f"{kept} of {len(movies)} movies cannot be kept back; at least one must be left for training.")
    chosen = set(np.random.default_rng(seed).permutation(len(movies))[:kept].tolist())
    return [m for i, m in enumerate(movies) if i not in chosen], [m for i, m in enumerate(movies) if i in chosen]
