"""What a network learns from, and how it is judged: as a recipe asks for, or in any other way."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Protocol

import torch

from cafi.errors import CafiError
from cafi.training.clips import Clips, Reservoir
from cafi.training.losses import expected_psnr
from cafi.training.movies import load_movies, split, split_movies
from cafi.training.recorded import Recordings
from cafi.training.simulated import Simulation
from cafi.training.windows import Windows, windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from torch import Generator, Tensor, nn

    from cafi.training.clips import Source
    from cafi.training.recipes import DataRecipe, Recipe
    from cafi.training.trainees import Trainee

VALIDATION_SEED = 987_654_321  # far from any seed of a run
VALIDATION_BATCHES = 12


class Lessons(Protocol):
    """What a network learns from, and how it is judged."""

    def begin(self, device: torch.device, seed: int) -> Iterator[Windows]:
        """Give windows without end, on a device; another seed gives others."""

    def judge(self, trainee: Trainee, network: nn.Module, step: int) -> dict[str, float]:
        """Return figures by name, of which 'loss' decides when to stop; only the main process asks."""


class RecipeLessons:
    """Simulated and recorded windows, and one fixed set of held-out ones, as a recipe says.

    Parameters
    ----------
    recipe : Recipe
    folder : Path
        To which the recipe's paths are relative.
    """

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        self._recipe, self._folder = recipe, folder
        self._hold_out: Callable[[], list[Windows]] = list
        self._checks: list[Windows] = []

    def begin(self, device: torch.device, seed: int) -> Iterator[Windows]:
        """Give windows without end."""
        data, batch = self._recipe.data, self._recipe.optimisation.batch
        random = torch.Generator(device).manual_seed(seed)
        source, held_out = sources(data, self._folder, random, self._recipe.seed)
        self._hold_out = partial(validation, held_out, batch, data.crop, device, data.middle)
        return stream(source, batch, data.crop, random, data.middle)

    def judge(self, trainee: Trainee, network: nn.Module, step: int) -> dict[str, float]:  # noqa: ARG002
        """Return what `judged` does, on the held-out windows, which are drawn when they are first asked for."""
        self._checks = self._checks or self._hold_out()
        return judged(trainee, network, self._checks)


@torch.no_grad()
def judged(trainee: Trainee, network: nn.Module, checks: list[Windows]) -> dict[str, float]:
    """Mean of each part of the loss and of their sum ('loss') over windows, and the expected PSNR in dB."""
    found = [trainee.losses(network, window) for window in checks]
    parts = {name: float(torch.stack([f[name] for f in found]).mean()) for name in found[0]}
    return parts | {"loss": sum(parts.values()), "expected_psnr": expected_psnr(parts["score"])}


class Mixture:
    """Clips from several sources, each with its own share of every batch.

    Parameters
    ----------
    sources : list of (Source, float)
        Shares that sum to 1.
    """

    def __init__(self, sources: list[tuple[Source, float]]) -> None:
        self._sources = sources

    def draw(self, count: int, random: Generator) -> Clips:
        """Give ``count`` clips, of which each source gives its share, rounded at random."""
        shares = torch.tensor([share for _, share in self._sources], device=random.device)
        which = torch.multinomial(shares, count, replacement=True, generator=random)
        drawn = torch.bincount(which, minlength=len(self._sources)).tolist()
        parts = [source.draw(n, random) for (source, _), n in zip(self._sources, drawn, strict=True) if n]
        return Clips(torch.cat([p.frames for p in parts]), torch.cat([p.times for p in parts]))


def sources(recipe: DataRecipe, folder: Path, random: Generator, seed: int) -> tuple[Source, Source]:
    """Make the source of clips for training and the one for validation.

    Parameters
    ----------
    recipe : DataRecipe
    folder : Path
        To which the recipe's paths are relative.
    random : Generator
        On the device that shall make the clips.
    seed : int
        Of the recipe, by which movies are chosen that are kept back.

    Returns
    -------
    tuple of Source

    Raises
    ------
    CafiError
        If there is no movie, or nothing of any can be kept back for a run on recorded movies alone.
    """

    def simulated() -> Source:
        simulation = Simulation(recipe.side)
        return (
            Reservoir(simulation, recipe.reservoir, random, recipe.fresh) if recipe.share_recorded < 1 else simulation
        )

    if not recipe.recorded or recipe.share_recorded == 0:
        return simulated(), Simulation(recipe.side)
    learned, kept = parts(recipe, load_movies(folder / recipe.recorded, 3 * min(recipe.strides) + 1), seed)
    learned, kept = [m.to(random.device) for m in learned], [m.to(random.device) for m in kept]
    recorded = Recordings(learned, recipe.side, recipe.strides, coarsest=recipe.coarsest)
    if recipe.share_recorded == 1:
        if not kept:
            raise CafiError(
                f"Nothing of the movies in {folder / recipe.recorded} can be kept back for validation; raise kept_back,"
                " or set kept_back_movies in the recipe."
            )
        return recorded, Recordings(kept, recipe.side, recipe.strides, coarsest=recipe.coarsest)
    mixed = Mixture([(simulated(), 1 - recipe.share_recorded), (recorded, recipe.share_recorded)])
    return mixed, Simulation(recipe.side)


def parts(recipe: DataRecipe, movies: list[list[Tensor]], seed: int) -> tuple[list[Tensor], list[Tensor]]:
    """Part recorded movies by whole movies, if the recipe says so, or each by time.

    Parameters
    ----------
    recipe : DataRecipe
    movies : list of list of Tensor, shape (T, Y, X)
        For each movie its channels and z-planes.
    seed : int

    Returns
    -------
    tuple of list of Tensor
        For training, and for validation.
    """
    if recipe.kept_back_movies:
        learned, kept = split_movies(movies, recipe.kept_back_movies, seed)
        return list(chain(*learned)), list(chain(*kept))
    guard, least = 3 * max(recipe.strides) + 1, 3 * min(recipe.strides) + 1
    halves = [split(channel, recipe.kept_back, guard, least) for channels in movies for channel in channels]
    return [first for first, _ in halves], [last for _, last in halves if len(last)]


def stream(source: Source, batch: int, crop: int, random: Generator, middle: float = 0.5) -> Iterator[Windows]:
    """Give windows without end."""
    while True:
        yield windows(source.draw(batch, random), crop, random, middle)


def validation(source: Source, batch: int, crop: int, device: torch.device, middle: float = 0.5) -> list[Windows]:
    """Draw the same windows for every run."""
    random = torch.Generator(device).manual_seed(VALIDATION_SEED)
    given = stream(source, batch, crop, random, middle)
    return [next(given) for _ in range(VALIDATION_BATCHES)]
