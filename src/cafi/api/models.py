"""Which methods there are."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from cafi.interpolators.registry import Entry
    from cafi.interpolators.weights import Card


@dataclass(frozen=True)
class Method:
    """A method, as it is listed.

    Attributes
    ----------
    name, summary : str
    context : int
        Acquired frames used on each side of a gap.
    times : str
        'any', or 'middle' where only the middle of a gap can be predicted.
    default : bool
        Whether it is taken if no other is named.
    weights : str
        'shipped' or 'none installed' for a learned method, 'none needed' for a classical one.
    """

    name: str
    summary: str
    context: int
    times: str
    default: bool
    weights: str

    def as_dict(self) -> dict[str, Any]:
        """Return the same as JSON-serialisable values."""
        return asdict(self)


def list_methods() -> list[Method]:
    """List every registered method, without loading any of them."""
    from cafi.interpolators.registry import summaries
    from cafi.run import DEFAULT_METHOD

    return [
        Method(s.name, s.summary, s.context, s.times, s.name == DEFAULT_METHOD, _weights_in_words(s))
        for s in summaries()
    ]


def _weights_in_words(entry: Entry) -> str:
    if not entry.learned:
        return "none needed"
    return "shipped" if entry.installed else "none installed"


def describe_model(model: str) -> dict[str, Any]:
    """Return what is known of a method or of a file of weights.

    Parameters
    ----------
    model : str
        A method's name, or the path of a .safetensors file or of a fine-tuned model.

    Returns
    -------
    dict
        The card of learned weights; name and summary of a method that has none.

    Raises
    ------
    CafiError
        If it is neither.
    """
    from pathlib import Path

    from cafi.interpolators import registry
    from cafi.interpolators.weights import load_card, shipped

    if model not in registry.names():
        if Path(model).suffix != ".safetensors" and not Path(model).is_dir():
            registry.get(model)  # refuses, and names what there is
        return asdict(load_card(Path(model)))
    entry = next(entry for entry in registry.summaries() if entry.name == model)
    if not entry.learned:
        return {"name": entry.name, "summary": entry.summary, "weights": "none: a classical method"}
    return asdict(load_card(shipped(model)))


def import_model(
    checkpoint: str | Path, method: str, out: str | Path, *, zoom: int | None = None, overwrite: bool = False
) -> Card:
    """Turn a published checkpoint into weights that ``--weights`` takes: safetensors, with a card beside them.

    Parameters
    ----------
    checkpoint : str or Path
        A state dict saved by PyTorch; only tensors are read from it.
    method : str
        Whose checkpoint it is.
    out : str or Path
        Ends in .safetensors.
    zoom : int, optional
        For which it was trained, where the method has zooms; it is then refused with another.
    overwrite : bool
        Replace existing weights.

    Returns
    -------
    Card

    Raises
    ------
    CafiError
        If the file is not wholly such a checkpoint, or ``out`` may not be written.
    """
    from pathlib import Path

    from cafi.interpolators import registry
    from cafi.interpolators.checkpoints import import_checkpoint
    from cafi.interpolators.weights import save_weights

    layout = registry.layout_of(method)
    if zoom is not None:
        registry.check_options(method, ["zoom"])
    card, tensors = import_checkpoint(Path(checkpoint), layout)
    told = {} if zoom is None else {"zoom": zoom}
    card = replace(card, name=Path(out).stem, recipe=card.recipe | told)
    return save_weights(Path(out), tensors, card, bits=32, overwrite=overwrite)
