import torch

from cafi.interpolators.kymo.motion import Window
from cafi.interpolators.kymo.network import Architecture, Kymo
from cafi.interpolators.kymo.pieces import predict_in_pieces


def test_pieces_give_what_the_whole_frame_gives():
    torch.manual_seed(0)
    network = Kymo(Architecture(far=8, farther=8, farthest=8, near=8, synthesis=8)).eval()
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.03 * torch.randn(parameter.shape, generator=random))
    frames = torch.nn.functional.avg_pool2d(torch.rand(1, 4, 480, 608, generator=random), 5, 1, 2)
    window = Window(frames, torch.tensor([[-1.0, 0, 1, 2]]), torch.tensor([0.5]), torch.ones(1, 4))
    with torch.no_grad():
        whole = network(window)
        pieces = predict_in_pieces(network, window, largest=160, margin=128)
        apart = predict_in_pieces(network, window, largest=160, margin=0)
    wanted = (whole.mean, whole.scale, whole.flows[:, 1:3], whole.features.mean((2, 3)))
    for a, b in zip(wanted, (pieces.mean, pieces.scale, pieces.flows, pieces.features), strict=True):
        assert a.shape == b.shape
        assert (a - b).abs().max() < 1e-3 * a.abs().max()
    assert (whole.mean - apart.mean).abs().max() > 1e-3


def test_a_batch_gives_what_each_window_gives(monkeypatch):
    torch.manual_seed(0)
    network = Kymo(Architecture(far=8, farther=8, farthest=8, near=8, synthesis=8)).eval()
    times, t = torch.tensor([[-1.0, 0, 1, 2]]), torch.tensor([0.3, 0.5, 0.7])
    window = Window(torch.rand(3, 4, 64, 96), times.expand(3, -1), t, torch.ones(3, 4))
    monkeypatch.setattr("cafi.interpolators.kymo.pieces.LARGEST", 0)
    monkeypatch.setattr("cafi.interpolators.kymo.pieces.MARGIN", 60)  # room for two windows at once
    with torch.no_grad():
        whole, made = network(window), predict_in_pieces(network, window, largest=96, margin=0)
    assert (whole.mean - made.mean).abs().max() < 1e-6
