import pytest
import torch

from cafi.layers.gradients import gradient_step


@pytest.mark.parametrize("shift", [(0.3, 0.0), (-0.2, 0.4)])
def test_recovers_a_small_shift_of_a_smooth_image(shift):
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")

    def scene(dx, dy):
        return (torch.sin((x - dx) / 5) + torch.cos((y - dy) / 4) + torch.sin((x - dx + y - dy) / 7))[None, None]

    found = gradient_step(scene(0, 0), scene(*shift), 9, 1e-6)[0, :, 6:-6, 6:-6]
    assert found[0].mean() == pytest.approx(shift[0], abs=0.02)
    assert found[1].mean() == pytest.approx(shift[1], abs=0.02)


def test_damping_silences_noise():
    random = torch.Generator().manual_seed(0)
    first, last = (0.001 * torch.randn(1, 1, 64, 64, generator=random) for _ in range(2))
    assert gradient_step(first, last, 3, 1e-3).abs().max() < 0.01
