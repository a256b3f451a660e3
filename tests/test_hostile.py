"""Whatever a file holds, it is read or rejected with a reason, within its limits, and this process goes on."""

from __future__ import annotations

import os
import random
import socket
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import hostile
import pytest

from rag.config import DocumentSettings
from rag.documents import Loaded
from rag.documents.sandbox import Sandbox
from rag.errors import DocumentError
from rag.types import Document

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")

FILES = Path(__file__).parents[2] / "shared" / "data" / "files"
STRESS = os.environ.get("FOOTNOTE_STRESS") == "1"
SETTINGS = DocumentSettings() if STRESS else DocumentSettings(seconds=5)
SAMPLE = 30


class Outcome(NamedTuple):
    """What became of a file: its documents, or the reason why there is none."""

    path: Path
    documents: tuple[Document, ...]
    reason: str
    seconds: float
    memory: int


@pytest.fixture(autouse=True)
def _nobody_asks() -> Iterator[None]:
    """Stands where remote references lead to, and sees that nobody comes."""
    address = hostile.HOST.removeprefix("http://").split(":")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address[0], int(address[1])))
        listener.listen()
        listener.settimeout(0)
        yield
        with pytest.raises(BlockingIOError):
            listener.accept()


def outcome(box: Sandbox, path: Path) -> Outcome:
    try:
        loaded = box.load(path)
    except DocumentError as error:
        _check_reason(error)
        return Outcome(path, (), error.reason, *box.last_usage)
    _check_documents(loaded, path)
    return Outcome(path, loaded.documents, "", *box.last_usage)


def _check_reason(error: DocumentError) -> None:
    assert error.reason.strip()
    assert len(error.reason) < 500
    assert not _hidden(error.reason)
    assert hostile.TOKEN not in str(error)


def _check_documents(loaded: Loaded, path: Path) -> None:
    assert loaded.documents
    whole = os.path.realpath(path)
    paths = [document.path for document in loaded.documents]
    assert len(set(paths)) == len(paths)
    assert all(one == whole or one.startswith(f"{whole}/") for one in paths)
    assert not [one for one in paths if _hidden(one.removeprefix(whole)) or "/../" in one]
    assert sum(len(document.text) for document in loaded.documents) <= 50_000_000
    for document in loaded.documents:
        _check_document(document)


def _check_document(document: Document) -> None:
    text = document.text
    assert text.strip()
    assert document.title.strip()
    assert len(document.title) <= 300
    everything = "\n".join((text, document.title, document.author or "", document.outlet or "", *document.gaps))
    assert not {"\0", "\r"} & set(everything)
    everything.encode()
    assert hostile.TOKEN not in everything
    assert not [gap for gap in document.gaps if _hidden(gap) or len(gap) > 400]
    starts = [*document.pages]
    assert starts == sorted(starts)
    places = [offset for offset, _ in document.parts]
    assert places == sorted(places)
    assert all(0 <= offset <= len(text) for offset in (*starts, *places))
    assert all(0 <= start < end <= len(text) for start, end in document.headings)
    assert all(0 <= box.start < box.end <= len(text) for box in document.boxes)
    for date in (document.date, document.updated):
        assert date is None or len(date) <= 32


def _hidden(line: str) -> list[str]:
    return [c for c in line if unicodedata.category(c)[0] == "C"]


def test_a_sample_of_hostile_files_costs_only_themselves(tmp_path: Path) -> None:
    names = random.Random(hostile.SEED).sample(sorted(hostile.CASES), SAMPLE)
    with Sandbox(SETTINGS) as box:
        outcomes = [outcome(box, path) for path in hostile.write(tmp_path, names)]
        server = box._server
        assert server is not None
        assert not server.ended()
    assert len(outcomes) == SAMPLE
    for one in outcomes:
        assert one.seconds < SETTINGS.seconds + 2, one.path.name
        assert one.memory < 1 << 30, one.path.name


def test_what_is_no_ordinary_file_is_rejected_at_once(tmp_path: Path) -> None:
    with Sandbox(SETTINGS) as box:
        outcomes = {path.name: outcome(box, path) for path in hostile.specials(tmp_path)}
    assert outcomes["pipe.txt"].reason == outcomes["socket.txt"].reason == "it is not an ordinary file"
    assert outcomes["device.txt"].reason == "it is not an ordinary file"
    assert outcomes["folder.pdf"].reason == "it is a folder"
    assert outcomes["loop.txt"].reason.startswith("it cannot be read: Too many levels of symbolic links")
    assert outcomes["nothing.pdf"].reason == "there is no such file"
    assert all(one.seconds < 1 for one in outcomes.values())
    if os.geteuid() != 0:
        assert outcomes["locked.txt"].reason.startswith("you may not read it")


def test_invisible_and_turning_characters_stay_in_the_text_where_they_were(tmp_path: Path) -> None:
    (path,) = hostile.write(tmp_path, ["invisible.txt"])
    with Sandbox(SETTINGS) as box:
        (document,) = box.load(path).documents
    assert document.text.encode() == path.read_bytes()


@pytest.mark.skipif(not STRESS, reason="FOOTNOTE_STRESS=1 reads every hostile and every real file")
def test_every_hostile_and_every_real_file_is_read_or_rejected(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    real = sorted(path for path in FILES.rglob("*") if path.is_file()) if FILES.is_dir() else []
    given = [*hostile.write(tmp_path), *hostile.specials(tmp_path), *real]
    faults: list[str] = []
    outcomes: list[Outcome] = []
    with Sandbox(SETTINGS) as box:
        for path in given:
            try:
                outcomes.append(outcome(box, path))
            except Exception as error:
                faults.append(f"{path.name!a}: {type(error).__name__}: {str(error)[:300]}")
    slowest = max(outcomes, key=lambda one: one.seconds)
    largest = max(outcomes, key=lambda one: one.memory)
    read = sum(bool(one.documents) for one in outcomes)
    with capfd.disabled():
        sys.stdout.write(
            f"\n{len(given)} files ({len(real)} real), {read} read, {len(outcomes) - read} rejected, 0 parent deaths, "
            f"{len(faults)} unaccounted; slowest {slowest.seconds:.1f} s ({slowest.path.name!a}), "
            f"largest {largest.memory / 2**20:.0f} MB ({largest.path.name!a})\n"
        )
    assert faults == []
    assert slowest.seconds < SETTINGS.seconds + 2
    assert largest.memory < 1 << 30
