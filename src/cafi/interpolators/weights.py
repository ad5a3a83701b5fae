"""The weights store: learned weights as safetensors, each with a model card beside them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_origin, get_type_hints

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Card:
    """What is known of learned weights: a JSON file beside them, ``kymo.json`` for ``kymo.safetensors``.

    Attributes
    ----------
    method : str
        Which interpolator they belong to.
    name : str
        Of these weights.
    architecture : dict of str to int
        Every size of the network.
    training_data : str
        In words.
    recipe : dict
        Everything that the training run was told.
    seed : int
    steps : int
        Of training.
    hours : float
        Of training, on whatever machine it was.
    metrics : dict
        Figures by name; those of other data than the run's own held-out windows by data set and name.
    usual : dict of str to list of float
        What the network's features of its training data are like; empty where it is not known.
    licence : str
        SPDX identifier; empty where none is stated.
    sha256 : str
        Of the weights file.
    made_with : dict of str to str
        Versions of software.
    """

    method: str
    name: str
    architecture: dict[str, int]
    training_data: str = ""
    recipe: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    steps: int = 0
    hours: float = 0.0
    metrics: dict[str, float | dict[str, float]] = field(default_factory=dict)
    usual: dict[str, list[float]] = field(default_factory=dict)
    licence: str = ""
    sha256: str = ""
    made_with: dict[str, str] = field(default_factory=dict)

    def learned_from(self, fingerprint: str) -> bool:
        """Tell whether these weights were fine-tuned on the movie that has this fingerprint."""
        movies = self.recipe.get("finetuned", {}).get("movies", ())
        return self.steps > 0 and any(movie["fingerprint"] == fingerprint for movie in movies)


def card_path(weights: Path) -> Path:
    """Return where the card of a weights file lies."""
    return weights.with_suffix(".json")


def weights_in(path: Path) -> Path:
    """Return the weights file that is meant: the file itself, or the one in a folder that `cafi finetune` made.

    Raises
    ------
    CafiError
        If a folder holds none, or several.
    """
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.safetensors"))
    if len(found) != 1:
        there = "no weights" if not found else f"several weights ({', '.join(f.name for f in found)})"
        raise CafiError(f"{path} holds {there}; name a .safetensors file.")
    return found[0]


def find_shipped(method: str) -> Path | None:
    """Return where the weights of a method lie that come with cafi; None if none do."""
    return next(Path(__file__).parent.glob(f"*/{method}.safetensors"), None)


def shipped(method: str) -> Path:
    """Return where the weights of a method lie that come with cafi.

    Raises
    ------
    CafiError
        If none do; says where others are to be had.
    """
    path = find_shipped(method)
    if path is None:
        raise CafiError(
            f"cafi ships no weights for {method}; bring in a published checkpoint with `cafi models import`, or train"
            " some with `cafi train`, and name the file with --weights."
        )
    return path


def load_card(weights: Path) -> Card:
    """Load the model card of a weights file, or of the one in a folder.

    What a newer version of cafi may have added is left out.

    Raises
    ------
    CafiError
        If there is no such file, it has no card, or the card is none.
    """
    weights = weights_in(weights)
    if not weights.is_file():
        raise CafiError(f"{weights}: there is no such file of weights; name a .safetensors file.")
    path = card_path(weights)
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        hints = get_type_hints(Card)
        known = {f.name: _fitting(said[f.name], hints[f.name]) for f in fields(Card) if _needed(f) or f.name in said}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CafiError(f"{weights}: its model card {path.name} is missing or damaged; get both again.") from error
    return Card(**known)


def load_weights(path: Path, method: str | None = None) -> tuple[Card, dict[str, Tensor]]:
    """Load weights, and make sure that they are those of which their card speaks.

    Parameters
    ----------
    path : Path
        A safetensors file with its card beside it, or the folder of a fine-tuned model.
    method : str, optional
        To which they must belong.

    Returns
    -------
    Card
    dict of str to Tensor of float32

    Raises
    ------
    CafiError
        If a file is missing or damaged, both do not belong together, or they belong to another method.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    path = weights_in(path)
    card = load_card(path)
    if method is not None and card.method != method:
        raise CafiError(
            f"{path} holds weights of {card.method}, not of {method}; take the method {card.method}, or other weights."
        )
    try:
        content = path.read_bytes()
        tensors = load(content)
    except (OSError, SafetensorError) as error:
        raise CafiError(f"{path} holds no weights: it is damaged, or no safetensors file; get it again.") from error
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise CafiError(f"{path} is not the file that its card describes (their sha256 differ); get both again.")
    return card, {name: tensor.float() for name, tensor in tensors.items()}


def save_weights(
    path: Path, tensors: Mapping[str, Tensor], card: Card, *, bits: Literal[16, 32] = 16, overwrite: bool = False
) -> Card:
    """Write weights and their card, each at once or not at all.

    Parameters
    ----------
    path : Path
        Ends in .safetensors.
    tensors : mapping of str to Tensor
    card : Card
        Its sha256 and versions are filled in here.
    bits : 16 or 32
        Half precision needs half the room; single precision keeps every digit.
    overwrite : bool

    Returns
    -------
    Card
        As it was written.

    Raises
    ------
    CafiError
        If a file is in the way or cannot be written, or a weight is not finite in this many bits.
    """
    import torch
    from safetensors.torch import save

    from cafi import __version__

    if path.suffix != ".safetensors":
        raise CafiError(f"{path} is no name for weights; it must end in .safetensors.")
    if not overwrite and (taken := next((p for p in (path, card_path(path)) if p.exists()), None)):
        raise CafiError(f"{taken} exists already; choose another name or folder.")
    kind = torch.float16 if bits == 16 else torch.float32
    stored = {name: _stored(tensor, kind) for name, tensor in tensors.items()}
    for name, tensor in stored.items():
        if not bool(tensor.isfinite().all()):
            raise CafiError(f"The weights cannot be written to {path}: {name} is not finite in {bits} bits.")
    content = save(stored)
    versions = {"cafi": __version__, "torch": str(torch.__version__)}
    card = replace(card, sha256=hashlib.sha256(content).hexdigest(), made_with=versions)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, content)
        _replace(card_path(path), (json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise CafiError(f"{path} cannot be written ({error.strerror}); choose another folder.") from error
    return load_card(path)


def _stored(tensor: Tensor, kind: torch.dtype) -> Tensor:
    # Counts, such as of the batches that statistics are from, soon exceed what half precision holds.
    return tensor.detach().to("cpu", kind if tensor.is_floating_point() else None).contiguous()


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def _needed(f: Any) -> bool:
    return f.default is MISSING and f.default_factory is MISSING


def _fitting(value: Any, hint: Any) -> Any:
    kind = get_origin(hint) or hint
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no {kind}")
    return value
