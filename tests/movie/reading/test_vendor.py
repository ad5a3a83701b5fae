import sys

import numpy as np
import pytest

from cafi.errors import CafiError
from cafi.movie.options import ReadOptions
from cafi.movie.reading import open_movie
from cafi.movie.reading.vendor import open_scene
from tests.movie.reading.czi_file import write_czi
from tests.movie.reading.lif_file import write_lif

DEFAULT = ReadOptions()


def plane(seed=0):
    return np.random.default_rng(seed).integers(0, 4000, (12, 10), dtype="uint16")


def test_maker_is_told_by_content_not_by_name(tmp_path, shared):
    pytest.importorskip("liffile")
    paths = {
        "CZI": write_czi(tmp_path / "a.tif", {(0, 0, 0): plane()}),
        "LIF": write_lif(tmp_path / "b.czi", {"pixels": plane()[None], "axes": "TYX"}),
        "ND2": tmp_path / "c.lif",
    }
    paths["ND2"].write_bytes((shared / "formats" / "timelapse.nd2").read_bytes())
    for kind, path in paths.items():
        with open_movie(path) as movie:
            assert movie.format == kind


@pytest.mark.parametrize(
    ("name", "library", "head"),
    [("a.nd2", "nd2", b"\xda\xce\xbe\n"), ("a.czi", "aicspylibczi", b"ZISRAWFILE"), ("a.lif", "liffile", b"p\0\0\0")],
)
def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch, name, library, head):
    monkeypatch.setitem(sys.modules, library, None)
    (tmp_path / name).write_bytes(head + bytes(100))
    with pytest.raises(CafiError) as error:
        open_scene(tmp_path / name, DEFAULT)
    assert str(error.value).endswith(f'needs the library {library}; install it with pip install "cafi[formats]".')


@pytest.mark.parametrize("head", [b"\xda\xce\xbe\n", b"ZISRAWFILE", b"p\0\0\0", b"\0\0\0\x0cjP  \r\n\x87\n"])
@pytest.mark.parametrize("rest", [b"", bytes(600), b"\xff" * 600])
def test_what_only_begins_like_a_vendor_file_is_one_sentence(tmp_path, head, rest):
    path = tmp_path / "a.nd2"
    path.write_bytes(head + rest)
    with pytest.raises(CafiError) as error:
        open_scene(path, DEFAULT)
    message = str(error.value)
    assert message.startswith(str(path))
    assert message.count(str(path)) == 1
    assert "\n" not in message
    assert message.endswith(".")


@pytest.mark.parametrize("name", ["timelapse.nd2", "zstack.nd2", "several_images.czi"])
@pytest.mark.parametrize("kept", [4, 200, 0.05, 0.5, 0.95, 0.995])
def test_truncated_real_file_is_one_sentence(tmp_path, shared, name, kept):
    content = (shared / "formats" / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    with pytest.raises(CafiError) as error:
        open_scene(path, DEFAULT)
    message = str(error.value)
    assert "damaged or incomplete, so copy or export it again" in message
    assert not any(word in message for word in ("ChunkMap", "unpack", "offset", "b'", "ZISRAW", "Error"))


def answer(path):
    try:
        with open_scene(path, DEFAULT) as movie:
            for t in range(min(3, movie.header.size.t)):
                assert movie.source.read(t, 0, 0).shape == movie.header.size[3:]
    except CafiError as error:
        return "refused" if str(error).startswith(str(path)) else str(error)
    return "read"


@pytest.mark.parametrize("name", ["timelapse.nd2", "zstack.nd2", "several_images.czi"])
def test_damage_is_answered_by_one_sentence_or_not_noticed(tmp_path, shared, name):
    content = (shared / "formats" / name).read_bytes()
    rng = np.random.default_rng(7)
    path = tmp_path / name
    answers = {"read": 0, "refused": 0}
    for _ in range(25):
        damaged = np.frombuffer(content, "uint8").copy()
        where = rng.integers(0, len(damaged), rng.choice([3, 30, 300]))
        damaged[where] = rng.integers(0, 256, len(where))
        path.write_bytes(damaged.tobytes())
        answers[answer(path)] += 1
    assert min(answers.values()) > 0


@pytest.mark.parametrize("maker", ["nikon", "zeiss"])
def test_fault_of_our_own_is_not_dressed_as_bad_input(shared, monkeypatch, maker):
    name = {"nikon": "timelapse.nd2", "zeiss": "several_images.czi"}[maker]
    with open_scene(shared / "formats" / name, DEFAULT):
        pass
    monkeypatch.setattr(f"cafi.movie.reading.vendor_{maker}.settle", lambda *_: {}["planted"])
    with pytest.raises(KeyError, match="planted"):
        open_scene(shared / "formats" / name, DEFAULT)
