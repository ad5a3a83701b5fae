"""Foreign checkpoints: published weights as PyTorch files, checked against the network that they are for."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cafi.errors import CafiError
from cafi.interpolators.weights import Card

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

_PREFIX = "module."  # of every name in what was saved through DataParallel
_UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    pickle.UnpicklingError,
    AttributeError,
    ImportError,
    LookupError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class Layout:
    """What the published checkpoints of a network hold.

    Attributes
    ----------
    method : str
        The interpolator whose weights they become.
    architecture : dict of str to int
        Every size of the published network, as the card keeps it.
    shapes : dict of str to tuple of int
        Of every entry of its state dict.
    optional : tuple of str
        Ends of names that a file may lack, because nothing is computed with them; they become 0.
    """

    method: str
    architecture: dict[str, int]
    shapes: dict[str, tuple[int, ...]]
    optional: tuple[str, ...] = field(default=("num_batches_tracked",))


def shapes_of(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the shape of every entry of a network's state dict; one on the meta device costs nothing."""
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def import_checkpoint(path: Path, layout: Layout) -> tuple[Card, dict[str, Tensor]]:
    """Read a published checkpoint, and account for every one of its entries.

    Parameters
    ----------
    path : Path
        A state dict saved by ``torch.save``, on its own or under ``state_dict``, with or without a leading
        ``module.`` in its names. Nothing but tensors is ever unpickled from it.
    layout : Layout

    Returns
    -------
    Card
        To be saved with the weights; says from which file they are.
    dict of str to Tensor of float32
        All entries of ``layout.shapes``, in its order.

    Raises
    ------
    CafiError
        If the file cannot be read, or is not of this layout: counts what is missing, unexpected, of another shape,
        or not finite.
    """
    import torch

    found = _tensors(path)
    for name, shape in layout.shapes.items():
        if name.endswith(layout.optional):
            found.setdefault(name, torch.zeros(shape))
    _check(path, found, layout)
    said = f"not stated: imported from the checkpoint {path.name}"
    recipe = {"imported": path.name, "imported_sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    card = Card(layout.method, path.stem, layout.architecture, training_data=said, recipe=recipe)
    return card, {name: found[name].float() for name in layout.shapes}


def _tensors(path: Path) -> dict[str, Tensor]:
    """Read names and tensors, without the prefix."""
    import torch

    if not path.is_file():
        raise CafiError(f"{path}: there is no such file; name a checkpoint, a .pth file.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        raise CafiError(
            f"{path} cannot be read as a checkpoint: it is damaged, or holds more than tensors; save the bare state"
            " dict of the network with torch.save."
        ) from error
    content = _as_names(content)
    content = _as_names(content.get("state_dict", content))
    if not content or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise CafiError(f"{path} holds no state dict; save that of the network with torch.save.")
    prefix = _PREFIX if all(name.startswith(_PREFIX) for name in content) else ""
    return {name.removeprefix(prefix): value for name, value in content.items()}


def _as_names(content: Any) -> dict[str, Any]:
    return dict(content) if isinstance(content, Mapping) and all(isinstance(key, str) for key in content) else {}


def _check(path: Path, found: Mapping[str, Tensor], layout: Layout) -> None:
    """Refuse what is not wholly of the layout, in one sentence that counts."""
    shared = [name for name in layout.shapes if name in found]
    faults = {
        "missing": [name for name in layout.shapes if name not in found],
        "unexpected": [name for name in found if name not in layout.shapes],
        "of another shape": [name for name in shared if tuple(found[name].shape) != layout.shapes[name]],
        "not finite": [name for name in shared if not bool(found[name].isfinite().all())],
    }
    said = [f"{len(names)} {fault} (such as {names[0]})" for fault, names in faults.items() if names]
    if said:
        raise CafiError(
            f"{path} is no checkpoint of {layout.method}: of its {len(layout.shapes)} parameters {', '.join(said)};"
            " name another file, or another method with --as."
        )
