"""The held-out check from files to files."""

import csv
import json
import shlex
from dataclasses import replace

import numpy as np
import pytest
import tifffile

import cafi
from cafi.api.evaluate import as_json, overview
from cafi.errors import CafiError
from cafi.interpolators import registry
from cafi.interpolators.weights import load_weights, save_weights, shipped
from cafi.movie.fingerprint import fingerprint
from cafi.quality.results import read_evaluations
from cafi.quality.statistics import gap_means


def drifting(count=9, side=40, channels=1):
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    scene = gaussian_filter(rng.standard_normal((channels, side, side)), (0, 2, 2), mode="wrap")
    scene = 1000 + 300 * scene / scene.std()
    frames = np.stack([np.roll(scene, (t, t), (-2, -1)) for t in range(count)])
    return (frames + rng.normal(0, 20, frames.shape)).astype(np.uint16)


def write(path, pixels):
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "TCYX"})
    return path


@pytest.fixture
def cells(tmp_path):
    return write(tmp_path / "cells.tif", drifting())


def test_every_method_is_scored_on_the_same_frames_and_rates(tmp_path, cells):
    found = cafi.evaluate(cells, tmp_path / "out", drop="2,3")
    assert [e.drop for e in found.evaluations] == [2, 3]
    for e in found.evaluations:
        able = {m for m in registry.installed() if e.drop == 2 or registry.get(m).times == "any"}
        assert set(e.methods) == able
        assert any("zooming-slowmo-small was left out" in note for note in e.notes) == (e.drop == 3)
        frames = [{s.frame for s in e.scores if s.method == method} for method in e.methods]
        assert all(f == {t.frame for t in e.held_out.targets} for f in frames)
        assert all(run.seconds_per_frame > 0 and run.peak_mb > 50 for run in e.runs)
    assert read_evaluations(tmp_path / "out") == found.evaluations
    two = found.evaluations[0]
    assert gap_means(two, "optical_flow", "psnr").mean() > gap_means(two, "linear", "psnr").mean() + 1


def test_what_is_missing_is_said_in_the_words_of_a_check(tmp_path, cells):
    found = cafi.evaluate(cells, tmp_path / "out", drop="3", methods="linear,zooming-slowmo-small", intervals=True)
    notes = " ".join(found.evaluations[0].notes)
    assert "zooming-slowmo-small was left out: zooming-slowmo-small predicts only the middle of a gap" in notes
    assert "--drop 2, 4, 8 or 16" in notes
    assert "it was evaluated without them" in notes
    assert "--factor" not in notes


def test_the_tables_hold_every_score_and_every_mean(tmp_path, cells):
    found = cafi.evaluate(cells, tmp_path / "out", methods="linear,duplicate")
    [e] = found.evaluations
    with (tmp_path / "out" / "scores.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(e.scores) == 8
    assert float(lines[0]["psnr"]) == pytest.approx(e.scores[0].values["psnr"], rel=1e-6)
    with (tmp_path / "out" / "summary.csv").open() as file:
        means = {(line["method"], line["metric"]): line for line in csv.DictReader(file)}
    expected = gap_means(e, "linear", "ssim").mean()
    assert float(means["linear", "ssim"]["mean"]) == pytest.approx(expected, rel=1e-6)
    assert means["duplicate", "psnr"]["baseline"] == "linear"
    assert means["duplicate", "psnr"]["verdict"] == "worse"
    [table], notes = overview(found)
    assert [row[0] for row in table.rows] == ["linear", "duplicate"]
    assert any("upper estimates" in note for note in notes)
    json.dumps(as_json(found))


def test_a_movie_that_cannot_be_checked_does_not_stop_the_others(tmp_path, cells):
    write(tmp_path / "short.tif", drifting(2))
    write(tmp_path / "dark.tif", np.full((5, 1, 30, 30), 7, np.uint16))
    (tmp_path / "notes.txt").write_text("no movie")
    found = cafi.evaluate(tmp_path, tmp_path / "out", methods="linear")
    assert [e.movie for e in found.evaluations] == [str(cells)]
    told = " ".join(found.failed.values())
    assert "short.tif has 2 frames along time, too few" in told
    assert "dark.tif shows nothing" in told
    assert any("notes.txt is no movie" in sentence for sentence in found.skipped)


def test_an_empty_channel_is_left_out_and_a_saturated_one_is_told(tmp_path):
    pixels = drifting(7, channels=3)
    pixels[:, 1] = 0
    pixels[:, 2, :10] = 65535
    movie = write(tmp_path / "three.tif", pixels)
    [e] = cafi.evaluate(movie, tmp_path / "out", methods="linear").evaluations
    assert {s.channel for s in e.scores} == {0, 2}
    assert any(note.startswith("Channel 1 ") and "empty" in note for note in e.notes)
    assert any("25 % of the held-out pixels of channel 2 are saturated" in note for note in e.notes)
    [alone] = cafi.evaluate(movie, tmp_path / "out", methods="linear", channels="2", overwrite=True).evaluations
    assert {s.channel for s in alone.scores} == {2}
    by_frame = {s.frame: s.values for s in e.scores if s.channel == 2}
    assert all(s.values == by_frame[s.frame] for s in alone.scores)


def test_a_method_that_cannot_take_part_is_left_out_with_a_note(tmp_path, cells, monkeypatch):
    real = registry.get

    def get(name, weights=None):
        if name == "kymo":
            raise CafiError("cafi ships no weights for kymo.")
        return real(name, weights)

    monkeypatch.setattr(registry, "get", get)
    found = cafi.evaluate(cells, tmp_path / "out")
    assert "kymo" not in found.evaluations[0].methods
    assert any(s.startswith("kymo was left out: cafi ships no weights") for s in found.skipped)


def test_maps_are_the_error_and_the_similarity_of_every_held_out_frame(tmp_path, cells):
    [e] = cafi.evaluate(cells, tmp_path / "out", methods="linear", maps=True).evaluations
    folder = tmp_path / "out" / "maps" / "cells_drop2" / "linear"
    errors, similar = tifffile.imread(folder / "error.tif"), tifffile.imread(folder / "ssim.tif")
    assert errors.shape == similar.shape == (4, 40, 40)
    for error, ssim, score in zip(errors, similar, e.scores, strict=True):
        assert -10 * np.log10(np.mean(error.astype(float) ** 2)) == pytest.approx(score.values["psnr"], abs=1e-4)
        assert ssim[5:-5, 5:-5].mean() == pytest.approx(score.values["ssim"], abs=1e-5)


def test_what_was_finished_before_an_interruption_stays(tmp_path, cells, monkeypatch):
    from cafi.interpolators.classical.cubic import Cubic

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Cubic, "predict", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cafi.evaluate(cells, tmp_path / "out", methods="linear,cubic")
    [e] = read_evaluations(tmp_path / "out")
    assert e.methods == ("linear",)
    assert (tmp_path / "out" / "summary.csv").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"drop": "1"}, "whole numbers from 2 on"),
        ({"drop": "two"}, "whole numbers from 2 on"),
        ({"methods": "liner"}, "Did you mean linear"),
        ({"channels": "GFP"}, "no channel 'GFP'"),
        ({"minutes": 0}, "greater than 0"),
        ({"colour": 1}, "no option 'colour'"),
        ({"drop": "9"}, "too few to hold out 8 of 9: it takes 10"),
    ],
)
def test_wrong_input_is_one_sentence(tmp_path, cells, options, sentence):
    with pytest.raises(CafiError, match=sentence):
        cafi.evaluate(cells, tmp_path / "out", **options)


def test_an_evaluation_is_replaced_only_on_demand(tmp_path, cells):
    cafi.evaluate(cells, tmp_path / "out", methods="linear")
    with pytest.raises(CafiError, match="--overwrite"):
        cafi.evaluate(cells, tmp_path / "out", methods="duplicate")
    [e] = cafi.evaluate(cells, tmp_path / "out", methods="duplicate", overwrite=True).evaluations
    assert e.methods == ("duplicate",)


def test_weights_are_named_and_scores_on_what_they_learned_from_are_no_proof(tmp_path, cells):
    card, tensors = load_weights(shipped("kymo"))
    learned = {"finetuned": {"movies": [{"name": "cells.tif", "fingerprint": fingerprint(cells)}]}}
    mine = tmp_path / "mine.safetensors"
    save_weights(mine, tensors, replace(card, recipe=learned, steps=9))
    other = write(tmp_path / "other.tif", drifting(side=44))
    found = cafi.evaluate([cells, other], tmp_path / "out", methods="kymo,linear", weights=mine)
    told = {note for e in found.evaluations[:1] for note in e.notes} - set(found.evaluations[1].notes)
    assert [note for note in told if note.startswith("kymo: These weights learned from this very movie")]
    assert all(shlex.join(["--weights", str(mine)]) in e.provenance["command"] for e in found.evaluations)
    assert not replace(card, recipe=learned, steps=0).learned_from(fingerprint(cells))  # the base model was kept


def test_a_pattern_of_single_frames_is_one_movie(tmp_path):
    (tmp_path / "in").mkdir()
    for t, frame in enumerate(drifting()):
        tifffile.imwrite(tmp_path / "in" / f"frame{t}.tif", frame[0], metadata=None)
    [e] = cafi.evaluate(tmp_path / "in" / "*.tif", tmp_path / "out", methods="duplicate").evaluations
    assert [target.frame for target in e.held_out.targets] == [1, 3, 5, 7]


@pytest.mark.parametrize("name", ["evaluation.json", "scores.csv", "summary.csv", "frames"])
def test_what_is_no_evaluation_is_not_replaced(tmp_path, cells, name):
    out = tmp_path / "out"
    out.mkdir()
    if name == "frames":
        (out / name).mkdir()
        kept = out / name / "mine.npz"
    else:
        kept = out / name
    kept.write_text("{}")
    with pytest.raises(CafiError, match=rf"{name} exists already and is no result of cafi's; move it away"):
        cafi.evaluate(cells, out, methods="duplicate", overwrite=True)
    assert kept.read_text() == "{}"
    assert sorted(path.name for path in out.iterdir()) == [name]
