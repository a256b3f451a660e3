"""The network unplugged: a trace of every system call shows that no command reaches beyond this machine.

Indexing and asking are traced with each run; with FOOTNOTE_STRESS=1 an evaluation and the chat are as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from eval.chat_load import Tab

STRESS = bool(os.environ.get("FOOTNOTE_STRESS"))
SAMPLE = Path(__file__).parents[1] / "eval" / "suites" / "sample" / "documents"
RAG = [sys.executable, "-c", "import sys, rag.cli; sys.exit(rag.cli.main())"]
# A program runs several times as fast where the kernel stops it at the traced calls alone.
STRACE = ["strace", "-f", "--seccomp-bpf", "-qq", "-s", "256", "-e", "trace=network,execve,openat"]

# One process for both: most of the time goes into starting it.
INDEX_AND_ASK = """
import sys, rag.cli
rag.cli.main(["index", "reports", "--json"])
print(end="\\0")
sys.exit(rag.cli.main(["ask", "Where did the ministers meet?", "--json"]))
"""

# Of a traced call that names an address: its family, and what follows.
_ADDRESS = re.compile(r"\b(?:connect|bind|sendto|sendmsg|sendmmsg)\(.*?sa_family=(AF_\w+)(.*)")
_LOOPBACK = re.compile(r'sin_addr=inet_addr\("127\.|inet_pton\(AF_INET6, "(?:::1|::ffff:127\.)')
# What looks up names of hosts: services of this machine, and the files that tell whom to ask. (nscd knows users too.)
_NAME_SERVICES = ("nslcd", "resolve", "dbus", "avahi")
_RESOLVER = re.compile(r'openat\(.*"/etc/(?:resolv\.conf|hosts|gai\.conf)"')


def _can_trace() -> str:
    """Why nothing can be traced here, or nothing."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run([*STRACE, "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    return f"strace may not trace here: {tried.stderr.strip()}" if tried.returncode else ""


pytestmark = pytest.mark.skipif(bool(_can_trace()), reason=_can_trace() or "-")


def outside(trace: Path) -> list[str]:
    """The calls that reach, or ask for, anything but this machine."""
    found = []
    for line in trace.read_text(errors="replace").splitlines():
        if _RESOLVER.search(line):
            found.append(line)
        match = _ADDRESS.search(line)
        if match is None:
            continue
        family, rest = match.groups()
        if family == "AF_UNIX":
            foreign = any(name in rest for name in _NAME_SERVICES)
        elif family in ("AF_INET", "AF_INET6"):
            foreign = not _LOOPBACK.search(rest) or "htons(53)" in rest
        else:
            foreign = family not in ("AF_UNSPEC", "AF_NETLINK")  # the kernel's own list of interfaces
        if foreign:
            found.append(line)
    return found


def traced(tmp_path: Path, *words: str | Path) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run a command to its end: what it said, and its trace."""
    trace = tmp_path / "trace"
    command = [*STRACE, "-o", str(trace), *map(str, words)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=400, check=False)
    return done, trace


def assert_silent(trace: Path) -> None:
    """Nothing went outside, and the trace did see the program start."""
    assert re.search(r"execve\(.*rag\.cli", trace.read_text(errors="replace"))
    assert outside(trace) == []


@pytest.mark.parametrize(
    "code",
    [
        "import socket; s = socket.socket(); s.settimeout(.2); s.connect(('192.0.2.1', 443))",
        "import socket; s = socket.socket(socket.AF_INET6); s.settimeout(.2); s.connect(('2001:db8::1', 443))",
        "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'x', ('192.0.2.1', 53))",
        "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.53', 53))",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', "
        "'import socket; s = socket.socket(); s.settimeout(.2); s.connect((\"192.0.2.1\", 80))'])",
        "import threading, socket; s = socket.socket(); s.settimeout(.2); "
        "t = threading.Thread(target=s.connect_ex, args=(('192.0.2.1', 80),)); t.start(); t.join()",
        "import socket; socket.getaddrinfo('footnote.invalid', 443)",
    ],
)
def test_a_process_that_does_reach_outside_is_caught(tmp_path: Path, code: str) -> None:
    _, trace = traced(tmp_path, sys.executable, "-S", "-c", code)
    assert outside(trace)


def test_this_machine_alone_is_not_outside(tmp_path: Path) -> None:
    code = (
        "import socket; a = socket.create_server(('127.0.0.1', 0)); b = socket.create_connection(a.getsockname()); "
        "b.send(b'x'); c = socket.socket(socket.AF_UNIX); c.connect_ex('/tmp/no-such-socket')"
    )
    done, trace = traced(tmp_path, sys.executable, "-S", "-c", code)
    assert done.returncode == 0
    assert "connect(" in trace.read_text()
    assert outside(trace) == []


def test_indexing_and_asking_reach_nothing_outside(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    for file in sorted(SAMPLE.iterdir())[:6]:
        shutil.copy(file, folder)
    remote = '<html><body><p>The ministers met in Riyadh.</p><img src="http://192.0.2.7/pixel.png">'
    (folder / "remote.html").write_text(f'{remote}<link href="http://192.0.2.7/s.css" rel="stylesheet"></body></html>')
    done, trace = traced(tmp_path, sys.executable, "-c", INDEX_AND_ASK)
    indexed, asked = map(json.loads, done.stdout.split("\0"))
    assert len(indexed["added"]) == 7
    assert done.returncode in (0, 3)
    assert asked["question"] == "Where did the ministers meet?"
    assert_silent(trace)


@pytest.mark.skipif(not STRESS, reason="with FOOTNOTE_STRESS=1")
def test_an_evaluation_reaches_nothing_outside(tmp_path: Path) -> None:
    done, trace = traced(tmp_path, *RAG, "eval", "sample", "--limit", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["rows"]["footnote"]) == 2
    assert_silent(trace)


@contextlib.contextmanager
def chatting(tmp_path: Path, trace: Path) -> Iterator[str]:
    """The chat over the sample reports, traced: its address. It is stopped as a service manager does."""
    words = [*STRACE, "-o", str(trace), *RAG, "chat", "--documents", str(SAMPLE), "--port", "0"]
    with subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            said = iter(process.stdout.readline, "")
            yield next(line.split()[3] for line in said if line.startswith("Footnote answers at "))
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


async def used(address: str) -> None:
    """Ask, add a file, hand the conversation out and look for tools, as a page and a program do."""
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=120) as client:
        tab = Tab(client, (await client.get("/config")).json())
        await tab.open()
        assert (await tab.ask("Who is Moira Kell?")).error == ""
        sent = await client.post(
            "/gradio_api/upload", files={"files": ("t-0.txt", b"The lamp of Orm was lit by hand.")}
        )
        file = {"path": sent.json()[0], "meta": {"_type": "gradio.FileData"}}
        for name, value in (("upload", [file]), ("upload-names", '["orm.txt"] t')):
            tab.values[tab.named[name]] = value
        await tab.start("upload", "upload")
        await tab.tell("upload-sent", "{} 1")
        assert "Added: 1" in tab.values[tab.named["report"]]
        await tab.start("export-html", "click")
        assert "Moira Kell" in tab.values[tab.named["exported"]]
        request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        accepts = {"accept": "application/json, text/event-stream"}
        listed = await client.post("/gradio_api/mcp/", json=request, headers=accepts)
        assert '"ask"' in listed.text


@pytest.mark.skipif(not STRESS, reason="with FOOTNOTE_STRESS=1")
def test_the_chat_reaches_nothing_outside(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with chatting(tmp_path, trace) as address:
        asyncio.run(used(address))
    assert_silent(trace)
