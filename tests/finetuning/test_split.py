import numpy as np
import pytest

from cafi.errors import CafiError
from cafi.finetuning.split import GUARD_FRAMES, GUARD_PIXELS, split


@pytest.mark.parametrize(
    ("frames", "training", "validation", "test"),
    [(20, (0, 8), (10, 14), (16, 20)), (30, (0, 14), (16, 22), (24, 30)), (500, (0, 296), (298, 398), (400, 500))],
)
def test_blocks_of_time(frames, training, validation, test):
    parted = split(frames, 64, 48)
    assert parted.along == "time"
    parts = (parted.training, parted.validation, parted.test)
    assert [(p.targets.start, p.targets.stop) for p in parts] == [training, validation, test]


@pytest.mark.parametrize("frames", range(20, 120))
def test_nothing_learned_from_is_near_what_is_scored(frames):
    parted = split(frames, 64, 48)
    learned, judged, scored = (set(p.seen) for p in (parted.training, parted.validation, parted.test))
    assert not learned & (judged | scored)
    assert not set(parted.validation.targets) & scored
    assert not set(parted.test.targets) & judged
    assert min(parted.validation.targets) - max(learned) == GUARD_FRAMES + 1
    assert min(parted.test.targets) - max(parted.validation.targets) == GUARD_FRAMES + 1
    assert max(scored) == frames - 1
    assert len(learned) >= 8


@pytest.mark.parametrize(("height", "width"), [(288, 200), (200, 288), (192, 64), (64, 1000)])
def test_short_movies_are_parted_in_space(height, width):
    parted = split(9, height, width)
    assert parted.along == "space"
    fields = np.zeros((3, height, width), bool)
    for field, part in zip(fields, (parted.training, parted.validation, parted.test), strict=True):
        assert part.seen == part.targets == range(9)
        field[part.area.rows, part.area.columns] = True
        assert field.sum() == part.area.height * part.area.width
    assert not (fields.sum(0) > 1).any()
    guards = (fields.sum(0) == 0).all(axis=1 if height >= width else 0)
    assert guards.sum() == 2 * GUARD_PIXELS
    assert fields[0].sum() >= fields[1].sum() == fields[2].sum()


def test_what_is_too_short_or_too_small_is_refused():
    with pytest.raises(CafiError, match="has 4 frames along time, too few to learn from: it takes 5"):
        split(4, 500, 500)
    with pytest.raises(CafiError, match="has 19 frames of 191 x 64 pixels, too little to keep a part of it back"):
        split(19, 191, 64)
    assert split(5, 192, 64).along == "space"
