"""How unlike the windows of its training a window is, by the network's own features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

RARE = 0.99  # quantile of the training windows whose distance counts as 1
LEAST = 1e-6  # standard deviation of a feature that hardly varies


@dataclass(frozen=True)
class Likeness:
    """Distance to the training windows in units of how these differ among themselves.

    A Mahalanobis distance with a diagonal covariance (Lee et al., NeurIPS 2018, with a full one; here both mark the
    same movies).

    Attributes
    ----------
    mean, spread : Tensor of float32, shape (F,)
        Of the features of training windows; the spread is such that one window in a hundred lies beyond 1.
    """

    mean: Tensor
    spread: Tensor

    @classmethod
    def fit(cls, features: Tensor) -> Likeness:
        """Learn what is usual from the features of training windows, shape (N, F), N > 1."""
        features = features.float()
        standard = cls(features.mean(0), features.std(0).clamp_min(LEAST))
        return cls(standard.mean, standard.spread * torch.quantile(standard.strangeness(features), RARE))

    @classmethod
    def known(cls, usual: dict[str, list[float]], features: int) -> Likeness:
        """Undo `as_dict`, for this many features.

        Raises
        ------
        ValueError
            If it is not of so many features.
        """
        if sorted(usual) != ["mean", "spread"] or {len(values) for values in usual.values()} != {features}:
            raise ValueError(f"mean and spread of {features} features were expected")
        return cls(torch.tensor(usual["mean"]), torch.tensor(usual["spread"]))

    def as_dict(self) -> dict[str, list[float]]:
        """Return it as a model card keeps it."""
        return {k: [float(f"{v:.4g}") for v in values.tolist()] for k, values in vars(self).items()}

    def strangeness(self, features: Tensor) -> Tensor:
        """Return how unlike the training each window is, from its features (B, F); shape (B,)."""
        mean, spread = (values.to(features.device) for values in (self.mean, self.spread))
        return ((features.float() - mean) / spread).square().mean(1).sqrt()
