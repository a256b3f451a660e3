"""Kill, full disk and I/O error at every system call of one step: the index is as it was before, or as after it.

A child stops itself, strace attaches to it, and lets the N-th call of a kind fail that concerns a file of the index.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import StandInEncoder
from stress import REFUSED, STRESS, Children, figures, serve

from rag import upkeep
from rag.config import Config, RetrievalSettings
from rag.errors import IndexDamaged, IndexMismatch, IndexMissing, RagError
from rag.index import Index
from rag.types import Document, Progress

POINTS = 48  # of all steps together, unless it is stress
CONFIG = Config(retrieval=RetrievalSettings(candidates=1000))
ENCODER = StandInEncoder()
OTHER = StandInEncoder(model_name="stand-in-2", dimension=64)

# What each fault can strike: a kill comes before the call is done, and of an error the call says that it was not done.
WRITES = "write,pwrite64,openat,ftruncate,rename,link,mkdir"
STRUCK = {
    "signal=SIGKILL": f"{WRITES},unlink,fsync,fdatasync",
    "error=ENOSPC": WRITES,
    "error=EIO": f"{WRITES},unlink,fsync,fdatasync,read,pread64",
}
CATALOG = [f"catalog.sqlite{beside}{side}" for beside in ("", ".next") for side in ("", "-wal", "-shm", ".ledger")]
NAMES = [*CATALOG, "catalog.sqlite-journal", "catalog.sqlite.damaged", "vectors.faiss", "vectors.tmp", "write.lock"]


def document(name: str, text: str) -> Document:
    return Document(text=text, path=f"/files/{name}", title=name, sha256=name)


OLD = [document("a", "The ministers met in Riyadh. They spoke of wheat."), document("b", "The bridge was closed.")]
LONG = document("long", "\n\n".join(f"Paragraph {n} of the long report on harvests. " * 5 for n in range(80)))
EDITED = document("a", "The ministers met in Doha.\n\nThey spoke of barley.")


# --- steps: what is there before, and what is done; again after a fault


class Step(NamedTuple):
    prepare: Callable[[Path], None]
    act: Callable[[Path], None]


def opened(folder: Path, *, create: bool = True) -> Index:
    return Index.open(folder, encoder=ENCODER, config=CONFIG, create=create)


def nothing(folder: Path) -> None:
    pass


def two(folder: Path) -> None:
    with opened(folder) as index:
        index.add(OLD)


def three(folder: Path) -> None:
    two(folder)
    with opened(folder) as index:
        index.add([LONG])


def commit(folder: Path) -> None:
    def told(_: Progress) -> None:
        (folder / "told").write_bytes(b"!")

    with opened(folder) as index:
        index.add([EDITED], progress=told)


def insist(folder: Path) -> None:
    with opened(folder) as index:
        try:
            index.add([EDITED])
        except RagError:
            index.add([EDITED])


def delete(folder: Path) -> None:
    with opened(folder) as index:
        index.remove(LONG.path)


def rebuild(folder: Path) -> None:
    upkeep.rebuild(folder, config=CONFIG, encoder=OTHER)


def repair(folder: Path) -> None:
    upkeep.repair(folder, config=CONFIG, encoder=ENCODER)


def damage(folder: Path) -> None:
    catalog = folder / "catalog.sqlite"
    data = catalog.read_bytes()
    assert b"Paragraph 40 of" in data
    catalog.write_bytes(data.replace(b"Paragraph 40 of", b"Paragraph 44 of", 1))


def damaged(folder: Path) -> None:
    three(folder)
    damage(folder)


def damaged_beside_its_log(folder: Path) -> None:
    """What a kill leaves before the log is merged: the edit stands only there."""
    work = folder.with_name("work")
    three(work)
    with opened(work) as index:
        index._catalog.put(EDITED, [])
        shutil.copytree(work, folder)
    shutil.rmtree(work)
    damage(folder)


STEPS = {
    "first commit": Step(nothing, commit),
    "commit": Step(two, commit),
    "commit tried twice": Step(two, insist),
    "deletion and compaction": Step(three, delete),
    "take-over": Step(two, rebuild),
    "repair": Step(damaged, repair),
    "repair beside a log": Step(damaged_beside_its_log, repair),
}


def work(order: list[str]) -> int:
    name, folder = order
    try:
        STEPS[name].act(Path(folder))
    except RagError:
        return REFUSED
    return 0


# --- what is there afterwards


def state(folder: Path) -> object:
    """What the index in `folder` holds, once it is known to be sound; or the name of what it is instead."""
    for encoder in (ENCODER, OTHER):
        try:
            index = Index.open(folder, encoder=encoder, config=CONFIG)
        except IndexMismatch:
            continue
        except (IndexMissing, IndexDamaged) as error:
            return type(error).__name__
        with index:
            assert [finding for finding in index.verify().findings if not finding.startswith("vectors.faiss")] == []
            hits: dict[str, list[tuple[int, int, str]]] = {one.path: [] for one in index.documents()}
            for hit in index.search("ministers", k=1000):
                hits[hit.path].append((hit.span.start, hit.span.end, hit.text))
            return encoder.model_name, {path: (index.document(path).text, sorted(at)) for path, at in hits.items()}
    raise AssertionError("neither encoder has built it")


class Point(NamedTuple):
    step: str
    fault: str
    call: str
    number: int


# --- the trace


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    with Children(__file__) as started:
        yield started


def traced(children: Children, step: str, folder: Path, *options: str) -> tuple[int, list[str]]:
    """Do a step under strace; return its exit status, and the calls that concern files of the index."""
    pid = children.begin([step, str(folder)])
    log = folder.with_name("log")
    paths = [option for name in ["", *NAMES] for option in ("-P", str(folder / name))]
    command = ["strace", "-y", "-s", "0", "-o", str(log), "-p", str(pid), *paths, *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        attached = strace.stderr.readline()
        (children.go if "attached" in attached else children.kill)()
        status = children.ended()
        said = attached + strace.stderr.read()
    if "attached" not in attached:
        pytest.skip(f"strace cannot be used here: {said.strip()}")
    return status, log.read_text().splitlines()


def prepared(template: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    if template.exists():
        shutil.copytree(template, folder)
    return folder


def points(children: Children, step: str, template: Path, folder: Path) -> list[Point]:
    """Every call of a step that each fault can strike."""
    every = ",".join(sorted({call for calls in STRUCK.values() for call in calls.split(",")}))
    status, lines = traced(children, step, prepared(template, folder), "-e", f"trace={every}")
    assert status == 0, lines
    counts = Counter(match[1] for line in lines if (match := re.match(r"(\w+)\(", line)))
    return [
        Point(step, fault, call, number + 1)
        for fault, calls in STRUCK.items()
        for call in calls.split(",")
        for number in range(counts[call])
    ]


def strike(children: Children, point: Point, template: Path, folder: Path, old: object, new: object) -> str:
    """Let one call fail; return what came of it, having checked the index and that the same step works afterwards."""
    inject = f"inject={point.call}:{point.fault}:when={point.number}"
    status, lines = traced(children, point.step, prepared(template, folder), "-e", f"trace={point.call}", "-e", inject)
    if "SIGKILL" in point.fault:
        assert status in (0, -9), (point, lines[-3:])
    else:
        assert status in (0, REFUSED), (point, lines[-3:])
    copy = folder.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    if folder.exists():
        shutil.copytree(folder, copy)
    found = state(copy)
    assert found in ((new,) if status == 0 else (old, new, *BEGUN[old == "IndexMissing"])), point
    STEPS[point.step].act(folder)
    assert state(folder) == new, point
    return {0: "went_on", REFUSED: "refused", -9: "killed"}[status]


BEGUN = {False: (), True: (("stand-in", {}),)}  # an index may be begun before its first document is committed


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("templates").resolve()
    for name, step in STEPS.items():
        step.prepare(folder / name)
    return {name: folder / name for name in STEPS}


def test_a_fault_at_any_system_call_leaves_the_old_state_or_the_new(
    children: Children, templates: dict[str, Path], tmp_path: Path
) -> None:
    began, folder = time.monotonic(), tmp_path.resolve() / "index"
    before, after, every = {}, {}, []
    for name in STEPS:
        every += points(children, name, templates[name], folder)
        after[name] = state(folder)
        before[name] = state(prepared(templates[name], folder))
        assert before[name] != after[name], name
    came: Counter[str] = Counter()
    wrong = []
    for one in every if STRESS else random.Random(5).sample(every, POINTS):
        try:
            came[strike(children, one, templates[one.step], folder, before[one.step], after[one.step])] += 1
        except AssertionError as error:
            wrong.append(str(error))
    figures(
        "faults", began, points=came.total() + len(wrong), of=len(every), steps=len(STEPS), **came, wrong=len(wrong)
    )
    assert wrong == []
    assert came["killed"] + came["refused"] > came.total() / 2


# --- what is on the disk when


class Disk:
    """Follows a trace: which files have bytes, and which names, that a power cut might still take."""

    def __init__(self, folder: Path) -> None:
        self.names = {file.name for file in folder.iterdir()} if folder.exists() else set()
        self.bytes: set[str] = set()
        self.named: set[str] = set()
        self.renamed: list[str] = []
        self.acknowledged = 0

    def follow(self, line: str, folder: str) -> None:
        call = line.partition("(")[0]
        files = [path.rpartition("/")[2] for path in re.findall(r'[<"]([^<>"]+)[>"]', line) if path.startswith(folder)]
        if not files or "= -1" in line:
            return
        name = files[-1]
        if call == "openat" and "O_CREAT" in line and name not in self.names:
            self.names.add(name)
            self.named.add(name)
        elif call in ("write", "pwrite64", "ftruncate"):
            if name == "told":
                self.acknowledged += 1
                assert not self.waiting(), "progress is told of what a power cut might take"
            (self.bytes.discard if line.endswith(", 0) = 0") else self.bytes.add)(name)  # emptied: nothing to lose
        elif call in ("fsync", "fdatasync"):
            self.bytes.discard(name)
            if line.partition("<")[2].startswith(f"{folder}>"):
                self.named.clear()
        elif call == "rename":
            assert files[0] not in self.bytes, f"{files[0]} is put in its place before it is on the disk"
            self.named.add(name)
            self.renamed.append(name)

    def waiting(self) -> set[str]:
        """Names of what must survive, and might not yet."""
        return {name for name in self.bytes | self.named if name.startswith("catalog.") and not name.endswith("-shm")}


@pytest.mark.parametrize("step", STEPS)
def test_what_is_acknowledged_or_put_in_place_is_on_the_disk_by_then(
    children: Children, templates: dict[str, Path], tmp_path: Path, step: str
) -> None:
    folder = prepared(templates[step], tmp_path.resolve() / "index")
    disk = Disk(folder)
    calls = "openat,write,pwrite64,ftruncate,fsync,fdatasync,rename"
    status, lines = traced(children, step, folder, "-P", str(folder / "told"), "-e", f"trace={calls}")
    assert status == 0
    for line in lines:
        disk.follow(line, str(folder))
    assert not disk.waiting()
    assert disk.acknowledged == (1 if step in ("first commit", "commit") else 0)
    assert set(disk.renamed) == {"vectors.faiss"} | ({"catalog.sqlite"} if step.startswith("repair") else set())


if __name__ == "__main__":
    serve(work, seconds=60)
