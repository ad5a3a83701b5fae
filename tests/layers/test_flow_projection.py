import pytest
import torch

from cafi.layers.flow_projection import fill_holes, project_flow
from tests.parity import tensors


def _literal(flow, weight):
    n, _, height, width = flow.shape
    total, count = torch.zeros_like(flow), torch.zeros_like(weight)
    for i in range(n):
        for y in range(height):
            for x in range(width):
                fx, fy = flow[i, :, y, x].tolist()
                w = weight[i, 0, y, x]
                if not (0 <= x + fx <= width - 1 and 0 <= y + fy <= height - 1):
                    continue
                left, top = int(x + fx), int(y + fy)
                for row in (top, min(top + 1, height - 1)):
                    for column in (left, min(left + 1, width - 1)):
                        total[i, :, row, column] -= w * flow[i, :, y, x]
                        count[i, 0, row, column] += w
    return torch.where(count > 0, total / count, 0), count


def _literal_fill(values, count):
    out = values.clone()
    n, _, height, width = values.shape
    for i in range(n):
        for y in range(height):
            for x in range(width):
                if count[i, 0, y, x] > 0:
                    continue
                found = []
                for dy, dx in ((0, -1), (0, 1), (-1, 0), (1, 0)):
                    yy, xx = y + dy, x + dx
                    while 0 <= yy < height and 0 <= xx < width and count[i, 0, yy, xx] == 0:
                        yy, xx = yy + dy, xx + dx
                    if 0 <= yy < height and 0 <= xx < width:
                        found.append(values[i, :, yy, xx])
                out[i, :, y, x] = torch.stack(found).mean(0) if found else 0
    return out


@pytest.mark.parametrize("speed", [1.0, 8.0])
def test_it_is_its_definition(speed):
    random = torch.Generator().manual_seed(0)
    flow = speed * torch.randn(2, 2, 9, 13, generator=random, dtype=torch.float64)
    weight = torch.rand(2, 1, 9, 13, generator=random, dtype=torch.float64) + 0.1
    mean, count = _literal(flow, weight)
    assert (count == 0).any()
    bare, filled = (project_flow(flow, weight, fill=fill) for fill in (False, True))
    torch.testing.assert_close(bare.weight, count)
    torch.testing.assert_close(bare.flow, mean)
    torch.testing.assert_close(filled.flow, _literal_fill(mean, count))


@pytest.mark.parametrize("case", ["dproj", "dprojsparse", "proj"])
def test_projection_units_of_the_published_network(case):
    unit = tensors("units")
    flow = unit[f"{case}_flow"]
    weight = unit.get(f"{case}_weight", torch.ones_like(flow[:, :1]))
    bare, filled = (project_flow(flow, weight, fill=fill) for fill in (False, True))
    assert (bare.weight - unit[f"{case}_count"]).abs().max() < 1e-5
    assert (bare.flow - unit[f"{case}_out_nofill"]).abs().max() < 1e-5
    assert (filled.flow - unit[f"{case}_out_filled"]).abs().max() < 1e-5


def test_an_image_without_any_flow_stays_empty():
    assert not fill_holes(torch.ones(1, 2, 3, 4), torch.zeros(1, 1, 3, 4, dtype=torch.bool)).any()


def test_gradients():
    random = torch.Generator().manual_seed(3)
    # Where a pixel goes is a step function: away from whole pixels it does not change.
    flow = torch.randint(-2, 3, (1, 2, 4, 5), generator=random) + 0.5
    weight = torch.rand(1, 1, 4, 5, generator=random) + 0.5
    given = (flow.double().requires_grad_(), weight.double().requires_grad_())
    assert torch.autograd.gradcheck(lambda *v: project_flow(*v, fill=False).flow, given)
    assert torch.autograd.gradcheck(lambda *v: project_flow(*v, fill=True).flow, given)
