"""Data sets in the layouts of others, read back by the libraries they are for."""

import base64
import http.server
import json
import pickle
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import cv2
import datasets
import huggingface_hub
import numpy as np
import pytest
import yaml
from pycocotools.coco import COCO

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.exports import animate_x, coco, hf
from a2bench.ondemand import Grid, driving_clip
from a2bench.pose.keypoints import JOINT_INDEX, PoseClip
from a2bench.verify import verify_dataset
from a2bench.video import read_image, read_truth

Cli = Callable[..., subprocess.CompletedProcess[str]]


def test_pycocotools_reads_pictures_points_and_boxes(tiny: Dataset, tmp_path: Path) -> None:
    coco.write(tiny, "smoke", tmp_path / "out", workers=1)
    found = COCO(str(tmp_path / "out" / "annotations.json"))
    ids = tiny.ids("smoke")
    assert len(found.imgs) == 32 * len(ids)
    (category,) = found.loadCats(found.getCatIds())
    assert len(category["keypoints"]) == 17
    image = found.loadImgs([5])[0]
    assert image["file_name"] == f"{ids[0]}/000004.png"
    frame = read_image(tmp_path / "out" / "images" / image["file_name"])
    np.testing.assert_array_equal(frame, read_truth(tiny.sample_file(ids[0], "video.mp4"))[4])
    (annotation,) = found.loadAnns(found.getAnnIds(imgIds=[5]))
    pose = PoseClip.load(tiny.sample_file(ids[0], "pose.npz"))
    points = np.reshape(annotation["keypoints"], (17, 3))
    left_wrist = category["keypoints"].index("left_wrist")
    ours = JOINT_INDEX["left_wrist"]
    assert points[left_wrist, 2] == pose.visibility[4, ours]
    if points[left_wrist, 2]:
        np.testing.assert_allclose(points[left_wrist, :2], pose.xy[4, ours], atol=0.005)
    x, y, width, height = annotation["bbox"]
    assert 0 <= x < x + width <= image["width"]
    assert 0 <= y < y + height <= image["height"]
    assert 0 < annotation["area"] <= width * height


def test_bones_of_coco_join_left_with_left() -> None:
    """Each side's wrist hangs on its own elbow: numbers count from 1."""
    joined = {tuple(sorted(coco.POINTS[end - 1] for end in bone)) for bone in coco.SKELETON}
    assert ("left_elbow", "left_wrist") in joined
    assert ("right_ankle", "right_knee") in joined
    assert len(joined) == 19


def test_animate_x_is_given_what_its_own_pre_processing_would_leave(
    tiny: Dataset, tmp_path: Path
) -> None:
    """Skeletons and key points are those that our own pipeline feeds the network."""
    from a2bench.baselines.animate_x import prepare

    animate_x.write(tiny, "smoke", tmp_path / "out", protocol="cross", workers=1)
    settings = yaml.safe_load((tmp_path / "out" / "config_a2bench.yaml").read_text())
    cases = tiny.cases("cross", "smoke")
    assert len(settings["test_list_path"]) == len(cases)
    _, image, pose_folder, frame_folder, pkl, _ = settings["test_list_path"][1]
    top = tmp_path / "out"
    case = cases[1]
    _, poses = driving_clip(tiny, case, Grid(case.size, case.fps, case.frames, "stretch"))
    assert poses is not None
    loaded = pickle.loads((top / pkl).read_bytes())  # ours, of a moment ago
    wanted = prepare.keypoint_tensor(poses).numpy()
    for index in (0, 7, 31):  # as `process_single_pose_embedding_katong` reads them
        found = np.swapaxes(loaded["bodies"][index][:18], 0, 1)
        np.testing.assert_allclose(found, wanted[index], atol=1e-6)
    names = sorted(path.name for path in (top / pose_folder).iterdir())
    assert names == [f"frame_{index:04d}.jpg" for index in range(case.frames)]
    from PIL import Image

    from a2bench.pose.drawing import draw_pose

    read = np.asarray(Image.open(top / pose_folder / names[3]))  # as the released code opens it
    drawn = prepare.as_the_network_knows(draw_pose(poses)[3])
    assert np.abs(read.astype(int) - drawn.astype(int)).mean() < 1  # two JPEG decoders
    frame = cv2.imread(str(top / frame_folder / names[3]))
    assert frame is not None
    truth = read_truth(tiny.sample_file(case.driver_id, "video.mp4"))[3]
    assert np.abs(frame[..., ::-1].astype(int) - truth.astype(int)).mean() < 4  # JPEG
    reference = read_image(tiny.sample_file(case.reference_id, "reference.png"))
    np.testing.assert_array_equal(read_image(top / image), reference)


def test_datasets_reads_the_hub_layout_and_it_is_a_data_set_again(
    tiny: Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    hf.write(tiny, "smoke", out, workers=1)
    rows = datasets.load_dataset(str(out), split="test", cache_dir=str(tmp_path / "cache"))
    assert sorted(rows["id"]) == sorted(tiny.ids("smoke"))
    row = rows[0]
    assert (out / "samples" / row["id"] / "video.mp4").is_file()
    assert row["attributes"]["species"]
    report = verify_dataset(out, decoded=True, rebuild=0, seed=0, workers=1)
    assert not report.problems
    assert Dataset.open(out).digest("smoke") == tiny.digest("smoke")


def test_an_export_goes_on_where_it_stopped_and_mixes_nothing(
    tiny: Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    coco.write(tiny, "smoke", out, workers=1)
    whole = (out / "annotations.json").read_bytes()
    first = tiny.ids("smoke")[0]
    (out / "parts" / f"{first}.json").unlink()
    (out / "annotations.json").unlink()
    untouched = out / "images" / tiny.ids("smoke")[1] / "000000.png"
    before = untouched.stat().st_mtime_ns
    coco.write(tiny, "smoke", out, workers=1)
    assert (out / "annotations.json").read_bytes() == whole
    assert untouched.stat().st_mtime_ns == before
    with pytest.raises(A2BenchError, match="holds another export"):
        animate_x.write(tiny, "smoke", out, protocol="self", workers=1)
    with pytest.raises(A2BenchError, match="not an empty folder"):
        hf.write(tiny, "smoke", out, workers=1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(A2BenchError, match="not an empty folder"):
        coco.write(tiny, "smoke", tmp_path / "mine", workers=1)
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "x"


def test_through_the_command_line(cli: Cli, tiny_home: Path, tmp_path: Path) -> None:
    out = tmp_path / "coco"
    words = ("a2bench-proc-tiny", "--split", "smoke", "--home", str(tiny_home))
    done = cli("export", "dataset", *words, "--to", "coco", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "128 pictures of 4 samples with 128 poses" in done.stdout
    assert json.loads((out / "annotations.json").read_bytes())["images"]
    wrong = cli("export", "dataset", *words, "--to", "cocoa", "--out", str(out))
    assert wrong.returncode == 2
    assert "Did you mean 'coco'" in wrong.stderr


class _Hub(http.server.BaseHTTPRequestHandler):
    """As much of the hub's interface as an upload needs; keeps what it was sent."""

    seen: ClassVar[dict[str, Any]] = {}

    def do_GET(self) -> None:
        self._answer({"sha": "0" * 40, "siblings": [], "id": "lab/set"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = self.path.split("?")[0]
        if asked == "/api/repos/create":
            self.seen["create"] = json.loads(body)
            here = f"http://{self.headers['Host']}"
            self._answer({"url": f"{here}/datasets/lab/set", "name": "lab/set", "id": "1"})
        elif "/preupload/" in asked:
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            self._answer({"files": files})
        elif "/commit/" in asked:
            lines = [json.loads(line) for line in body.splitlines()]
            self.seen["files"] = {
                line["value"]["path"]: base64.b64decode(line["value"]["content"])
                for line in lines
                if line["key"] == "file"
            }
            here = f"http://{self.headers['Host']}"
            self._answer({"commitUrl": f"{here}/datasets/lab/set/commit/1", "commitOid": "1" * 40})
        elif "/tag/" in asked:
            self.seen["tag"] = json.loads(body)["tag"]
            self._answer({})
        else:  # `validate-yaml` of the card
            self._answer({"warnings": [], "errors": []})

    def _answer(self, record: dict[str, Any]) -> None:
        if self.seen.get("refuses"):
            self.send_error(403)
            return
        text = json.dumps(record).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A hub on this machine; what it was sent."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(
        huggingface_hub.constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}"
    )
    monkeypatch.setenv("HF_TOKEN", "hf_" + "a" * 34)
    _Hub.seen.clear()
    yield _Hub.seen
    server.shutdown()
    server.server_close()


def test_a_push_is_one_commit_of_every_file_with_the_version_as_its_tag(
    tiny: Dataset, tmp_path: Path, hub: dict[str, Any]
) -> None:
    out = tmp_path / "out"
    hf.write(tiny, "smoke", out, workers=1)
    address = hf.push(out, "lab/set", version="1.0.0", private=True)
    assert address.endswith("/datasets/lab/set/commit/1")
    assert hub["create"]["type"] == "dataset"
    assert hub["create"]["visibility"] == "private" or hub["create"]["private"]
    assert hub["tag"] == "1.0.0"
    there = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert set(hub["files"]) == there
    assert hub["files"]["manifest.jsonl"] == (out / "manifest.jsonl").read_bytes()


def test_a_hub_that_refuses_is_an_error_with_what_to_type(
    tiny: Dataset, tmp_path: Path, hub: dict[str, Any]
) -> None:
    hub["refuses"] = True
    (tmp_path / "README.md").write_text("x")
    with pytest.raises(A2BenchError, match=r"lab/set: not uploaded: .*403(.|\n)*hf auth login"):
        hf.push(tmp_path, "lab/set", version="1.0.0")
