"""Recipes: everything that decides what a training run makes, as a TOML file.

Plain dataclasses, so that a machine for training needs little more than torch.
"""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any, get_type_hints

from cafi.errors import CafiError

if TYPE_CHECKING:
    from pathlib import Path


OPTIMISERS = ("adamw", "adamax")


@dataclass(frozen=True)
class DataRecipe:
    """What is learned from.

    Attributes
    ----------
    recorded : str
        Folder of movies, relative to the recipe or absolute; empty: simulation only.
    share_recorded : float
        Of the windows that come from recorded movies.
    kept_back : float
        Share of each recorded movie's frames, at its end, that is kept for validation.
    kept_back_movies : int
        Whole movies that are kept for validation instead, chosen by the recipe's seed; 0: a share of each.
    strides : tuple of int
        Frames of a recorded movie that a gap spans.
    coarsest : float
        Smallest zoom of a recorded movie.
    side, crop : int
        Of a clip, and of the windows cut from it, in pixels.
    middle : float
        Share of windows whose time is the middle of the gap; 1 for a network that predicts nothing else.
    reservoir, fresh : int
        Simulated clips that are kept for several uses, and how many are new in each step.
    """

    recorded: str = ""
    share_recorded: float = 0.0
    kept_back: float = 0.1
    kept_back_movies: int = 0
    strides: tuple[int, ...] = (2, 3, 4)
    coarsest: float = 0.7
    side: int = 192
    crop: int = 128
    middle: float = 0.5
    reservoir: int = 128
    fresh: int = 1


@dataclass(frozen=True)
class Optimisation:
    """How weights are changed.

    Attributes
    ----------
    steps : int
        Of the whole run.
    batch : int
        Windows in one step of one process.
    accumulate : int
        Batches whose gradients make one step.
    rate : float
        Learning rate after the warm-up.
    warm_up : int
        Steps over which the rate rises, also after each resume.
    cool_down : int
        Last steps of the run, over which the rate falls to zero.
    cycles : int
        How often the rate begins anew and falls to zero along a half cosine (Loshchilov and Hutter 2017), in equal
        parts of the run; 0: it stays, and cools down once.
    optimiser : 'adamw' or 'adamax'
    factors : dict of str to float
        Of the rate, for parameters whose names begin so; 1 for all others.
    plateau : int
        Validations without a gain after which the rate is multiplied by ``fall``, again and again; 0: never.
    fall : float
    weight_decay, clip : float
        Of the optimiser; largest norm of a gradient.
    average : float
        Decay of the exponential moving average of weights that is kept in the end.
    validate_every : int
        Steps.
    patience : int
        Validations without a gain after which the run stops early; 0: never.
    """

    steps: int = 30_000
    batch: int = 8
    accumulate: int = 1
    rate: float = 1e-3
    warm_up: int = 200
    cool_down: int = 5_000
    cycles: int = 0
    optimiser: str = "adamw"
    factors: dict[str, float] = field(default_factory=dict)
    plateau: int = 0
    fall: float = 0.2
    weight_decay: float = 1e-4
    clip: float = 1.0
    average: float = 0.998
    validate_every: int = 500
    patience: int = 0


@dataclass(frozen=True)
class Recipe:
    """One training run.

    Attributes
    ----------
    network : str
        Which trainee of `cafi.training.trainees`.
    architecture : dict
        Its sizes; what is left out keeps its default.
    data : DataRecipe
    optimisation : Optimisation
    losses : dict of str to float
        Weights of the parts of the loss; what is left out keeps its default.
    start_from : str
        Weights to begin with, relative to the recipe; empty: from scratch.
    seed : int
    licence : str
        Under which the weights may be passed on, as an SPDX identifier; empty: not stated.
    """

    network: str
    architecture: dict[str, int] = field(default_factory=dict)
    data: DataRecipe = DataRecipe()
    optimisation: Optimisation = field(default_factory=Optimisation)
    losses: dict[str, float] = field(default_factory=dict)
    start_from: str = ""
    seed: int = 0
    licence: str = ""


def read_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises
    ------
    CafiError
        If the file cannot be read, is no TOML, or says something that no recipe says.
    """
    try:
        described = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CafiError(f"{path}: there is no such file; check the name.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CafiError(f"{path} cannot be read as a recipe; is it a TOML file?") from error
    except tomllib.TOMLDecodeError as error:
        raise CafiError(f"{path} is not valid TOML ({error}); mend it.") from error
    recipe: Recipe = _made(Recipe, described, path, "")
    _check(recipe, path)
    return recipe


def _check(recipe: Recipe, path: Path) -> None:
    """Refuse values of the right type that no run can work with."""
    data, how = recipe.data, recipe.optimisation
    wishes = {
        "every size of the architecture must be a whole number above 0": all(
            isinstance(size, int) and size > 0 for size in recipe.architecture.values()
        ),
        "data.share_recorded must lie between 0 and 1": 0 <= data.share_recorded <= 1,
        "data.share_recorded needs data.recorded, a folder of movies": bool(data.recorded) or not data.share_recorded,
        "data.kept_back must lie between 0 and 1": 0 <= data.kept_back < 1,
        "data.kept_back_movies must not be negative": data.kept_back_movies >= 0,
        "data.strides must be 2 or more": min(data.strides) >= 2,
        "data.coarsest must lie above 0, up to 1": 0 < data.coarsest <= 1,
        "data.middle must lie between 0 and 1": 0 <= data.middle <= 1,
        "data.crop must be at least 1 and at most data.side": 1 <= data.crop <= data.side,
        "data.reservoir and data.fresh must be at least 1": min(data.reservoir, data.fresh) >= 1,
        "optimisation.steps, batch, accumulate and validate_every must be at least 1": min(
            how.steps, how.batch, how.accumulate, how.validate_every
        )
        >= 1,
        "optimisation.rate and clip must be above 0": how.rate > 0 and how.clip > 0,
        f"optimisation.optimiser must be one of {', '.join(OPTIMISERS)}": how.optimiser in OPTIMISERS,
        "optimisation.factors must not be negative": all(factor >= 0 for factor in how.factors.values()),
        "optimisation.plateau must not be negative, and fall must lie between 0 and 1": how.plateau >= 0
        and 0 < how.fall < 1,
        "optimisation.average must lie between 0 and 1": 0 <= how.average < 1,
        "optimisation.warm_up, cool_down, cycles, weight_decay and patience must not be negative": min(
            how.warm_up, how.cool_down, how.cycles, how.weight_decay, how.patience
        )
        >= 0,
        "seed must not be negative": recipe.seed >= 0,
    }
    for wish, granted in wishes.items():
        if not granted:
            raise CafiError(f"{path}: {wish}.")


def _made(kind: type, described: dict[str, Any], path: Path, section: str) -> Any:
    """Build a dataclass from a table of a TOML file, refusing unknown names and wrong types."""
    hints = get_type_hints(kind)
    known = {f.name: f for f in fields(kind)}
    for name in described:
        if name not in known:
            raise CafiError(f"{path}: there is no '{section}{name}' in a recipe; there are {', '.join(known)}.")
    for name, f in known.items():
        if name not in described and f.default is MISSING and f.default_factory is MISSING:
            raise CafiError(f"{path}: a recipe must name its {name}.")
    return kind(**{n: _fitting(hints[n], value, path, f"{section}{n}") for n, value in described.items()})


def _fitting(hint: Any, value: Any, path: Path, name: str) -> Any:
    if hint in (DataRecipe, Optimisation):
        if isinstance(value, dict):
            return _made(hint, value, path, f"{name}.")
    elif hint is float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif hint in (int, str):
        if isinstance(value, hint) and not isinstance(value, bool):
            return value
    elif hint == tuple[int, ...]:
        if isinstance(value, list) and value and all(isinstance(v, int) for v in value):
            return tuple(value)
    elif isinstance(value, dict) and all(isinstance(v, int | float) for v in value.values()):
        return value
    raise CafiError(f"{path}: {name} cannot be {value!r}.")
