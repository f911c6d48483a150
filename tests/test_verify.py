"""`verify dataset`: every kind of damage to a real tiny data set is found and named."""

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

from a2bench import verify
from a2bench.builders import adopt, procedural
from a2bench.checksums import write_checksums
from a2bench.dataset import Dataset, write_manifest
from a2bench.errors import A2BenchError
from a2bench.paths import canonical_json, sha256_file, write_json
from a2bench.pose.keypoints import PoseClip
from a2bench.video import read_truth, rgb_digest, write_png, write_truth

Cli = Callable[..., CompletedProcess[str]]


def found(dataset: Dataset, **options: Any) -> str:
    """Return the problems of a data set, one a line."""
    return "\n".join(map(str, verify.verify_dataset(dataset.folder, workers=1, **options).problems))


def edit_row(dataset: Dataset, sample_id: str, **fields: Any) -> None:
    """Change a manifest row, and nothing else, as an editor would."""
    path = dataset.folder / "manifest.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows = [row | fields if row["id"] == sample_id else row for row in rows]
    path.write_text("".join(canonical_json(row) + "\n" for row in rows))


def forge(dataset: Dataset, sample_id: str, **fields: Any) -> Dataset:
    """Change a sample's record and make every list and digest of files agree with it."""
    folder = dataset.folder / "samples" / sample_id
    row = json.loads((folder / "sample.json").read_text()) | fields
    row["files"] = {name: sha256_file(folder / name) for name in row["files"]}
    write_json(folder / "sample.json", row)
    write_manifest(dataset.folder, dataset.info.order)
    forged = Dataset.open(dataset.folder)
    write_checksums(forged)
    return forged


def test_what_was_built_verifies_at_every_level(tiny: Dataset) -> None:
    """No false alarm; the report says what was looked at."""
    report = verify.verify_dataset(tiny.folder, decoded=True, rebuild=1, workers=1)

    assert report.problems == []
    assert report.levels == ["files", "decoded", "rebuild"]
    assert (report.samples, len(report.decoded), len(report.rebuilt)) == (4, 4, 1)
    # five files a sample, and eight in the version's folder
    assert report.files == 4 * 5 + 8


def test_the_checksums_are_what_sha256sum_reads(tiny: Dataset) -> None:
    """Two spaces, relative paths, every file but the list itself."""
    lines = (tiny.folder / "checksums.sha256").read_text().splitlines()
    listed = {line[66:]: line[:64] for line in lines}
    there = {
        str(path.relative_to(tiny.folder)) for path in tiny.folder.rglob("*") if path.is_file()
    }

    assert set(listed) == there - {"checksums.sha256"}
    for path, digest in listed.items():
        assert hashlib.sha256((tiny.folder / path).read_bytes()).hexdigest() == digest


def test_a_changed_byte_and_a_truncated_file_are_named(copied: Dataset) -> None:
    """Files level finds both; the decoder's own words come at the decoded level."""
    one, two = copied.ids("smoke")[:2]
    video = copied.folder / "samples" / one / "video.mp4"
    data = bytearray(video.read_bytes())
    data[len(data) // 2] ^= 1
    video.write_bytes(data)
    mask = copied.folder / "samples" / two / "mask.npz"
    mask.write_bytes(mask.read_bytes()[:-7])

    files = found(copied, decoded=False)
    assert files.splitlines() == sorted(
        [
            f"samples/{one}/video.mp4: other bytes than were built",
            f"samples/{two}/mask.npz: other bytes than were built",
        ]
    )
    assert f"samples/{two}: samples/{two}/mask.npz: not an npz file" in found(copied)


def test_an_exchanged_video_is_found_by_its_bytes_and_by_its_pixels(copied: Dataset) -> None:
    """Where every file digest was forged to agree, the decoded pixels still do not."""
    one, two = copied.ids("smoke")[:2]
    samples = copied.folder / "samples"
    shutil.copyfile(samples / one / "video.mp4", samples / two / "video.mp4")

    assert f"samples/{two}/video.mp4: other bytes" in found(copied, decoded=False)
    forged = forge(copied, two)
    assert found(forged, decoded=False) == ""
    assert f"samples/{two}/video.mp4: decoded rgb differs" in found(forged)
    assert f"samples/{two}/reference.png: is not frame 0 of the video" in found(forged)


def test_a_forgery_that_agrees_with_itself_is_found_by_drawing_it_anew(copied: Dataset) -> None:
    """Another clip with all digests of its own: only the generator knows better."""
    one, two = copied.ids("smoke")[:2]
    samples = copied.folder / "samples"
    for name in ("video.mp4", "reference.png", "pose.npz", "mask.npz"):
        shutil.copyfile(samples / one / name, samples / two / name)
    forged = forge(copied, two, digests=copied.sample(one).digests)

    assert found(forged) == ""
    assert f"samples/{two}: rebuilt, differs in: mask, pose, rgb" in found(
        forged, decoded=False, rebuild=4
    )


def test_a_forgery_of_the_released_set_is_found_without_drawing(
    copied: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release's digests are part of the program, so the manifest is compared with them."""
    from a2bench.builders import release

    one = copied.ids("smoke")[0]
    record = {
        "version": copied.info.version,
        "libraries": "",
        "self": {key: release.shortened(row.digests) for key, row in copied.samples.items()},
    }
    monkeypatch.setattr(release, "_released", lambda: record)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    description = json.loads((copied.folder / "dataset.json").read_text())
    description |= {"name": "a2bench-proc", "profile": "default"}
    # the tiny pixels under the name of the default profile: only lists are looked at here
    folder = copied.folder.parent.parent / "a2bench-proc" / copied.info.version
    shutil.copytree(copied.folder, folder)
    write_json(folder / "dataset.json", description)
    renamed = Dataset.open(folder)
    write_checksums(renamed)
    assert found(renamed, decoded=False) == ""

    digests = copied.sample(one).digests | {"pose": "sha256:" + "0" * 64}
    forged = forge(renamed, one, digests=digests)

    assert f"manifest.jsonl, {one}: {one}: poses differ from release" in found(
        forged, decoded=False
    )


def test_missing_and_extra_files_are_named(copied: Dataset) -> None:
    """In a sample, among the samples, in the version; hidden ones too."""
    one, two = copied.ids("smoke")[:2]
    samples = copied.folder / "samples"
    (samples / one / "pose.npz").unlink()
    (samples / two / "notes.txt").write_text("mine")
    (samples / "stranger").mkdir()
    (samples / "stranger" / "video.mp4").write_text("")
    (copied.folder / ".hidden").write_text("")
    (copied.folder / "empty").mkdir()
    (copied.folder / "README.md").unlink()

    assert found(copied, decoded=False).splitlines() == sorted(
        [
            ".hidden: not part of the data set; left by a build that was killed",
            "README.md: missing; run the same `a2bench build` again",
            "empty: an empty folder, no part of it",
            f"samples/{one}/pose.npz: missing",
            f"samples/{two}/notes.txt: not part of the data set",
            "samples/stranger/video.mp4: not part of the data set",
        ]
    )


def test_a_thousand_extra_files_are_counted_not_listed(copied: Dataset) -> None:
    """Twenty are named."""
    for number in range(100):
        (copied.folder / f"extra-{number}").write_text("")

    lines = found(copied, decoded=False).splitlines()

    assert len(lines) == 21
    assert ": 80 more files are not part of it" in lines


def test_an_edited_manifest_is_found(copied: Dataset) -> None:
    """By the checksums, by the sample's own record, and by its form."""
    one = copied.ids("smoke")[0]
    edit_row(copied, one, prompt="a cat")

    problems = found(copied, decoded=False)

    assert "manifest.jsonl: other bytes than checksums.sha256 says" in problems
    assert f"samples/{one}/sample.json: differs from the manifest in: prompt" in problems


def test_a_manifest_that_is_not_canonical_sorted_or_whole_is_found(copied: Dataset) -> None:
    """Spaces, another order, a row twice, a strange row, an end cut off."""
    path = copied.folder / "manifest.jsonl"
    lines = path.read_text().splitlines()
    strange = json.dumps(json.loads(lines[1]) | {"id": "../../etc/passwd"})
    spaced = json.dumps(json.loads(lines[2]))
    path.write_text("\n".join([lines[3], strange, spaced, lines[0], lines[0]]))

    problems = found(copied, decoded=False)

    assert "manifest.jsonl: cut short" in problems
    assert "manifest.jsonl: line 2: not a valid row" in problems
    assert "line 3:" in problems and "not as a build writes it" in problems  # noqa: PT018
    assert "is there twice" in problems
    assert "rows are not sorted by id" in problems
    assert "4 samples" not in problems
    assert "3 samples, split smoke has 4: 1 are missing" in problems


def test_a_wrong_count_is_found(copied: Dataset) -> None:
    """A sample whose folder, row and checksums were all taken away leaves a split with a hole."""
    gone = copied.ids("smoke")[2]
    shutil.rmtree(copied.folder / "samples" / gone)
    write_manifest(copied.folder, copied.info.order)
    write_checksums(Dataset.open(copied.folder))

    assert found(copied, decoded=False) == (
        f"manifest.jsonl: 3 samples, split smoke has 4: 1 are missing (first: {gone})"
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [("splits", {"smoke": 4, "full": 499}), ("licence", "mine"), ("protocols", ["self"])],
)
def test_a_description_that_is_not_the_generators_is_found(
    copied: Dataset, field: str, value: Any
) -> None:
    """Even where its checksum was made to agree."""
    path = copied.folder / "dataset.json"
    write_json(path, json.loads(path.read_text()) | {field: value})
    write_checksums(Dataset.open(copied.folder))

    assert f"dataset.json: differs from the generator in: {field}" in found(copied, decoded=False)


def test_a_version_that_lies_under_another_name_is_found(copied: Dataset, tmp_path: Path) -> None:
    """A whole folder exchanged."""
    place = tmp_path / "datasets" / "a2bench-proc" / "9.9.9"
    shutil.copytree(copied.folder, place)

    assert "lies in a2bench-proc/9.9.9" in found(Dataset.open(place), decoded=False)


def test_a_description_that_cannot_be_read_is_a_problem_not_a_crash(copied: Dataset) -> None:
    """Not JSON, a folder, absurdly large."""
    path = copied.folder / "dataset.json"
    path.write_text('{"name": [[[[')
    assert "dataset.json: " in found(copied)
    with path.open("wb") as handle:
        handle.truncate(2**40)  # sparse: takes no room
    assert "not a file of at most" in found(copied)
    path.unlink()
    path.mkdir()
    assert found(copied) == "dataset.json: is not a file"


def test_links_are_named_and_never_followed(copied: Dataset, tmp_path: Path) -> None:
    """A file and a folder elsewhere, and a device that never ends."""
    one, two, three = copied.ids("smoke")[:3]
    samples = copied.folder / "samples"
    outside = tmp_path / "outside"
    shutil.move(samples / one, outside)
    (samples / one).symlink_to(outside)
    (samples / two / "video.mp4").unlink()
    (samples / two / "video.mp4").symlink_to("/dev/zero")
    (samples / three / "pose.npz").unlink()
    os.mkfifo(samples / three / "pose.npz")

    problems = found(copied)

    assert f"samples/{one}: is a link" in problems
    assert f"samples/{two}/video.mp4: is a link" in problems
    assert f"samples/{three}/pose.npz: is neither a file nor a folder" in problems


def test_a_path_that_leaves_the_folder_is_named_and_never_read(copied: Dataset) -> None:
    """In the manifest and in the checksums."""
    one = copied.ids("smoke")[0]
    files = copied.sample(one).files
    secret = copied.folder.parent / "secret.txt"
    secret.write_text("secret")
    edit_row(copied, one, files=files | {"../../../secret.txt": sha256_file(secret)})
    listing = copied.folder / "checksums.sha256"
    with listing.open("a") as handle:
        handle.write(f"{sha256_file(secret)[7:]}  ../secret.txt\n")

    problems = found(copied, decoded=False)

    assert "names the file '../../../secret.txt', which leaves the sample's folder" in problems
    assert "checksums.sha256: lists '../secret.txt', which is no file of it" in problems


@pytest.mark.parametrize("name", ["video.mp4", "sample.json"])
def test_an_absurdly_large_file_is_named_and_never_read(copied: Dataset, name: str) -> None:
    """A sparse terabyte would take half an hour to hash."""
    one = copied.ids("smoke")[0]
    with (copied.folder / "samples" / one / name).open("r+b") as handle:
        handle.truncate(2**40)

    assert f"samples/{one}/{name}: {2**40} bytes, at most" in found(copied)


def test_an_absurdly_large_manifest_or_list_is_named_and_never_read(copied: Dataset) -> None:
    """64 MiB hold 40,000 samples."""
    for name in ("manifest.jsonl", "checksums.sha256"):
        with (copied.folder / name).open("r+b") as handle:
            handle.truncate(2**40)

    problems = found(copied)

    assert f"manifest.jsonl: {2**40} bytes, at most" in problems
    assert "checksums.sha256: over 67108864 bytes" in problems


def test_a_row_that_claims_another_size_rate_or_length_is_found(copied: Dataset) -> None:
    """What the manifest claims is compared with what the video is."""
    one, two, three = copied.ids("smoke")[:3]
    edit_row(copied, one, size={"width": 8192, "height": 8192})
    edit_row(copied, two, fps=24.0)
    edit_row(copied, three, frames=4096)

    problems = found(copied)

    assert f"samples/{one}/video.mp4: size 128x192, the manifest says 8192x8192" in problems
    assert f"samples/{two}/video.mp4: frames a second 8.0, the manifest says 24.0" in problems
    assert f"samples/{three}/video.mp4: frames 32, the manifest says 4096" in problems


def test_a_row_without_digests_or_files_does_not_pass_for_lack_of_checks(copied: Dataset) -> None:
    """What is not named cannot be compared, so that it is not named is a problem."""
    one, two = copied.ids("smoke")[:2]
    edit_row(copied, one, digests={}, files={})
    edit_row(copied, two, digests={"rgb": "sha256:abc", "soul": "sha256:" + "0" * 64})

    problems = found(copied)

    assert f"manifest.jsonl, {one}: digests of [], expected ['mask', 'pose', 'rgb']" in problems
    assert f"manifest.jsonl, {one}: names no video.mp4" in problems
    assert f"manifest.jsonl, {two}: rgb: 'sha256:abc' is no sha256 digest" in problems


def test_a_reference_that_is_not_the_first_frame_is_found(copied: Dataset) -> None:
    """Even where its digest was made to agree."""
    one = copied.ids("smoke")[0]
    folder = copied.folder / "samples" / one
    write_png(folder / "reference.png", read_truth(folder / "video.mp4")[5])

    assert f"samples/{one}/reference.png: is not frame 0" in found(forge(copied, one))


def test_a_changed_pose_is_found(copied: Dataset) -> None:
    """A hundredth of a pixel."""
    one = copied.ids("smoke")[0]
    path = copied.folder / "samples" / one / "pose.npz"
    pose = PoseClip.load(path)
    PoseClip(pose.xy + 0.01, pose.visibility, pose.width, pose.height, pose.fps).save(path)

    assert f"samples/{one}/pose.npz: decoded pose differs" in found(forge(copied, one))


def _nudged(dataset: Dataset, sample_id: str, amount: int) -> Dataset:
    """Store a clip some levels brighter, with the record of a build on another machine."""
    folder = dataset.folder / "samples" / sample_id
    frames = read_truth(folder / "video.mp4")
    brighter = np.clip(frames.astype(np.int16) + amount, 0, 255).astype(np.uint8)
    write_truth(folder / "video.mp4", brighter, 8.0, storage="lossless")
    truth = read_truth(folder / "video.mp4")
    write_png(folder / "reference.png", truth[0])
    digests = dataset.sample(sample_id).digests | {"rgb": rgb_digest(truth)}
    return forge(dataset, sample_id, digests=digests)


def test_on_another_architecture_a_near_rebuild_passes_and_is_said_loudly(
    copied: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Poses exact, PSNR at least 50 dB; one level everywhere is 20 log10(255) = 48.1 dB."""
    one = copied.ids("smoke")[0]
    folder = copied.folder / "samples" / one
    frames = read_truth(folder / "video.mp4").copy()
    frames[:, :32] = np.clip(frames[:, :32].astype(np.int16) + 1, 0, 255)  # a sixth of it
    write_truth(folder / "video.mp4", frames, 8.0, storage="lossless")
    truth = read_truth(folder / "video.mp4")
    write_png(folder / "reference.png", truth[0])
    digests = copied.sample(one).digests | {"rgb": rgb_digest(truth)}
    near = forge(copied, one, digests=digests)
    assert f"samples/{one}: rebuilt, differs in: rgb" in found(near, decoded=False, rebuild=4)

    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    report = verify.verify_dataset(near.folder, decoded=False, rebuild=4, workers=1)

    assert report.problems == []
    assert any("rebuilt, not bit-identical: PSNR 5" in note for note in report.notes)


def test_on_another_architecture_a_far_rebuild_fails(
    copied: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four levels are 36 dB."""
    one = copied.ids("smoke")[0]
    far = _nudged(copied, one, 4)
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")

    assert "(at least 50 dB" in found(far, decoded=False, rebuild=4)


def test_a_claim_of_another_machine_is_said_and_of_the_release_a_problem(
    copied: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim loosens --rebuild, and anybody can write it into `dataset.json`."""
    path = copied.folder / "dataset.json"
    record = json.loads(path.read_text())
    assert not any("claims" in note for note in verify.verify_dataset(copied.folder).notes)

    write_json(path, record | {"build": record["build"] | {"machine": "aarch64"}})
    claimed = Dataset.open(copied.folder)
    write_checksums(claimed)
    report = verify.verify_dataset(copied.folder, decoded=False, workers=1)

    assert report.problems == []
    assert any(note.startswith("claims to be built on 'aarch64'") for note in report.notes)
    monkeypatch.setattr(verify, "is_release", lambda info: True)
    monkeypatch.setattr(verify, "pins", lambda version: True)
    monkeypatch.setattr(verify, "check_release", lambda *given: None)
    assert "dataset.json: claims to be built on 'aarch64'" in found(copied, decoded=False)


def test_an_adopted_set_verifies_and_cannot_be_drawn_anew(tmp_path: Path) -> None:
    """There is no generator to ask."""
    frames = np.random.default_rng(0).integers(0, 256, (8, 32, 48, 3), dtype=np.uint8)
    write_truth(tmp_path / "videos" / "a.mp4", frames, 8.0, storage="lossless")
    dataset = adopt.build(tmp_path, source=tmp_path / "videos", name="mine", workers=1)

    assert found(dataset) == ""
    with pytest.raises(A2BenchError, match="draws nothing anew"):
        verify.verify_dataset(dataset.folder, rebuild=1)


def test_a_build_goes_on_after_damage_was_taken_away(copied: Dataset) -> None:
    """The hint's words: delete the sample's folder, build again, and all is as built."""
    shutil.rmtree(copied.folder / "samples" / copied.ids("smoke")[1])
    assert found(copied, decoded=False) != ""

    procedural.build(copied.folder.parents[2], split="smoke", profile="tiny", workers=1)

    assert found(copied) == ""


def test_a_build_whose_record_was_damaged_says_what_to_delete(copied: Dataset) -> None:
    """Not a traceback."""
    one = copied.ids("smoke")[0]
    (copied.folder / "samples" / one / "sample.json").write_text("{}")

    with pytest.raises(A2BenchError, match=rf"(?s){one}.sample.json: not a valid.*hint: delete"):
        procedural.build(copied.folder.parents[2], split="smoke", profile="tiny", workers=1)


def test_the_command_line_names_problems_and_exits_with_1(cli: Cli, copied: Dataset) -> None:
    """0 as built, 1 with every problem on its line, 2 where nothing lies; --json for machines."""
    folder = str(copied.folder)
    sound = cli("verify", "dataset", folder, "--files")
    assert (sound.returncode, sound.stdout.splitlines()[-1]) == (
        0,
        f"{copied.label}: 4 samples, 28 files hashed: all as built",
    )

    (copied.folder / "extra\x1b[2J\n").write_text("")
    damaged = cli("verify", "dataset", folder, "--files", "--json")
    record = json.loads(damaged.stdout)
    assert damaged.returncode == 1
    assert (record["schema"], record["ok"]) == ("a2bench.verify/1", False)
    assert record["problems"][0]["file"] == "extra\x1b[2J\n"
    shown = cli("verify", "dataset", folder, "--files").stdout
    assert "extra\\x1b[2J" in shown
    assert "\x1b" not in shown

    assert cli("verify", "dataset", folder + "/samples").returncode == 2
    assert cli("verify", "dataset", folder, "--rebuild", "0").returncode == 2
    assert cli("verify", "datset", folder).returncode == 2


def test_a_file_that_cannot_be_read_is_named(
    copied: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failing disk, a missing right: the others are checked all the same."""
    one, two = copied.ids("smoke")[:2]

    def failing(path: Path) -> str:
        if path.parent.name == one and path.name == "video.mp4":
            raise OSError(5, "Input/output error")
        return sha256_file(path)

    monkeypatch.setattr(verify, "sha256_file", failing)
    (copied.folder / "samples" / two / "pose.npz").write_bytes(b"")

    assert set(found(copied, decoded=False).splitlines()) == {
        f"samples/{one}/video.mp4: cannot be read (Input/output error)",
        f"samples/{two}/pose.npz: other bytes than were built",
    }
