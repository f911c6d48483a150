"""The command line as a user meets it: exit codes, nearest names, nothing heavy for help."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from a2bench.procedural import VERSION
from a2bench.video import write_lossless_rgb

Cli = Callable[..., CompletedProcess[str]]
HEAVY = ("torch", "diffusers", "transformers", "pandas", "cv2", "skia", "hydra", "numpy")


@pytest.mark.parametrize(
    "words",
    [["--help"], ["ls", "methods"], ["ls", "metrics"], ["ls", "runners"], ["run", "--help"]],
)
def test_help_and_listing_import_nothing_heavy(words: list[str]) -> None:
    """They answer at once, also where a library is broken."""
    code = (
        "import sys\nfrom a2bench.cli.main import main\n"
        f"sys.argv = ['a2bench', *{words!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"print('LOADED', sorted(set(sys.modules) & set({HEAVY!r})))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "LOADED []" in done.stdout


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (["run", "metod=still"], "'method'"),
        (["run", "--splt", "demo"], "'--split'"),
        (["build", "dataset=procedurl"], "'procedural'"),
        (["build", "split=dmo"], "'demo'"),
        (["build", "profile=defalt"], "'default'"),
        (["run", "method=puppetwarp"], "'puppet_warp'"),
        (["run", "method=still", "runner=lokal"], "'local'"),
        (["run", "method=still", "protocol=croos", "home=nowhere"], "a2bench-proc"),
        (["score", "suite=a2bnch"], "'a2bench'"),
        (["info", "metric", "psnt"], "'psnr'"),
        (["ls", "method"], "'methods'"),
    ],
)
def test_a_typo_is_an_error_with_the_nearest_name(
    cli: Cli, tmp_path: Path, words: list[str], nearest: str
) -> None:
    """Exit 2, one line that helps, no traceback, nothing written."""
    done = cli(*words, cwd=tmp_path)

    assert done.returncode == 2
    assert nearest in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_hydras_own_flags_pass_through(cli: Cli, tmp_path: Path) -> None:
    """`--cfg job` prints the composed configuration."""
    done = cli("run", "method=still", "split=demo", "--cfg", "job", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "split: demo" in done.stdout


def test_a_sweep_runs_every_combination(cli: Cli, tiny_home: Path, tmp_path: Path) -> None:
    """-m method=A,B protocol=C: one job each, in one process."""
    done = cli(
        *("run", "-m", "method=still,copy_driving", "protocol=cross", "split=smoke"),
        *("dataset=a2bench-proc-tiny", f"home={tiny_home}", "run=sweep"),
        cwd=tmp_path,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("4 predictions made") == 2
    assert list(tmp_path.iterdir()) == []  # Hydra leaves no folders behind


def test_a_sweep_with_a_bad_job_does_the_others_and_says_so(
    cli: Cli, tiny_home: Path, tmp_path: Path
) -> None:
    """The exit code is the worst."""
    done = cli(
        *("run", "-m", "method=nobody,still", "protocol=self", "split=smoke"),
        *("dataset=a2bench-proc-tiny", f"home={tiny_home}", "run=sweep2"),
        cwd=tmp_path,
    )

    assert done.returncode == 2
    assert "unknown method: 'nobody'" in done.stderr
    assert "4 predictions made" in done.stdout


def test_a_value_with_spaces_commas_and_quotes_reaches_the_task(cli: Cli, tmp_path: Path) -> None:
    """Flags quote for Hydra's grammar."""
    strange = tmp_path / "my, 'own' videos=(1)"
    frames = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    write_lossless_rgb(strange / "a b.mp4", frames, 8)

    done = cli("score", "--pair", str(strange / "a b.mp4"), str(strange / "a b.mp4"))

    assert done.returncode == 0, done.stderr
    assert "identical" in done.stdout


def test_pair_json_is_the_contract(cli: Cli, tmp_path: Path) -> None:
    """Schema, suite, and for each metric value, status, reason, unit in full precision."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        frames = rng.integers(0, 256, (2, 40, 36, 3), dtype=np.uint8)
        write_lossless_rgb(tmp_path / f"{name}.mp4", frames, 8)

    done = cli("score", "--pair", str(tmp_path / "a.mp4"), str(tmp_path / "b.mp4"), "--json")
    record = json.loads(done.stdout)

    assert record["schema"] == "a2bench.pair/1"
    assert record["suite"] == "a2bench"
    assert set(record["metrics"]) >= {"psnr", "ssim", "l1", "flow_error_dis"}
    for outcome in record["metrics"].values():
        assert set(outcome) == {"value", "status", "reason", "unit"}


@pytest.mark.parametrize(("frames", "height"), [(3, 40), (2, 42)])
def test_pair_never_cuts_or_resizes(cli: Cli, tmp_path: Path, frames: int, height: int) -> None:
    """Other counts or sizes: exit 2, both are named."""
    zeros = np.zeros((3, 42, 36, 3), np.uint8)
    write_lossless_rgb(tmp_path / "a.mp4", zeros[:2, :40], 8)
    write_lossless_rgb(tmp_path / "b.mp4", zeros[:frames, :height], 8)

    done = cli("score", "--pair", str(tmp_path / "a.mp4"), str(tmp_path / "b.mp4"))

    assert done.returncode == 2
    assert f"truth has {frames} frames of 36x{height}" in done.stderr


def test_a_mask_limits_what_is_scored(cli: Cli, tmp_path: Path) -> None:
    """A prediction that is wrong outside the mask only has no error inside."""
    from a2bench.video import write_png

    truth = np.random.default_rng(0).integers(0, 256, (2, 40, 36, 3), dtype=np.uint8)
    wrong = truth.copy()
    wrong[:, :20] = 0
    mask = np.zeros((40, 36, 3), np.uint8)
    mask[20:] = 255
    write_lossless_rgb(tmp_path / "a.mp4", wrong, 8)
    write_lossless_rgb(tmp_path / "b.mp4", truth, 8)
    write_png(tmp_path / "mask.png", mask)
    pair = ("--pair", str(tmp_path / "a.mp4"), str(tmp_path / "b.mp4"), "--json")

    masked = json.loads(cli("score", *pair, "--mask", str(tmp_path / "mask.png")).stdout)
    both = json.loads(cli("score", *pair, "--suite", "a2bench,disco").stdout)
    refused = cli("score", *pair, "--mask", str(tmp_path / "mask.png"), "--suite", "disco")

    assert masked["metrics"]["l1"]["value"] == 0
    assert both["suite"] == "a2bench,disco"
    l1 = both["metrics"]["l1"]["value"]
    assert l1 > 0.1
    # the same error, in grey levels and over the area: 255 / (40 x 36) of it
    assert both["metrics"]["l1_over_area"]["value"] == pytest.approx(l1 * 255 / 1440)
    assert refused.returncode == 2
    assert "leave --mask out" in refused.stderr


@pytest.mark.parametrize("words", [["ls", "methods"], ["info", "metric", "psnr"], ["doctor"]])
def test_read_verbs_speak_json(cli: Cli, words: list[str]) -> None:
    """For machines."""
    done = cli(*words, "--json")

    assert json.loads(done.stdout)


def test_a_table_before_scoring_says_what_to_type(
    cli: Cli, tiny_home: Path, tmp_path: Path
) -> None:
    """No empty table, no crash."""
    done = cli("table", "--home", str(tiny_home), "--dataset", "a2bench-proc-tiny", "--run", "no")

    assert done.returncode == 2
    assert "hint: a2bench run" in done.stderr


def test_a_missing_gl_library_names_the_packages_to_install() -> None:
    """Skia links libEGL and libGL; hidden here, `doctor` fails with the line and `demo` stops."""
    code = (
        "import ctypes, sys\nreal = ctypes.CDLL\n"
        "def hidden(name, *a, **k):\n"
        "    if name and 'libEGL' in str(name): raise OSError(f'{name}: cannot open')\n"
        "    return real(name, *a, **k)\n"
        "ctypes.CDLL = hidden\nfrom a2bench.cli.main import main\n"
        "sys.argv = ['a2bench', *sys.argv[1:]]\nmain()\n"
    )
    for words, exit_code in ((["doctor"], 1), (["demo"], 2), (["build", "split=demo"], 2)):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
        )

        assert done.returncode == exit_code, done.stderr
        assert "libEGL.so.1 cannot be loaded" in done.stdout + done.stderr
        assert "apt-get install libegl1 libgl1" in done.stdout + done.stderr


def test_verify_speaks_in_exit_codes(cli: Cli, tiny_home: Path, tmp_path: Path) -> None:
    """0 where all is as built, 1 where not."""
    import shutil

    shutil.copytree(tiny_home / "datasets", tmp_path / "datasets")
    good = cli("verify", "dataset", "a2bench-proc-tiny", "--home", str(tmp_path))
    next(tmp_path.glob("datasets/*/*/samples/*/video.mp4")).unlink()
    bad = cli("verify", "dataset", "a2bench-proc-tiny", "--home", str(tmp_path))

    assert (good.returncode, bad.returncode) == (0, 1)
    assert "all as built" in good.stdout
    assert "video.mp4: missing" in bad.stdout


def test_what_lies_in_the_data_root_is_listed_and_shown(
    cli: Cli, tiny_home: Path, tmp_path: Path
) -> None:
    """`$A2BENCH_HOME` names the root for every verb."""
    home = {"A2BENCH_HOME": str(tiny_home)}
    words = ("dataset=a2bench-proc-tiny", "split=smoke", "protocol=self", "run=listed")
    assert cli("run", "method=still", *words, cwd=tmp_path, **home).returncode == 0

    datasets = json.loads(cli("ls", "datasets", "--json", **home).stdout)
    runs = {row["name"]: row for row in json.loads(cli("ls", "runs", "--json", **home).stdout)}
    facts = json.loads(cli("info", "dataset", "a2bench-proc-tiny", "--json", **home).stdout)

    assert [(row["name"], row["samples"]) for row in datasets] == [
        (f"a2bench-proc-tiny@{VERSION}", "4 of 500")
    ]
    assert runs["listed"]["methods"] == "still"
    assert facts["splits"]["smoke"]["digest"].startswith("sha256:")
    assert facts["splits"]["demo"] == {"ids": 8, "digest": None}


def test_dry_run_prints_every_request_and_runs_none(
    cli: Cli, tiny_home: Path, tmp_path: Path
) -> None:
    """One JSON line a case, on stdout."""
    done = cli(
        *("run", "--method", "still", "--protocol", "cross", "--split", "smoke", "--dry-run"),
        "--json",
        *("--dataset", "a2bench-proc-tiny", "--home", str(tiny_home), "--run", "dry"),
    )
    requests = [json.loads(line)["request"] for line in done.stdout.splitlines()]

    assert done.returncode == 0, done.stderr
    assert len(requests) == 4
    assert {request["schema"] for request in requests} == {"a2bench.request/1"}
    assert not (tiny_home / "runs" / "dry").exists()


@pytest.mark.parametrize("verb", ["run", "build"])
def test_a_key_that_must_be_given_is_asked_for(cli: Cli, verb: str) -> None:
    """With an example, without a traceback."""
    words = ["dataset=adopt"] if verb == "build" else []
    done = cli(verb, *words)

    assert done.returncode == 2
    assert f"`a2bench {verb}` needs" in done.stderr
    assert f"hint: a2bench {verb}" in done.stderr
