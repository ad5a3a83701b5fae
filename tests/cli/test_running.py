"""Exit codes and sentences: bad input is the user's, a fault is ours, and neither looks like the other (law 7)."""

import errno
from pathlib import Path

import numpy as np
import pytest
import tifffile

import cafi
from cafi.cli import build_app
from cafi.cli.running import run
from cafi.errors import CafiError


def answer(capsys, *argv):
    code = run(build_app(), list(argv))
    said = capsys.readouterr()
    return code, said.out, said.err


def is_one_sentence(text):
    return text.startswith("cafi: ") and text.count("\n") == 1 and "Traceback" not in text


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["nonsense"], 'Unknown command "nonsense"'),
        (["interpolate"], "requires an argument"),
        (["interpolate", "a.tif", "b.tif", "--factor", "1"], "--factor: input should be greater than or equal to 2"),
        (["interpolate", "a.tif", "b.tif", "--factor", "two"], "--factor: input should be a valid integer"),
        (["interpolate", "a.tif", "b.tif", "--memory", "much"], "--memory: 'much' is no amount of memory"),
        (["interpolate", "a.tif", "b.tif", "--zoom", "3"], "--zoom: take 1, 2 or 4"),
        (["interpolate", "a.tif", "b.tif", "--zoom", "2"], "a.tif"),
        (
            ["interpolate", "a.tif", "b.tif", "--factor", "3", "--every", "0.5frame"],
            "cafi: --factor and --every exclude each other; give one of them.",
        ),
        (["interpolate", "a.tif", "b.tif", "--config", "nothere.toml"], "nothere.toml: there is no such file;"),
        (["interpolate", "a.tif", "b.tif", "--frobnicate"], "Unknown option"),
        (["info", "a.tif", "b.tif"], "There is no place for b.tif; name one thing at a time, or put a pattern"),
        (["restore", *"abcd"], "There is no place for c and 1 more; "),
        (["interpolate", "missing.tif", "out.ome.tif"], "missing.tif"),
        (["info", "missing.tif"], "missing.tif"),
        (["restore", "missing.tif", "out.ome.tif"], "missing.tif"),
    ],
)
def test_wrong_commands_are_answered_by_one_sentence(capsys, argv, expected):
    code, out, err = answer(capsys, *argv)
    assert code == 2
    assert out == ""
    assert expected in err
    assert is_one_sentence(err)
    assert "pydantic" not in err
    assert "given: {" not in err


def test_a_fault_of_ours_is_called_so_and_logged(capsys, monkeypatch):
    import cafi.api.models

    def broken():
        raise ValueError("planted fault")

    monkeypatch.setattr(cafi.api.models, "list_methods", broken)
    code, _, err = answer(capsys, "models", "list")
    assert code == 70
    assert "fault of cafi" in err
    assert is_one_sentence(err)
    assert "planted fault" not in err
    log = Path(err.split("written in ")[1].split(";")[0])
    text = log.read_text()
    log.unlink()
    assert "ValueError: planted fault" in text
    assert "cafi models list" in text


def test_a_planted_error_of_bad_input_keeps_its_sentence(capsys, monkeypatch):
    import cafi.api.models

    def refused():
        raise CafiError("x.tif is no movie; name another.")

    monkeypatch.setattr(cafi.api.models, "list_methods", refused)
    assert answer(capsys, "models", "list")[::2] == (2, "cafi: x.tif is no movie; name another.\n")


@pytest.mark.parametrize(
    ("number", "name", "code"),
    [
        (errno.EACCES, "d/a.csv", 2),
        (errno.EPERM, "d/a.csv", 2),
        (errno.EROFS, "d/a.csv", 2),
        (errno.EACCES, None, 70),
        (errno.EBADF, "d/a.csv", 70),
    ],
)
def test_a_file_that_the_system_keeps_closed_is_one_sentence(capsys, monkeypatch, number, name, code):
    import cafi.api.models

    def closed():
        raise OSError(number, "told by the system", name)

    monkeypatch.setattr(cafi.api.models, "list_methods", closed)
    found, _, err = answer(capsys, "models", "list")
    assert found == code
    assert is_one_sentence(err)
    sentence = "cafi: d/a.csv: access is denied; change its permissions, or name another file or folder.\n"
    assert (err == sentence) == (code == 2)
    if code == 70:
        Path(err.split("written in ")[1].split(";")[0]).unlink()


@pytest.fixture
def movie(tmp_path):
    path = tmp_path / "movie.tif"
    pixels = np.random.default_rng(0).integers(0, 200, (24, 64, 64), np.uint8)
    tifffile.imwrite(path, pixels, metadata={"axes": "TYX"}, photometric="minisblack")
    return path


@pytest.mark.parametrize(
    "words",
    [
        ("interpolate", "MOVIE", "FILE/a.ome.tif", "--method", "linear"),
        ("restore", "RESULT", "FILE/below/a.ome.tif"),
        ("evaluate", "MOVIE", "-o", "FILE/below", "--methods", "linear"),
        ("finetune", "MOVIE", "-o", "FILE/below"),
        ("simulate", "FILE/a.ome.tif"),
    ],
)
def test_a_file_in_place_of_a_folder_is_the_users_to_name_otherwise(capsys, movie, tmp_path, words):
    result, file = tmp_path / "result.ome.tif", tmp_path / "file"
    file.write_text("kept")
    cafi.interpolate(movie, result, method="linear")
    places = {"MOVIE": str(movie), "RESULT": str(result)}
    code, _, err = answer(capsys, *(places.get(word, word).replace("FILE", str(file)) for word in words))
    assert code == 2
    assert err.endswith(f"cafi: {file} is no folder, and none can be made in its place; name another one.\n")
    assert file.read_text() == "kept"


def test_folders_that_are_missing_are_made(capsys, movie, tmp_path):
    result, back = tmp_path / "new" / "result.ome.tif", tmp_path / "other" / "below" / "back.ome.tif"
    assert answer(capsys, "interpolate", str(movie), str(result), "--method", "linear")[0] == 0
    assert answer(capsys, "restore", str(result), str(back))[0] == 0
    np.testing.assert_array_equal(tifffile.imread(back), tifffile.imread(movie))


def interrupted(*_args, **_kwargs):
    raise KeyboardInterrupt


def test_ctrl_c_promises_no_resume_where_there_is_none(capsys, monkeypatch):
    monkeypatch.setattr("cafi.api.plan.plan", interrupted)
    assert answer(capsys, "plan", "a.tif")[::2] == (130, "cafi: stopped.\n")


def test_ctrl_c_says_how_to_go_on(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("cafi.api.batch.is_one_movie", lambda _: True)
    monkeypatch.setattr("cafi.api.interpolate.interpolate", interrupted)
    code, _, err = answer(capsys, "interpolate", "a.tif", str(tmp_path / "b.ome.tif"))
    assert (code, err) == (130, "cafi: stopped; the same command with --resume continues.\n")


def test_help_is_help(capsys):
    code, out, _ = answer(capsys, "interpolate", "--help")
    assert code == 0
    for option in ("--factor", "--every", "--times", "--max-gap", "--keep-acquired", "--axis", "--method", "--memory"):
        assert option in out
