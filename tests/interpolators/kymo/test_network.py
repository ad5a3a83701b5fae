import pytest
import torch

from cafi.interpolators.kymo.choice import BELIEFS, Choice
from cafi.interpolators.kymo.encoder import local_contrast
from cafi.interpolators.kymo.motion import Motion, Window
from cafi.interpolators.kymo.network import Architecture, Kymo, parameters

TIMES = torch.tensor([[-1.0, 0.0, 1.0, 2.0]])


def _window(side=64, t=0.5, seed=0):
    frames = torch.rand(1, 4, side, side, generator=torch.Generator().manual_seed(seed))
    return Window(frames, TIMES, torch.tensor([t]), torch.ones(1, 4))


def _network(**sizes):
    torch.manual_seed(0)
    return Kymo(Architecture(**sizes)).eval()


def test_it_is_small():
    assert parameters(_network()) < 4_000_000


def test_shapes():
    with torch.no_grad():
        answer = _network()(_window())
    assert answer.mean.shape == answer.scale.shape == (1, 1, 64, 64)
    assert answer.flows.shape == (1, 4, 2, 64, 64)
    assert [tuple(step.shape[-2:]) for step in answer.steps] == [(s, s) for s in (2, 2, 4, 4, 8, 8, 16, 16)]
    assert (answer.scale > 0).all()


def test_untrained_it_averages_what_stands_still():
    """With silent last layers the answer to four equal frames is that frame."""
    frame = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    window = Window(frame.expand(-1, 4, -1, -1), TIMES, torch.tensor([0.3]), torch.ones(1, 4))
    network = _network()
    for parameter in network.motion.leave.parameters():
        torch.nn.init.zeros_(parameter)
    with torch.no_grad():
        network.motion.matching.certainty.zero_()  # every displacement alike: the expected one is none
        answer = network(window)
    assert (answer.mean - frame)[..., 16:-16, 16:-16].abs().max() < 0.02


def test_what_stands_for_a_missing_frame_is_not_looked_at():
    network, window = _network(), _window()
    valid = torch.tensor([[0.0, 1.0, 1.0, 1.0]])
    other = torch.cat([torch.rand(1, 1, 64, 64), window.frames[:, 1:]], 1)
    with torch.no_grad():
        first = network(Window(window.frames, window.times, window.t, valid)).mean
        second = network(Window(other, window.times, window.t, valid)).mean
    assert torch.equal(first, second)


@pytest.mark.parametrize("t", [0.25, 0.5])
def test_uniform_motion_reaches_every_frame(t):
    velocity = torch.tensor([8.0, -4.0]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    motion = Motion(velocity, torch.zeros(1, 8, 4, 4), torch.zeros(1, 1, 4, 4))
    flows = motion.flows(_window(t=t))
    for k, time in enumerate((-1, 0, 1, 2)):
        assert flows[0, k, :, 0, 0].tolist() == pytest.approx([8 * (time - t), -4 * (time - t)])


def test_finer_motion_is_twice_as_long():
    motion = Motion(torch.ones(1, 2, 4, 4), torch.ones(1, 8, 4, 4), torch.ones(1, 3, 4, 4)).finer()
    assert motion.velocity.shape == (1, 2, 8, 8)
    assert torch.allclose(motion.velocity, torch.tensor(2.0))
    assert torch.allclose(motion.memory, torch.tensor(1.0))


def test_choice_believes_in_motion_at_first():
    shares = Choice(8)(torch.rand(1, 3, 8, 8), torch.rand(1, 8, 8, 8))
    expected = torch.tensor(BELIEFS).softmax(0).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    assert torch.allclose(shares, expected)


def test_the_likeliest_hypothesis_is_followed():
    """A guess that makes the frames agree is taken where the coarser level's motion does not."""
    network = _network(features=8, radius=1)
    random = torch.Generator().manual_seed(4)
    texture = torch.randn(1, 8, 32, 64, generator=random)
    # Content moves 12 px to the right over the gap: frame at time k shows it 12 * k px further.
    features = torch.stack([texture.roll(12 * k, 3) for k in (-1, 0, 1, 2)], 1)
    weigh = network.motion.choice.weigh[1]
    with torch.no_grad():
        _trust_likeness(network.motion.choice)
        right = torch.tensor([12.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 32, 64)
        wrong = Motion(-right, torch.zeros(1, 8, 32, 64), torch.zeros(1, 48, 32, 64))
        window = Window(torch.zeros(1, 4, 128, 256), TIMES, torch.tensor([0.5]), torch.ones(1, 4))
        chosen = network.motion.reconsider(features, wrong, right, window)
    assert weigh.weight.abs().sum() > 0
    assert (chosen.velocity - right)[..., 20:-20].abs().max() < 0.05


def _trust_likeness(choice):
    """Set weights by hand, so that the evidence alone decides."""
    for parameter in choice.parameters():
        parameter.zero_()
    first, last = choice.weigh[0][0], choice.weigh[1]
    for kind in range(3):
        first.weight[kind, 48 + kind, 1, 1] = 1
        last.weight[kind, kind, 1, 1] = 1


def test_local_contrast_forgets_brightness_and_gain():
    frame = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(2))
    dim = local_contrast(0.4 * frame + 0.3)
    assert (local_contrast(frame) - dim).abs().max() < 0.02
