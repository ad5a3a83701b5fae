import torch

from cafi.finetuning.keeping import LEAST_GAIN, Best, Keeper


def _network(value):
    network = torch.nn.Linear(2, 1)
    torch.nn.init.constant_(network.weight, value)
    return network


def test_only_what_is_better_than_all_before_is_kept(tmp_path):
    keeper = Keeper(tmp_path)
    assert keeper.weights() is None
    assert not keeper.see(_network(1.0), LEAST_GAIN, 10)  # as likely chance as progress
    assert keeper.weights() is None
    assert keeper.see(_network(2.0), 0.1, 20)
    assert not keeper.see(_network(3.0), 0.1, 30)
    assert keeper.see(_network(1 / 3), 0.2, 40)
    assert not keeper.see(_network(5.0), 0.15, 50)
    again = Keeper(tmp_path)
    assert again.best == Best(0.2, 40)
    assert again.weights()["weight"].tolist() == _network(1 / 3).weight.tolist()
