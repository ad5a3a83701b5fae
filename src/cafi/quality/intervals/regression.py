"""Linear quantile regression: the lower and upper bound of an error from what is known of its pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from cafi.quality.intervals.features import Features

    Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]

STEPS = 250
BATCH = 2048
RATE = 0.02
LARGEST = 4.0  # of a logarithmic half-width, from the typical one: 55 times wider or narrower


@dataclass(frozen=True)
class Model:
    """Bounds centre - exp(a x + b) and centre + exp(c x + d), centre linear in the shifts.

    Attributes
    ----------
    unit : float
        Typical absolute error.
    lower, upper : tuple of float, length F + 1
        Weights of the features of the width, the constant last.
    centre : tuple of float, length D
        Weights of the shifts.
    """

    unit: float
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    centre: tuple[float, ...]


def from_dict(record: dict[str, Any]) -> Model:
    """Undo `dataclasses.asdict`, also after a way through JSON."""
    return Model(record["unit"], tuple(record["lower"]), tuple(record["upper"]), tuple(record["centre"]))


def bounds(model: Model, features: Features) -> Bounds:
    """Return the bounds of the error (measured minus predicted) of every pixel, each (N,), before calibration."""
    lower, upper = (
        np.exp(np.clip(features.width @ np.array(w[:-1]) + w[-1], -LARGEST, LARGEST))
        for w in (model.lower, model.upper)
    )
    centre = features.shift @ np.array(model.centre)
    return centre - model.unit * lower, centre + model.unit * upper


def fit(features: Features, errors: NDArray[np.float32], miss: float) -> Model:
    """Fit both bounds by minimising the pinball loss (Koenker and Bassett, Econometrica 1978).

    Parameters
    ----------
    features : Features
        Of N pixels.
    errors : ndarray of float32, shape (N,)
        Measured minus predicted.
    miss : float
        Share of pixels outside of the interval, half of it on each side.
    """
    import torch

    from cafi.quality.intervals.threads import one_torch_thread

    unit = float(np.quantile(np.abs(errors), 0.9)) or 1.0
    # Standardised columns make one rate fit all; the model keeps the plain ones.
    mean, std = features.width.mean(0, dtype=np.float64), features.width.std(0, dtype=np.float64) + 1e-6
    size = features.shift.std(0, dtype=np.float64) + 1e-6
    x = torch.from_numpy(((features.width - mean) / std).astype(np.float32))
    d = torch.from_numpy((features.shift / size).astype(np.float32))
    y = torch.from_numpy((errors / unit).astype(np.float32))
    with one_torch_thread():
        slopes, constants, centre = _descend(x, d, y, miss / 2)
    found = slopes.double().numpy() / std[:, None]
    free = constants.double().numpy() - mean @ found
    weights = (centre.double().numpy() / size * unit).tolist()
    lower, upper = ((*found[:, i].tolist(), float(free[i])) for i in range(2))
    return Model(unit, tuple(lower), tuple(upper), tuple(weights))


def _descend(x: Tensor, d: Tensor, y: Tensor, q: float) -> tuple[Tensor, Tensor, Tensor]:
    """Minimise the pinball losses of the q and the 1 - q quantile; all columns are standardised."""
    import torch

    random = torch.Generator().manual_seed(0)
    slopes = torch.zeros(x.shape[1], 2, requires_grad=True)
    constants = torch.zeros(2, requires_grad=True)
    centre = torch.zeros(d.shape[1], requires_grad=True)
    optimiser = torch.optim.Adam((slopes, constants, centre), RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        chosen = torch.randint(len(y), (BATCH,), generator=random)
        half = torch.exp((x[chosen] @ slopes + constants).clamp(-LARGEST, LARGEST))
        middle = d[chosen] @ centre
        below = y[chosen] - (middle - half[:, 0])
        above = y[chosen] - (middle + half[:, 1])
        loss = torch.maximum(q * below, (q - 1) * below).mean() + torch.maximum((1 - q) * above, -q * above).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return slopes.detach(), constants.detach(), centre.detach()
