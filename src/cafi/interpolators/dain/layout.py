"""What the published checkpoints of DAIN hold."""

from __future__ import annotations

from dataclasses import asdict

import torch

from cafi.interpolators.checkpoints import Layout, shapes_of
from cafi.interpolators.dain.network import Architecture, Dain


def published_layout() -> Layout:
    """Return the layout of a whole network's checkpoint; it costs no memory to speak of."""
    with torch.device("meta"):
        return Layout("dain", asdict(Architecture()), shapes_of(Dain(Architecture())))
