"""``cafi demo``: every method at work on a small movie."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from cafi.cli import console


def demo(movie: Path | None = None, /, *, out: Path = Path("demo"), overwrite: bool = False, json: bool = False) -> int:
    """Drop every second frame of a movie, predict it with every method, and compare with the truth.

    Parameters
    ----------
    movie
        Your own movie; without it a small realistic one is simulated.
    out
        The folder for the results.
    overwrite
        Replace what an earlier demonstration left there.
    json
        Print the table as JSON on standard output.
    """
    from cafi.api.demo import demo as demonstrate

    shown = demonstrate(movie, out, overwrite=overwrite, watch=console.progress)
    if json:
        console.print_json(asdict(shown))
        return 0
    columns = ("method", "PSNR (dB)", "SSIM", "gaps scored", "frames/s", "result")
    rows = [
        (
            s.method,
            f"{s.psnr:.2f}",
            f"{s.ssim:.4f}",
            f"{s.gaps} of {s.all_gaps}",
            f"{s.gaps / max(s.seconds, 1e-9):.1f}",
            str(s.target),
        )
        for s in shown.scores
    ]
    console.print_table(columns, rows, title="Every second frame was dropped, predicted, and compared with the truth")
    console.say(f"The whole movie: {shown.truth}. What the methods saw: {shown.input}.")
    if any(s.gaps < s.all_gaps for s in shown.scores):
        console.say("Slow methods filled a fixed, random choice of gaps, as the table says.")
    return 0
