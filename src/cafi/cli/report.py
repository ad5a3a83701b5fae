"""``cafi report``: the page about a held-out check, a finished movie or a fine-tuned model."""

from __future__ import annotations

from pathlib import Path

from cafi.cli import console


def report(folder: Path, /, *, open: bool = False, json: bool = False) -> int:  # noqa: A002 - the option's name
    """Make (again) the report of a held-out check, an interpolated movie or a fine-tuned model; print where it is.

    Parameters
    ----------
    folder
        A folder that `cafi evaluate` or `cafi finetune` made, or a movie that `cafi interpolate` made.
    open
        Show it in the web browser.
    json
        Print the path as JSON on standard output.
    """
    from cafi.api.report import make_report

    with console.progress("making the report", unit="steps") as on_progress:
        page = make_report(folder, on_progress=on_progress)
    if json:
        console.print_json({"report": str(page)})
    else:
        print(page)
    if open:
        import webbrowser

        if not webbrowser.open(page.resolve().as_uri()):
            console.warn(f"No web browser was found; open {page} in one.")
    return 0
