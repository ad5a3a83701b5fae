"""``cafi models``: the methods that can fill a gap, and what weights are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cyclopts import App

from cafi.cli import console

if TYPE_CHECKING:
    from collections.abc import Iterator

models = App(name="models", help="The methods that can fill a gap, and what weights are.")


@models.command(name="list")
def list_models(*, json: bool = False) -> int:
    """List every method: how many acquired frames it looks at, and which times it can predict.

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
    rows = [(m.name, "yes" if m.default else "", 2 * m.context, m.times, m.summary) for m in methods]
    console.print_table(("method", "default", "frames used", "times in a gap", "what it does"), rows)
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


def _flat(card: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in card.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
