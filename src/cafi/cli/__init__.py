"""The command line: one file for each command, loaded when it is called."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclopts import App

COMMANDS = {
    "info": "What is in a file, and whether it can be interpolated.",
    "interpolate": "Predict the frames in between: the main job.",
    "evaluate": "How well each method finds frames of your own movie again that it did not see.",
    "plan": "How many frames can be left out, and the light that this saves.",
    "report": "Make the page about a held-out check or a finished movie.",
    "restore": "Take only the acquired frames back out, bit-identical.",
    "finetune": "Adapt a network to your own movies.",
    "train": "Train a network from a recipe.",
    "models": "The methods that can fill a gap, and what weights are.",
    "simulate": "Make synthetic movies with known truth.",
    "demo": "See every method at work on a small movie, scored against the truth.",
}


def build_app() -> App:
    """Return the command-line application; no command's module is imported yet."""
    from cyclopts import App

    import cafi

    app = App(name="cafi", help=cafi.__doc__ or "", version=cafi.__version__)
    for name, text in COMMANDS.items():
        app.command(f"cafi.cli.{name}:{name}", name=name, help=text)
    return app


def main(argv: list[str] | None = None) -> None:
    """Run a command line and leave with its exit code."""
    from cafi.cli.running import run

    sys.exit(run(build_app(), sys.argv[1:] if argv is None else argv))
