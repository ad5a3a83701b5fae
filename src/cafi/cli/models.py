"""``cafi models``: the methods that can fill a gap, and what weights are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from cafi.cli import console

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = 8  # numbers that are told one by one, at most

models = App(name="models", help="The methods that can fill a gap, and what weights are.")


@models.command(name="list")
def list_models(*, json: bool = False) -> int:
    """List every method: how many acquired frames it looks at, which times of a gap it predicts, its weights.

    Parameters
    ----------
    json
        Print the list as JSON on standard output.
    """
    from cafi.api.models import list_methods

    methods = list_methods()
    if json:
        console.print_json([method.as_dict() for method in methods])
        return 0
    words = {"none needed": "", "none installed": "none"}
    rows = [
        (
            f"{m.name} (default)" if m.default else m.name,
            2 * m.context,
            m.times,
            words.get(m.weights, m.weights),
            m.summary,
        )
        for m in methods
    ]
    console.print_table(("method", "frames", "times", "weights", "what it does"), rows)
    if any(m.weights == "none installed" for m in methods):
        console.say(
            "Where there are no weights, name some with --weights: a published checkpoint after `cafi models import`,"
            " or your own after `cafi train`."
        )
    return 0


@models.command(name="show")
def show_model(model: str, /, *, json: bool = False) -> int:
    """Show the card of a model: how it was made, and how well it did on windows that it had not seen.

    Parameters
    ----------
    model
        A method's name, or a file of weights.
    json
        Print the card as JSON on standard output.
    """
    from cafi.api.models import describe_model

    card = describe_model(model)
    if json:
        console.print_json(card)
        return 0
    console.print_table(("", model), list(_flat(card)))
    return 0


@models.command(name="import")
def import_checkpoint(
    checkpoint: Path,
    /,
    *,
    method: Annotated[str, Parameter(name="--as")],
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    zoom: Literal[1, 2, 4] | None = None,
    overwrite: bool = False,
    json: bool = False,
) -> int:
    """Turn a published checkpoint into weights for --weights, with every parameter accounted for.

    Parameters
    ----------
    checkpoint
        A .pth file: the state dict of the network. Nothing but tensors is read from it.
    method
        Whose checkpoint it is, such as zooming-slowmo or dain.
    out
        The weights, NAME.safetensors; their card NAME.json comes beside them.
    zoom
        For which zoom a checkpoint of zooming-slowmo was trained; the file itself does not say.
    overwrite
        Replace existing weights.
    json
        Print the card as JSON on standard output.
    """
    from dataclasses import asdict

    from cafi.api.models import import_model

    card = import_model(checkpoint, method, out, zoom=zoom, overwrite=overwrite)
    if json:
        console.print_json(asdict(card))
        return 0
    console.say(f"{out}: the weights of {checkpoint} for --method {method} --weights {out}.")
    return 0


def _flat(card: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in card.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list) and len(value) > MANY:
            yield f"{prefix}{name}", f"{len(value)} numbers"
        else:
            yield f"{prefix}{name}", str(value)
