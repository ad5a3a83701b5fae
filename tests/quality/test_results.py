"""What a held-out check found survives the way through its file."""

import math

import pytest

from cafi.errors import CafiError
from cafi.quality.results import Evaluation, FrameScore, HeldOut, MethodRun, Target, read_evaluations, write_evaluations

HELD_OUT = HeldOut((0, 2, 4), (Target(1, 0, 0.5), Target(3, 1, 0.4)))
EVALUATION = Evaluation(
    movie="cells.tif",
    drop=2,
    channels=("GFP",),
    methods=("linear", "kymo"),
    held_out=HELD_OUT,
    scores=(
        FrameScore("linear", 1, 0, 0.5, 0, {"psnr": 30.25, "ssim": 0.1 + 0.2}),
        FrameScore("linear", 3, 1, 0.4, 0, {"psnr": math.inf, "ssim": -math.inf}),
        FrameScore("kymo", 1, 0, 0.5, 0, {"psnr": 31.0, "ssim": 0.9}),
    ),
    runs=(MethodRun("linear", 0.01, 300.0, False, (0, 1)), MethodRun("kymo", 0.5, math.inf, True, (0,))),
    notes=("One sentence.",),
    provenance={"normalisation": {"offset": [1.5]}},
)


def test_a_check_comes_back_from_its_file_as_it_was(tmp_path):
    write_evaluations(tmp_path, [EVALUATION, EVALUATION])
    assert read_evaluations(tmp_path) == (EVALUATION, EVALUATION)
    assert [path.name for path in tmp_path.iterdir()] == ["evaluation.json"]


def test_what_is_not_a_number_comes_back_as_such(tmp_path):
    score = FrameScore("linear", 1, 0, 0.5, 0, {"psnr": math.nan})
    write_evaluations(tmp_path, [Evaluation("m", 2, ("c",), ("linear",), HELD_OUT, (score,), ())])
    assert "NaN" not in (tmp_path / "evaluation.json").read_text()
    assert math.isnan(read_evaluations(tmp_path)[0].scores[0].values["psnr"])


def test_pairs_are_taken_on_the_gaps_that_every_method_filled():
    assert EVALUATION.common_gaps() == (0,)
    assert HELD_OUT.with_gaps([1]) == HeldOut((0, 2, 4), (Target(3, 1, 0.4),))


@pytest.mark.parametrize("content", [None, "{", "[]", '{"version": 1}', '{"version": 2, "evaluations": []}'])
def test_a_folder_without_an_evaluation_is_refused_in_one_sentence(tmp_path, content):
    if content is not None:
        (tmp_path / "evaluation.json").write_text(content)
    with pytest.raises(CafiError, match="cafi evaluate"):
        read_evaluations(tmp_path)
