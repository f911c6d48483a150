"""A headless Chromium that tests talk to, in real time: DevTools over a pair of pipes.

`--dump-dom` with virtual time, as the gallery's tests use it, does not wait for decoders, which
work in threads of their own.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

DEADLINE_SECONDS = 60.0


class Page:
    """One tab."""

    def __init__(self, out: int, into: int) -> None:
        self._out, self._into, self._buffer, self._number = out, into, b"", 0
        self.problems: list[str] = []
        """Errors, refused requests and console messages of the kinds error and warning."""
        self.requests: list[str] = []
        """Addresses of all that was loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session: str | None = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    _session: str | None = None

    def _read(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._out], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError("chromium does not answer")
            found = os.read(self._out, 1 << 20)
            if not found:
                raise EOFError("chromium has ended")
            self._buffer += found
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        facts = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.problems.append(json.dumps(facts["exceptionDetails"])[:600])
            case "Log.entryAdded" if facts["entry"]["level"] in ("error", "warning"):
                self.problems.append(f"{facts['entry']['text']} {facts['entry'].get('url', '')}")
            case "Runtime.consoleAPICalled" if facts["type"] in ("error", "warning"):
                self.problems.append(json.dumps(facts["args"])[:600])
            case "Network.requestWillBeSent":
                self.requests.append(facts["request"]["url"][:300])
        return message

    def call(self, method: str, **facts: Any) -> dict[str, Any]:
        """Return the answer to a DevTools command."""
        self._number += 1
        request: dict[str, Any] = {"id": self._number, "method": method, "params": facts}
        if self._session is not None:
            request["sessionId"] = self._session
        os.write(self._into, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            message = self._read(deadline)
            if message.get("id") == self._number:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result

    def open(self, address: str) -> None:
        """Go to an address anew, whatever is shown."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)

    def before_load(self, script: str) -> None:
        """Run a script in every page that is opened from now on, before its own."""
        self.call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def run(self, script: str) -> Any:
        """Return what an expression gives; a promise is waited for."""
        found = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until an expression holds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not self.run(
            f"(() => {{ try {{ return Boolean({condition}); }} catch {{ return false; }} }})()"
        ):
            assert time.monotonic() < deadline, f"never true: {condition}; {self.problems}"
            time.sleep(0.05)

    def window(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        """Set the size of the window, in CSS px, and the colours that the user prefers."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=2 if phone else 1, mobile=phone,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Write what is seen as PNG."""
        found = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def chromium(profile: Path) -> Iterator[Page]:
    """Start Chromium; skip without it, fail where it must be there."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None and os.environ.get("A2BENCH_REQUIRE_EXTERNAL") == "1":
        pytest.fail("no chromium here, and A2BENCH_REQUIRE_EXTERNAL=1 wants it")
    if program is None:
        pytest.skip("no chromium here")
    their_in, our_out = os.pipe()
    our_in, their_out = os.pipe()
    command = [
        *(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--remote-debugging-pipe", "--no-first-run", "--hide-scrollbars"),
        *(f"--user-data-dir={profile}", "--window-size=1200,1000", "about:blank"),
    ]
    # DevTools reads descriptor 3 and writes descriptor 4
    shell = f'exec "$@" 3<&{their_in} 4>&{their_out}'
    process = subprocess.Popen(
        ["bash", "-c", shell, "bash", *command],
        pass_fds=(their_in, their_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(their_in)
    os.close(their_out)
    try:
        yield Page(our_in, our_out)
    finally:
        process.kill()
        process.wait()
        os.close(our_in)
        os.close(our_out)
