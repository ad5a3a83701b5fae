"""The command line of the held-out check."""

import json
import os

import numpy as np
import pytest
import tifffile

from cafi.cli import build_app
from cafi.cli.running import run


def test_figures_go_to_standard_output_and_notes_to_standard_error(tmp_path, capsys):
    rng = np.random.default_rng(0)
    tifffile.imwrite(tmp_path / "m.tif", rng.integers(0, 255, (11, 20, 20)).astype(np.uint8), metadata={"axes": "TYX"})
    command = ["evaluate", str(tmp_path / "m.tif"), "-o", str(tmp_path / "out"), "--methods", "linear,cubic"]
    assert run(build_app(), [*command, "--drop", "2,5", "--json"]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert [e["drop"] for e in found["evaluations"]] == [2, 5]
    assert found["evaluations"][0]["methods"]["cubic"]["psnr_comparison"]["baseline"] == "linear"
    assert "MS-SSIM was not taken: it needs at least 176 pixels" in told.err
    assert run(build_app(), command) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert run(build_app(), [*command, "--overwrite"]) == 0
    assert "PSNR, dB" in capsys.readouterr().out


def test_a_command_without_a_movie_is_one_sentence(tmp_path, capsys):
    assert run(build_app(), ["evaluate", "-o", str(tmp_path)]) == 2
    assert "at least one movie" in capsys.readouterr().err


@pytest.mark.parametrize("finished", [False, True])
def test_ctrl_c_says_whether_something_is_kept(tmp_path, capsys, monkeypatch, finished):
    out = tmp_path / "out"
    out.mkdir()
    (out / "evaluation.json").write_text("of an earlier check")
    os.utime(out / "evaluation.json", (1, 1))

    def interrupted(*_args, **_kwargs):
        if finished:
            (out / "evaluation.json").write_text("new")
        raise KeyboardInterrupt

    monkeypatch.setattr("cafi.api.evaluate.evaluate", interrupted)
    assert run(build_app(), ["evaluate", "a.tif", "-o", str(out), "--overwrite"]) == 130
    kept = f"the methods that had finished are in {out}" if finished else "no method had finished"
    assert capsys.readouterr().err == f"cafi: stopped; {kept}.\n"
