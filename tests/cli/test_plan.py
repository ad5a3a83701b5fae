"""``cafi plan`` and the downstream checks of ``cafi evaluate``, as a user calls them."""

import json

import numpy as np
import pytest
import tifffile

from tests.helpers import run_cafi


@pytest.fixture(scope="module")
def movies(tmp_path_factory):
    """Two spots that pass each other, one frame every 2 s, 0.5 µm a pixel; the same three times in depth; too few."""
    folder = tmp_path_factory.mktemp("movies")
    y, x = np.mgrid[:48, :64]
    light = [
        sum(400 * np.exp(-((y - a) ** 2 + (x - b) ** 2) / 12.5) for a, b in ((14, 8 + 3 * t), (34, 52 - 3 * t)))
        for t in range(13)
    ]
    pixels = np.random.default_rng(0).normal(100 + np.array(light), 4).astype(np.uint16)
    imagej = {"imagej": True, "resolution": (2, 2)}
    tifffile.imwrite(folder / "spots.tif", pixels, metadata={"axes": "TYX", "unit": "um", "finterval": 2.0}, **imagej)
    stack = np.repeat(pixels[:, None], 3, 1)
    tifffile.imwrite(folder / "stack.tif", stack, metadata={"axes": "TZYX"}, imagej=True)
    tifffile.imwrite(folder / "short.tif", pixels[:5], metadata={"axes": "TYX"}, imagej=True)
    return folder


def test_a_plan_is_told_in_words_and_in_json(movies):
    done = run_cafi("plan", "spots.tif", "--methods", "optical_flow", "--longest", "3", "--json", cwd=movies)
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert (plan["interval"], plan["method"], plan["light_saved"]) == (3, "optical_flow", pytest.approx(2 / 3))
    assert (plan["frame_interval"], plan["pixel_size"]) == (2.0, 0.5)
    words = " ".join(plan["words"])
    assert "Capture every 3rd frame (one every 6 s instead of every 2 s)" in words
    assert "33% of the light" in words
    assert "3 times as long (78 s instead of 26 s)" in words
    assert "Intervals up to 3 frames were tried" in words


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("plan", "short.tif"), "short.tif has 5 frames along time, too few to plan from; record 7 or more."),
        (("plan", "spots.tif", "--quality", "beauty>=1"), "'beauty>=1' is no bound of quality"),
        (("plan", "stack.tif", "--quality", "tracking>=0.9"), "3 planes in depth"),
    ],
)
def test_bad_input_is_one_sentence(movies, arguments, sentence):
    done = run_cafi(*arguments, cwd=movies)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_evaluation_tracks_and_segments_and_says_what_it_cannot(movies):
    flags = ("--methods", "linear,optical_flow", "--tracking", "--segmentation", "-o")
    done = run_cafi("evaluate", "spots.tif", *flags, "out", cwd=movies)
    assert done.returncode == 0, done.stderr
    assert "tracks at full rate" in " ".join(done.stdout.split())
    record = json.loads((movies / "out" / "evaluation.json").read_text())["evaluations"][0]["provenance"]["downstream"]
    alpha = {row["of"]: row["all_frames"]["alpha"] for row in record["tracking"][0]["rows"]}
    assert set(alpha) == {"full rate", "no interpolation", "linear", "optical_flow"}
    assert alpha["full rate"] == 1
    assert alpha["optical_flow"] > alpha["linear"]
    assert {row["of"] for row in record["segmentation"]} == {"no interpolation", "linear", "optical_flow"}
    refused = run_cafi("evaluate", "stack.tif", "--methods", "linear", "--tracking", "-o", "stack", cwd=movies)
    assert refused.returncode == 0
    assert "3 planes in depth" in refused.stderr
