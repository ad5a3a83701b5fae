import json
import math
import warnings

import numpy as np
import pytest

from cafi.cli import console


def test_run_time_warnings_are_told_in_one_sentence_and_others_as_ever(capsys):
    with console.told_warnings():
        warnings.warn("The run goes on.", RuntimeWarning, stacklevel=1)
        warnings.warn("The run goes on.", RuntimeWarning, stacklevel=1)
        with pytest.warns(DeprecationWarning, match="older"):
            warnings.warn("older", DeprecationWarning, stacklevel=1)
    assert capsys.readouterr().err == "note: The run goes on.\n" * 2
    with pytest.warns(RuntimeWarning, match="as before"):
        warnings.warn("as before", RuntimeWarning, stacklevel=1)


def test_a_table_breaks_no_word_and_cuts_no_column_at_80_characters(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    columns = ("method", "PSNR, dB", "gain", "SSIM", "gain", "s/frame", "MB", "gaps")
    gains = ("-9.64 ± 0.90 worse", "-0.0469 ± 0.0012 worse")
    row = ("zooming-slowmo-small", "36.50", gains[0], "0.9513", gains[1], "2.712", "435", 26)
    console.print_table(columns, [row], "a movie")
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    words = [word for text in (*columns, *map(str, row)) for word in text.split()]
    assert set(words) <= set(printed.split())


def test_numbers_that_are_not_finite_become_null_at_any_depth(capsys):
    console.print_json({"gain": math.nan, "each": [1.5, math.inf, (np.float64("-inf"), {"µ": 2})]})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"gain": None, "each": [1.5, None, [None, {"µ": 2}]]}
    assert "NaN" not in printed
    assert "µ" in printed


def test_a_table_that_cannot_fit_is_wide_rather_than_cut_off(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    columns = ("method", "PSNR (dB)", "gaps scored", "frames/s", "result")
    row = ("zooming-slowmo-small", 28.98, "10 of 10", 1.2, "demo/zooming-slowmo-small.ome.tif")
    console.print_table(columns, [row])
    printed = capsys.readouterr().out
    last = [line.split()[-1] for line in printed.splitlines() if line.strip()][-2:]
    assert "".join(last) == "demo/zooming-slowmo-small.ome.tif"
    assert {"zooming-slowmo-small", "scored", "frames/s"} <= set(printed.split())
