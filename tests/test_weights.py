"""Weight files: fetched whole or not at all, recognised by their hash, never run as programs."""

import hashlib
import http.server
import json
import os
import pickle
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
import yaml

from a2bench import weights
from a2bench.errors import A2BenchError
from a2bench.weights.fetch import fetch

Cli = Callable[..., subprocess.CompletedProcess[str]]

CONTENT = bytes(range(256)) * 4096  # 1 MiB


@dataclass
class Server:
    """A local HTTP server with one behaviour a path; keeps what was asked of it."""

    address: str
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    chunked: set[str] = field(default_factory=set)
    """Paths whose answer says no length."""
    cut_after: int = 0
    """The next answer breaks off after so many bytes."""


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Stay silent."""

        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            state.asked.append((self.path, wanted))
            if self.path.startswith("/moved/"):
                self.send_response(302)
                self.send_header("Location", self.path.removeprefix("/moved"))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            content = state.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            self.send_response(206 if wanted else 200)
            kind = "text/html" if self.path.endswith(".html") else "application/octet-stream"
            self.send_header("Content-Type", kind)
            body = content[start:]
            if self.path in state.chunked:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")
                return
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if state.cut_after:
                self.wfile.write(body[: state.cut_after])
                state.cut_after = 0
                self.close_connection = True
                return
            self.wfile.write(body)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        state = Server(f"http://127.0.0.1:{running.server_port}")
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield state
        running.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty weights folder."""
    monkeypatch.setenv("A2BENCH_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def add_row(plugin_folder: Path) -> Callable[..., weights.WeightRow]:
    """Add a row to the table, as a plug-in would."""
    (plugin_folder / "weights").mkdir()
    listed: list[dict[str, object]] = []

    def add(name: str, content: bytes, **facts: object) -> weights.WeightRow:
        listed.append(
            {
                "name": name,
                "file": f"{name}.pth",
                "size_bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "licence": "CC0",
                "source": "made by a test",
            }
            | facts
        )
        path = plugin_folder / "weights" / "mine.yaml"
        path.write_text(yaml.safe_dump(listed))
        weights._read_table.cache_clear()
        return weights.row(name)

    return add


def test_the_table_holds_every_file_of_the_dossier() -> None:
    """Each with a licence, a source, and something to recognise it by."""
    rows = weights.table()

    assert rows["inception_fid"].size_bytes == 95_628_359
    assert len(rows) >= 15  # methods add theirs
    for row in rows.values():
        assert row.licence
        assert row.source.startswith("https://")
        if row.opened_by == "method":
            continue  # its own program reads it; it may be had by hand only
        assert row.sha256 or row.sha256_prefix or row.keys
        assert row.urls or row.hub or row.package


def test_heads_of_lpips_come_with_the_package() -> None:
    """And their bytes are the published ones."""
    assert weights.missing("lpips_alex_head", "lpips_vgg_head", "lpips_squeeze_head") == ""


def test_what_is_absent_is_named_with_the_command(folder: Path) -> None:
    assert weights.missing("inception_fid", "vgg16_imagenet") == (
        "weights pt_inception-2015-12-05-6726825d.pth, vgg16-397923af.pth are absent: "
        "`a2bench fetch inception_fid vgg16_imagenet`"
    )


def test_a_file_is_fetched_and_noted(folder: Path, server: Server, add_row: Callable) -> None:
    server.files["/f.pth"] = CONTENT
    row = add_row("mine", CONTENT, urls=[f"{server.address}/f.pth"])

    got = fetch(row)

    assert got.status.state == "ready"
    assert (folder / "mine.pth").read_bytes() == CONTENT
    assert json.loads((folder / "mine.pth.a2bench.json").read_text())["sha256"] == row.sha256
    assert fetch(row).came_from == ""  # the second time it is there
    assert len(server.asked) == 1


def test_an_interrupted_download_goes_on_where_it_stopped(
    folder: Path, server: Server, add_row: Callable
) -> None:
    """Within one command: the second connection asks for the rest only."""
    server.files["/f.pth"] = CONTENT
    server.cut_after = 300_000

    fetch(add_row("mine", CONTENT, urls=[f"{server.address}/f.pth"]))

    assert (folder / "mine.pth").read_bytes() == CONTENT
    assert len(server.asked) == 2
    start = int(server.asked[1][1].removeprefix("bytes=").rstrip("-"))
    assert 0 < start <= 300_000


def test_the_next_command_resumes_too(folder: Path, server: Server, add_row: Callable) -> None:
    """What a killed command left counts."""
    server.files["/f.pth"] = CONTENT
    (folder / ".partial").mkdir(parents=True)
    (folder / ".partial" / "mine.part").write_bytes(CONTENT[:500_000])

    fetch(add_row("mine", CONTENT, urls=[f"{server.address}/f.pth"]))

    assert server.asked == [("/f.pth", "bytes=500000-")]
    assert (folder / "mine.pth").read_bytes() == CONTENT


def test_a_redirect_is_followed(folder: Path, server: Server, add_row: Callable) -> None:
    server.files["/f.pth"] = CONTENT

    fetch(add_row("mine", CONTENT, urls=[f"{server.address}/moved/f.pth"]))

    assert (folder / "mine.pth").read_bytes() == CONTENT


def test_the_next_address_is_tried_and_all_are_named(
    folder: Path, server: Server, add_row: Callable
) -> None:
    """404, a web page instead of the file, a corrupt file, a wrong size: nothing is left behind."""
    corrupt = CONTENT[:-1] + b"x"
    server.files |= {"/page.html": b"<html>log in", "/corrupt.pth": corrupt, "/short.pth": b"abc"}
    urls = [f"{server.address}/{name}" for name in ("no", "page.html", "corrupt.pth", "short.pth")]

    with pytest.raises(A2BenchError) as raised:
        fetch(add_row("mine", CONTENT, urls=urls))

    text = str(raised.value)
    assert "HTTP 404" in text
    assert "a web page came" in text
    assert "SHA-256 is another one" in text
    assert "offers 3 bytes" in text
    assert "a2bench fetch mine --from FOLDER" in text
    assert not (folder / "mine.pth").exists()

    server.files["/no"] = CONTENT
    assert fetch(weights.row("mine")).status.usable


def test_a_server_that_never_ends_is_cut_off(
    folder: Path, server: Server, add_row: Callable
) -> None:
    """More than the row's bytes: refused by the head, and where it says nothing while they come."""
    server.files["/f.pth"] = server.files["/endless.pth"] = CONTENT + b"more"
    server.chunked.add("/endless.pth")

    with pytest.raises(A2BenchError, match="offers 1048580 bytes, mine has 1048576"):
        fetch(add_row("mine", CONTENT, urls=[f"{server.address}/f.pth"]))
    with pytest.raises(A2BenchError, match="more than 1048576 bytes came; deleted"):
        fetch(add_row("other", CONTENT, urls=[f"{server.address}/endless.pth"]))
    assert not (folder / ".partial" / "other.part").exists()


def test_a_folder_serves_machines_without_a_network(
    folder: Path, tmp_path: Path, add_row: Callable, cli: Cli
) -> None:
    """By flag or variable; a wrong file is refused with both hashes."""
    add_row("mine", CONTENT)
    carried = tmp_path / "carried"
    carried.mkdir()
    (carried / "mine.pth").write_bytes(CONTENT[:-1] + b"x")

    wrong = cli("fetch", "mine", "--from", str(carried))
    (carried / "mine.pth").write_bytes(CONTENT)
    right = cli("fetch", "mine", A2BENCH_WEIGHTS_FROM=str(carried))
    listing = cli("fetch", "--json")

    assert wrong.returncode == 2
    assert hashlib.sha256(CONTENT).hexdigest() in wrong.stderr
    assert "it was not taken" in wrong.stderr
    assert right.returncode == 0, right.stderr
    assert "licence: CC0" in right.stdout
    states = {row["name"]: row["state"] for row in json.loads(listing.stdout)}
    assert states["mine"] == "ready"
    assert states["vgg16_imagenet"] == "absent"


def test_nothing_to_download_says_where_to_get_it(folder: Path, add_row: Callable) -> None:
    with pytest.raises(A2BenchError, match=r"get mine\.pth from made by a test"):
        fetch(add_row("mine", CONTENT))


def test_a_file_that_was_exchanged_is_noticed(folder: Path, add_row: Callable) -> None:
    """A note vouches for one size and time only."""
    row = add_row("mine", CONTENT)
    folder.mkdir()
    (folder / "mine.pth").write_bytes(CONTENT)
    assert weights.status("mine").state == "ready"

    (folder / "mine.pth").write_bytes(CONTENT[:-1] + b"x")
    os.utime(folder / "mine.pth", ns=(1, 1))

    assert weights.status("mine").state == "wrong"
    with pytest.raises(A2BenchError, match="has SHA-256"):
        weights.tensors(row.name)


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (os.environ["A2BENCH_TEST_BOMB"],)


def test_a_pickle_that_runs_code_is_not_opened(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, add_row: Callable
) -> None:
    """Even with the right hash: tensors only."""
    mark = tmp_path / "it ran"
    monkeypatch.setenv("A2BENCH_TEST_BOMB", str(mark))
    folder.mkdir()
    torch.save({"weight": torch.zeros(1), "bomb": _Bomb()}, folder / "mine.pth")
    content = (folder / "mine.pth").read_bytes()
    add_row("mine", content)

    with pytest.raises(A2BenchError, match="not a file of plain tensors"):
        weights.tensors("mine")

    assert not mark.exists()
    pickle.loads(pickle.dumps(_Bomb()))
    assert mark.exists()  # it is a bomb


def tiny_keys() -> dict[str, tuple[int, ...]]:
    """Keys and shapes of the network of these tests."""
    return {"weight": (2, 3), "bias": (2,)}


def test_without_a_published_hash_keys_and_shapes_decide(
    folder: Path, tmp_path: Path, plugin_folder: Path, add_row: Callable
) -> None:
    """Rule 11: used, but marked with the hash that was seen."""
    carried = tmp_path / "carried"
    carried.mkdir()
    row = add_row(
        "mine",
        b"",
        size_bytes=None,
        sha256=None,
        nested_key="state_dict",
        strip_prefix="module.",
        keys=f"{__name__}:tiny_keys",
    )
    torch.save({"state_dict": {"module.weight": torch.zeros(2, 2)}}, carried / "mine.pth")
    with pytest.raises(A2BenchError, match=r"1 keys lack \(bias\); weight has shape \(2, 2\)"):
        fetch(row, source=carried)
    assert not (folder / "mine.pth").exists()

    right = {"module.weight": torch.ones(2, 3), "module.bias": torch.zeros(2)}
    torch.save({"epoch": 3, "state_dict": right}, carried / "mine.pth")
    found = fetch(row, source=carried).status

    assert found.state == "unverified"
    assert found.sha256 in weights.unverified("mine")
    assert weights.tensors("mine")["weight"].sum() == 6
    assert weights.unverified("lpips_alex_head") == ""


class _Script(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.arange(4.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight


@pytest.mark.filterwarnings("ignore:.*torch.jit.*")
def test_a_torchscript_is_opened_by_its_converter_only(
    folder: Path, plugin_folder: Path, add_row: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another process, with the right hash; with a wrong one not at all."""
    import io

    module = plugin_folder.parent / "code" / "my_converter.py"
    module.parent.mkdir()
    module.write_text(
        "import torch\n"
        "def tensors(file):\n"
        "    script = torch.jit.load(file)\n"
        "    return {key: value.clone() for key, value in script.state_dict().items()}\n"
    )
    site = plugin_folder.parent / "code"
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(_Script()), buffer)
    content = buffer.getvalue()
    row = add_row("mine", content, format="torchscript", converter="my_converter:tensors")
    folder.mkdir()
    (folder / "mine.pth").write_bytes(content)
    assert weights.status("mine").state == "unconverted"
    # the converter's process is isolated (-I): it finds modules where they are installed only
    with pytest.raises(A2BenchError, match="my_converter:tensors cannot be imported"):
        fetch(row)
    monkeypatch.setattr("a2bench.weights.convert._ISOLATED", ())
    monkeypatch.setenv("PYTHONPATH", str(site))

    assert fetch(row).status.state == "ready"
    assert weights.tensors("mine")["weight"].tolist() == [0, 1, 2, 3]

    # what was hashed is what is opened: the child looks at the bytes itself
    (folder / "mine.pth").write_bytes(content[:-1] + b"x")
    from a2bench.weights.convert import convert

    with pytest.raises(A2BenchError, match="it was not opened"):
        convert(row, folder / "mine.pth")


def test_a_torchscript_without_a_hash_is_no_row(add_row: Callable) -> None:
    with pytest.raises(A2BenchError, match="TorchScript is a program"):
        add_row("mine", b"x", sha256=None, format="torchscript", keys="a.b:c")


def test_a_row_cannot_replace_another(add_row: Callable) -> None:
    """So random weights never go under a real name."""
    with pytest.raises(A2BenchError, match="two rows are called 'inception_fid'"):
        add_row("inception_fid", CONTENT)
    with pytest.raises(A2BenchError, match=r"two rows|are both"):
        add_row("mine", CONTENT, file="vgg16-397923af.pth")


def test_a_group_is_all_its_files_and_a_wrong_name_is_answered(folder: Path, cli: Cli) -> None:
    names = {row.name for row in weights.rows_named(["metrics"])}

    assert {"inception_fid", "i3d_torchscript", "resnet3d50_kinetics"} <= names
    ours = [row for row in weights.table().values() if row.opened_by == "a2bench"]
    assert weights.rows_named(["all"]) == ours
    answer = cli("fetch", "inception")
    assert answer.returncode == 2
    assert "Did you mean 'inception_fid'?" in answer.stderr


def test_the_hub_is_asked_through_its_own_library(
    folder: Path, tmp_path: Path, add_row: Callable, cli: Cli
) -> None:
    """Against a local server that answers as the hub does."""
    digest = hashlib.sha256(CONTENT).hexdigest()

    class Hub(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Stay silent."""

        def _head(self) -> bool:
            there = self.path == "/me/mine/resolve/main/deep/w.bin"
            if not there:
                self.send_error(404)
                return False
            self.send_response(200)
            for key, value in {
                "Content-Length": str(len(CONTENT)),
                "ETag": f'"{digest}"',
                "X-Repo-Commit": "0" * 40,
            }.items():
                self.send_header(key, value)
            self.end_headers()
            return True

        def do_HEAD(self) -> None:
            self._head()

        def do_GET(self) -> None:
            if self._head():
                self.wfile.write(CONTENT)

    add_row("mine", CONTENT, hub=[{"repository": "me/mine", "path": "deep/w.bin"}])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        environment = {
            "HF_ENDPOINT": f"http://127.0.0.1:{running.server_port}",
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_XET": "1",
        }
        got = cli("fetch", "mine", **environment)
        running.shutdown()
        thread.join()

    assert got.returncode == 0, got.stderr
    assert "from hf://me/mine/deep/w.bin@main" in got.stdout
    assert (folder / "mine.pth").read_bytes() == CONTENT
    assert not (folder / ".partial" / "mine.hub").exists()


def test_a_file_that_only_its_method_opens_is_taken_and_marked(
    folder: Path, add_row: Callable, tmp_path: Path
) -> None:
    """Its hash is published nowhere and we never look inside: what came is noted."""
    row = add_row("theirs", CONTENT, sha256=None, opened_by="method", format="other")
    (tmp_path / "carried").mkdir()
    (tmp_path / "carried" / "theirs.pth").write_bytes(CONTENT)

    got = fetch(row, source=tmp_path / "carried")

    assert got.status.state == "unverified"
    assert hashlib.sha256(CONTENT).hexdigest() in weights.unverified("theirs")
    assert row not in weights.rows_named(["all"])


def test_a_method_stands_for_all_its_files() -> None:
    from a2bench.cli.fetching import _rows_of

    assert _rows_of("fomm") == ["fomm_taichi"]
    assert _rows_of("inception_fid") == ["inception_fid"]
    assert "svd_xt_1_1_unet" in _rows_of("controlnext_svd_v2")
