"""``cafi models``: the methods that can fill a gap."""

from __future__ import annotations

from cyclopts import App

from cafi.cli import console

models = App(name="models", help="The methods that can fill a gap.")


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
