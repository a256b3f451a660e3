"""Several processes at one index, folders that cannot be written, and a full disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import StandInEncoder
from stress import REFUSED, STRESS, Children, figures, serve

from rag.config import Config, RetrievalSettings
from rag.errors import IndexFault, IndexLocked, RagError
from rag.index import Index
from rag.types import Document

WRITERS, EACH = (3, 201) if STRESS else (3, 12)
CONFIG = Config(retrieval=RetrievalSettings(candidates=10_000))


def document(name: str, text: str) -> Document:
    return Document(text=text, path=f"/files/{name}", title=name, sha256=name)


def texts(index: Index) -> dict[str, str]:
    return {one.path: index.document(one.path).text for one in index.documents()}


# --- the children


def work(order: list[str]) -> int:
    what, folder, name = order
    return {"write together": write_together, "write": write, "hold": hold, "look": look}[what](Path(folder), name)


def write_together(folder: Path, _: str) -> int:
    """Several processes that write at once."""
    for number in range(WRITERS):
        if not os.fork():
            status = 1
            try:
                status = write(folder, str(number))
            finally:
                os._exit(status)
    return max(os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(WRITERS))


def write(folder: Path, name: str) -> int:
    """Add documents one by one and delete every third, each in an index opened for the purpose."""
    for number in range(EACH):
        with Index.open(folder, encoder=StandInEncoder(), config=CONFIG, create=True) as index:
            insist(index.add, [document(f"{name}-{number}", f"The ministers of {name} met {number} times.")])
            if number % 3 == 2:
                insist(index.remove, f"/files/{name}-{number - 1}")
    return 0


def insist(change: Callable[[Any], object], what: object) -> None:
    while True:
        try:
            change(what)
            return
        except IndexLocked:
            time.sleep(0.01)


def hold(folder: Path, name: str) -> int:
    """Add a document and keep the index open until killed."""
    with Index.open(folder, encoder=StandInEncoder(), config=CONFIG) as index:
        index.add([document(name, "Kept open.")])
        (folder / "held").touch()
        time.sleep(60)
    return 0


def look(folder: Path, name: str) -> int:
    """Open and search as a user who may not write there."""
    if not os.geteuid():
        os.setuid(65534)
    try:
        with Index.open(folder, encoder=StandInEncoder(), config=CONFIG) as index:
            index.search("ministers")
            index.add([document(name, "Not to be.")])
    except RagError:
        return REFUSED
    return 0


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    with Children(__file__) as started:
        yield started


def run(children: Children, *order: str) -> int:
    children.begin(list(order))
    children.go()
    return children.ended()


# --- the tests


def test_writers_in_several_processes_lose_nothing_of_each_other_and_readers_see_whole_documents(
    children: Children, tmp_path: Path, encoder: StandInEncoder
) -> None:
    folder = tmp_path / "index"
    with Index.open(folder, encoder=encoder, config=CONFIG, create=True) as index:
        index.search("everything is imported")
    began, looks = time.monotonic(), 0
    children.begin(["write together", str(folder), ""])
    children.go()
    ended: list[int] = []
    waiting = threading.Thread(target=lambda: ended.append(children.ended()))
    waiting.start()
    with Index.open(folder, encoder=encoder, config=CONFIG) as kept:
        while waiting.is_alive():
            with Index.open(folder, encoder=encoder, config=CONFIG) as fresh:
                for index in (kept, fresh):
                    hits = index.search("ministers", k=10_000)
                    assert all(hit.text == f"The ministers of {hit.title.replace('-', ' met ')} times." for hit in hits)
                    assert len({hit.path for hit in hits}) == len(hits)
            looks += 1
        assert ended == [0]
        assert looks > 5
        expected = {
            f"/files/{name}-{number}": f"The ministers of {name} met {number} times."
            for name in range(WRITERS) for number in range(EACH) if number % 3 != 1
        }  # fmt: skip
        assert texts(kept) == expected
        assert kept.verify().ok
    figures("writers", began, processes=WRITERS, changes=WRITERS * (EACH + EACH // 3), looks=looks, lost=0)


def test_what_others_add_while_an_index_is_open_is_neither_missed_nor_overwritten(
    children: Children, tmp_path: Path, encoder: StandInEncoder
) -> None:
    """To hash the catalog must not give up SQLite's locks on it: others would delete the log that is written here."""
    folder = tmp_path.resolve()
    with Index.open(folder, encoder=encoder, config=CONFIG, create=True) as index:
        index.add([document("first", "One text.")])
        assert run(children, "write", str(folder), "x") == 0  # the last of others to close it
        children.begin(["hold", str(folder), "held"])
        children.go()
        while not (folder / "held").exists():
            time.sleep(0.01)
        assert "/files/held" in texts(index)
        index.add([document("last", "Another text.")])
        expected = texts(index)
        assert set(expected) > {"/files/first", "/files/held", "/files/last"}
        children.kill()
        children.ended()
    with Index.open(folder, encoder=encoder, config=CONFIG) as index:
        assert texts(index) == expected
        assert index.verify().ok


def test_an_index_that_may_not_be_written_is_searched_or_refused_and_never_changed(
    children: Children, tmp_path: Path, encoder: StandInEncoder
) -> None:
    folder = tmp_path.resolve() / "index"
    with Index.open(folder, encoder=encoder, config=CONFIG, create=True) as index:
        index.add([document("a", "The ministers met.")])
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    opened = [parent for parent in folder.parents if parent != Path("/")] if not os.geteuid() else []
    modes = [(one, one.stat().st_mode) for one in opened]
    try:
        for one, mode in modes:
            one.chmod(mode | 0o055)
        for file in folder.iterdir():
            file.chmod(0o444)
        folder.chmod(0o555)
        assert run(children, "look", str(folder), "b") == REFUSED
    finally:
        folder.chmod(0o700)
        for one, mode in modes:
            one.chmod(mode)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], capture_output=True
        ).returncode
    ):
        pytest.skip("a small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(index: Index, kept: list[str]) -> None:
    """Add documents until it fails; write down what was acknowledged."""
    for number in range(1000):
        text = f"The ministers met {number} times. " * 30
        index.add([document(f"{number}", text)], progress=lambda told: kept.append(told.path))


def test_a_full_disk_stops_an_update_with_a_reason_and_what_was_acknowledged_is_searched(
    small_disk: Path, encoder: StandInEncoder
) -> None:
    folder, kept = small_disk / "index", list[str]()
    with Index.open(folder, encoder=encoder, config=CONFIG, create=True) as index:
        with pytest.raises(IndexFault, match="disk has room"):
            fill(index, kept)
        assert len(kept) > 5
        assert len({hit.path for hit in index.search("ministers", k=10_000)}) in (len(kept), len(kept) + 1)
    with Index.open(folder, encoder=encoder, config=CONFIG) as index:  # still full
        assert set(kept) <= set(texts(index))
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    with Index.open(folder, encoder=encoder, config=CONFIG) as index:
        index.add([document("after", "There is room again.")])
        index.remove("/files/0")
        assert index.verify().ok
        assert {"/files/after", *kept[1:]} <= set(texts(index))


if __name__ == "__main__":
    serve(work, seconds=120)
