import numpy as np
import pytest
import torch

from cafi.finetuning.examination import Examination
from cafi.finetuning.keeping import Keeper
from cafi.finetuning.lessons import OwnLessons, _mixed, halfway
from cafi.finetuning.windows import Kind
from tests.finetuning.helpers import noisy, reel_of, tiny_base


def _linear(value):
    network = torch.nn.Linear(2, 1)
    torch.nn.init.constant_(network.weight, value)
    torch.nn.init.constant_(network.bias, -value)
    network.register_buffer("count", torch.tensor(7))
    return network.requires_grad_(False)


def test_halfway_is_the_mean_of_both_and_changes_neither():
    first, second = _linear(1.0), _linear(4.0)
    made = halfway(first.state_dict(), second)
    assert made.weight.tolist() == [[2.5, 2.5]]
    assert made.bias.tolist() == [-2.5]
    assert int(made.count) == 7
    assert second.weight.tolist() == [[4.0, 4.0]]
    assert first.weight.tolist() == [[1.0, 1.0]]


def test_what_is_judged_kept_and_pictured_is_half_way(tmp_path):
    reel, base = reel_of(tmp_path / "a.tif", noisy()), tiny_base(tmp_path)
    network = base.interpolator.network
    start = {name: value.clone() for name, value in network.state_dict().items()}
    examination, keeper = Examination([reel], base.interpolator, torch.device("cpu")), Keeper(tmp_path)
    lessons = OwnLessons([reel], Kind(False, 32, 32, 1), examination, keeper, start, tmp_path / "previews")
    torch.manual_seed(0)
    learned = halfway(start, network)
    learned.synthesis.mix.bias[5 * 16 :] = -0.4  # less of the fine detail, which here is noise
    figures = lessons.judge(None, learned, 30)
    assert figures["gain"] == pytest.approx(examination.gain(halfway(start, learned)))
    assert figures["gain"] > 0.1
    assert figures["loss"] == -figures["gain"]
    assert figures["best_gain"] == pytest.approx(figures["gain"], abs=1e-5)
    assert torch.allclose(keeper.weights()["synthesis.mix.bias"][-16:], torch.full((16,), -0.2))
    assert [p.name for p in (tmp_path / "previews").iterdir()] == ["step_000030.png"]
    lessons.judge(None, learned, 60)  # the next picture is due in a minute
    assert len(list((tmp_path / "previews").iterdir())) == 1


def test_a_quarter_of_the_batches_is_simulated_where_they_are_mixed():
    def forever(value):
        while True:
            yield value

    given = _mixed(forever("own"), forever("general"), 0)
    share = np.mean([next(given) == "general" for _ in range(2000)])
    assert share == pytest.approx(0.25, abs=0.03)
