import numpy as np
import pytest
import tifffile
import torch

from cafi.errors import CafiError
from cafi.training.movies import load_movies, split
from cafi.training.recorded import Recordings


def test_every_channel_is_a_movie_normalised_by_its_own_range(tmp_path):
    pixels = np.random.default_rng(0).integers(100, 4000, (9, 2, 20, 24)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, metadata={"axes": "TCYX"})
    (tmp_path / "notes.txt").write_text("no movie")
    (movies,) = load_movies(tmp_path)
    assert [tuple(m.shape) for m in movies] == [(9, 20, 24)] * 2
    low, high = np.percentile(pixels[:, 1], (0.1, 99.9))
    assert np.allclose(movies[1].numpy(), (pixels[:, 1] - low) / (high - low), atol=2e-3)


def test_a_folder_without_movies_is_refused(tmp_path):
    with pytest.raises(CafiError, match="holds no movie with at least 7 frames"):
        load_movies(tmp_path)


@pytest.mark.parametrize(("frames", "share", "guard"), [(100, 0.1, 13), (60, 0.3, 7)])
def test_a_guard_lies_between_training_and_validation(frames, share, guard):
    movie = torch.arange(frames).view(-1, 1, 1).float()
    learned, kept = split(movie, share, guard)
    assert len(kept) == round(share * frames)
    assert float(kept.min() - learned.max()) == guard + 1


def test_a_short_movie_is_not_split():
    movie = torch.zeros(12, 4, 4)
    learned, kept = split(movie, 0.3, 7)
    assert len(learned) == 12
    assert len(kept) == 0


def test_a_clip_has_the_times_of_its_frames():
    # Brightness is the frame's number, so that times can be read off.
    movie = torch.arange(40.0).view(-1, 1, 1).expand(-1, 32, 32).contiguous()
    recordings = Recordings([movie], 24, (2, 3, 4))
    drawn = recordings.draw(30, torch.Generator().manual_seed(0))
    numbers = drawn.frames.mean((2, 3))
    stride = numbers[:, 4] - numbers[:, 1]
    assert set(stride.tolist()) == {2.0, 3.0, 4.0}
    assert torch.allclose(drawn.times, (numbers - numbers[:, 1:2]) / stride[:, None], atol=1e-5)
    assert (drawn.frames.std((2, 3)) == 0).all()
