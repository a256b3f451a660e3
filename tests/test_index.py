"""The index's life: what an update reports, what search finds afterwards, what is refused and what leaves no trace."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from conftest import StandInEncoder
from filelock import FileLock

from rag import storing
from rag.config import Config, EncoderSettings, PassageSettings
from rag.documents import Loaded
from rag.documents.sandbox import Sandbox
from rag.errors import IndexDamaged, IndexFault, IndexLocked, IndexMismatch, IndexMissing
from rag.fusion import fuse
from rag.index import UPLOADS, Index, Mode
from rag.types import Document, Hit, Progress

TEXTS = {
    "riyadh.txt": "The ministers met in Riyadh on Monday. They agreed on a ceasefire.",
    "harvest.txt": "The wheat harvest fell by a tenth. Farmers blamed the drought.",
    "sub/bridge.txt": "Engineers closed the bridge at noon. Cracks had been found in a pillar.",
    "sub/deep/election.txt": "Voters chose a new mayor. Turnout was the lowest since 1990.",
}
LONG = "\n\n".join(f"Paragraph {i} tells of ship number {i * 7} and its crew of sailors. " * 12 for i in range(60))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = (tmp_path / "files").resolve()
    for name, text in TEXTS.items():
        write(folder / name, text)
    return folder


@pytest.fixture
def index(tmp_path: Path, encoder: StandInEncoder) -> Iterator[Index]:
    with Index.open(tmp_path / "index", encoder=encoder, create=True) as index:
        yield index


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def paths(folder: Path, *names: str) -> tuple[str, ...]:
    return tuple(str(folder / name) for name in names)


def found(index: Index, query: str, **options: object) -> list[str]:
    return [Path(hit.path).name for hit in index.search(query, **options)]  # type: ignore[arg-type]


def everything(index: Index, query: str = "ministers harvest bridge mayor") -> list[tuple[float, str, str]]:
    return [(hit.score, hit.path, hit.text) for hit in index.search(query, k=1000)]


# --- updates


def test_an_update_accounts_for_every_file(index: Index, files: Path) -> None:
    write(files / "empty.txt", "  \n")
    write(files / "picture.xyz", "?")
    write(files / ".hidden.txt", "not looked at")
    report = index.update([files, files / "absent.txt"])
    assert report.added == paths(files, "harvest.txt", "riyadh.txt", "sub/bridge.txt", "sub/deep/election.txt")
    assert [path for path, _ in report.rejected] == list(paths(files, "absent.txt", "empty.txt", "picture.xyz"))
    assert all(reason for _, reason in report.rejected)
    assert (report.updated, report.unchanged, report.missing, report.pending) == ((), (), (), ())
    assert report.given == 7
    assert [document.path for document in index.documents()] == list(report.added)
    assert index.verify().ok
    assert index.verify().documents == 4

    write(files / "harvest.txt", "The harvest was good after all.")
    again = index.update(files)
    assert again.updated == paths(files, "harvest.txt")
    assert again.unchanged == paths(files, "riyadh.txt", "sub/bridge.txt", "sub/deep/election.txt")
    assert (again.added, len(again.rejected), again.given) == ((), 2, 6)


def test_an_unchanged_file_is_not_embedded_again(index: Index, files: Path, encoder: StandInEncoder) -> None:
    index.update(files)
    encoder.encoded.clear()
    assert index.update(files).unchanged == paths(files, *sorted(TEXTS))
    assert encoder.encoded == []


def test_only_the_passages_that_an_edit_changed_are_embedded_again(
    index: Index, files: Path, encoder: StandInEncoder
) -> None:
    # A heading ends a passage, so an edit in one section leaves the others as they are.
    sections = [f"# Part {i}\n\nShip {i} sailed at dawn with {i * 11} crates." for i in range(6)]
    file = write(files / "ships.md", "\n\n".join(sections))
    index.update(file)
    before = index.documents()[0].passages
    encoder.encoded.clear()
    sections[3] = sections[3].replace("dawn", "dusk")
    file.write_text("\n\n".join(sections))
    assert index.update(file).updated == (str(file),)
    assert before == 6
    assert len(encoder.encoded) == 1
    assert "dusk" in encoder.encoded[0]


def test_a_changed_file_replaces_its_old_version(index: Index, files: Path) -> None:
    index.update(files)
    write(files / "harvest.txt", "Locusts came in spring.")
    index.update(files)
    texts = [hit.text for hit in index.search("wheat harvest drought locusts", k=100)]
    assert "Locusts came in spring." in texts
    assert not any("wheat" in text for text in texts)
    assert index.document(files / "harvest.txt").text == "Locusts came in spring."
    assert len(index.documents()) == 4


def test_the_same_content_at_two_paths_is_two_documents(index: Index, files: Path, encoder: StandInEncoder) -> None:
    index.update(files / "riyadh.txt")
    encoder.encoded.clear()
    copy = write(files / "riyadh_copy" / "riyadh.txt", TEXTS["riyadh.txt"])
    assert index.update(copy).added == (str(copy),)
    assert encoder.encoded == []
    hits = index.search("ministers Riyadh", k=10)
    assert [hit.path for hit in hits] == [str(files / "riyadh.txt"), str(copy)]
    assert hits[0].score == hits[1].score
    index.remove(files / "riyadh.txt")
    assert [hit.path for hit in index.search("ministers Riyadh")] == [str(copy)]


def test_a_file_that_can_no_longer_be_read_keeps_its_old_version_and_is_reported(index: Index, files: Path) -> None:
    index.update(files)
    write(files / "riyadh.txt", "")
    for _ in range(2):
        report = index.update(files)
        reason = "it is empty; the earlier version stays indexed"
        assert report.rejected == ((str(files / "riyadh.txt"), reason),)
        assert index.document(files / "riyadh.txt").text == TEXTS["riyadh.txt"]
        assert found(index, "ministers Riyadh", k=1) == ["riyadh.txt"]


def test_only_what_was_indexed_before_is_said_to_stay(index: Index, files: Path) -> None:
    write(files / "new.txt", "")
    assert index.update(files).rejected == ((str(files / "new.txt"), "it is empty"),)
    (files / "riyadh.txt").unlink()
    (files / "riyadh.txt").symlink_to(files / "absent.txt")
    assert dict(index.update(files).rejected) == {
        str(files / "new.txt"): "it is empty",
        str(files / "riyadh.txt"): "it is a link to nothing; the earlier version stays indexed",
    }
    old = document("old", "An old text.")
    index.add([old])
    assert index.add([document("old", " \n"), document("blank", " \n")]).rejected == (
        ("old", "it holds no text; the earlier version stays indexed"),
        ("blank", "it holds no text."),
    )
    assert index.document("old") == old


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_links_and_pipes_in_a_folder_are_rejected_under_their_own_path(index: Index, files: Path) -> None:
    outside = write(files.parent / "elsewhere" / "secret.txt", "A secret.")
    index.update(files)
    (files / "riyadh.txt").unlink()
    os.mkfifo(files / "riyadh.txt")
    (files / "link.txt").symlink_to(outside)
    (files / "folder").symlink_to(outside.parent)
    (files / "nowhere").symlink_to(files / "absent")
    report = index.update(files)
    assert {Path(path).name: reason.partition(";")[0] for path, reason in report.rejected} == {
        "folder": "it is a link that leads out of the folder",
        "link.txt": "it is a link that leads out of the folder",
        "nowhere": "it is a link to nothing",
        "riyadh.txt": "it is not an ordinary file",
    }
    assert {path for path, _ in report.rejected} == set(paths(files, "folder", "link.txt", "nowhere", "riyadh.txt"))
    assert (report.given, report.pending, len(report.unchanged)) == (7, (), 3)
    assert "secret.txt" not in found(index, "A secret")


def test_files_that_are_gone_are_listed_and_removed_only_by_sync(index: Index, files: Path, tmp_path: Path) -> None:
    elsewhere = write(tmp_path / "elsewhere.txt", "Kept, for no folder given holds it.")
    index.update([files, elsewhere])
    gone = paths(files, "harvest.txt", "sub/bridge.txt")
    for path in gone:
        Path(path).unlink()
    elsewhere.unlink()
    report = index.update(files)
    assert (report.missing, report.removed) == (gone, ())
    assert len(index.documents()) == 5
    report = index.update(files, sync=True)
    assert (report.missing, report.removed) == ((), gone)
    assert {document.path for document in index.documents()} == {
        *paths(files, "riyadh.txt", "sub/deep/election.txt"), str(elsewhere),
    }  # fmt: skip
    assert index.verify().ok


def test_sync_keeps_what_it_cannot_reach_or_was_told_of_by_name(index: Index, files: Path) -> None:
    hidden = write(files / ".notes" / "n.txt", "Given by name, hidden from the folder's listing.")
    index.update([files, hidden])
    assert index.update(files, sync=True).removed == ()
    (files / "sub").rename(files.parent / "moved")
    (files / "sub").symlink_to(files / "sub")  # a loop: nobody can say what is below it
    assert index.update(files, sync=True).removed == ()
    (files / "sub").unlink()
    assert index.update(files, sync=True).removed == paths(files, "sub/bridge.txt", "sub/deep/election.txt")
    assert index.document(hidden).text.startswith("Given by name")


def test_progress_counts_what_is_settled_and_is_told_after_the_commit(index: Index, files: Path) -> None:
    write(files / "bad.xyz", "?")
    write(files / "long.txt", LONG)
    told: list[tuple[Progress, int]] = []
    report = index.update(files, progress=lambda p: told.append((p, len(index.documents()))))
    done = [progress.done for progress, _ in told]
    assert done == sorted(done)
    assert done[-1] == report.given == 6
    assert {progress.total for progress, _ in told} == {6}
    for progress, committed in told:
        assert committed >= progress.done - len(report.rejected)
    embedded = [progress.passages for progress, _ in told]
    assert embedded == sorted(embedded)
    assert embedded[-1] == index.verify().passages
    settled = [p.path for i, (p, _) in enumerate(told) if p.done > (done[i - 1] if i else 0)]
    assert sorted(settled) == sorted([*report.added, *(path for path, _ in report.rejected)])
    taken_up = {progress.path: progress.done for progress, _ in reversed(told)}
    assert all(taken_up[p.path] < p.done for i, (p, _) in enumerate(told) if p.done > (done[i - 1] if i else 0))
    steps = [(before[0], after[0]) for before, after in pairwise(told)]
    assert any(a.done == b.done and a.passages < b.passages for a, b in steps)  # of the long document


def test_a_cancelled_update_leaves_the_rest_pending_and_the_next_goes_on(
    index: Index, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    load = Sandbox.load

    def loaded(sandbox: Sandbox, path: Path, *, stop: Callable[[], bool]) -> Loaded:
        one = load(sandbox, path, stop=stop)
        read.append(one)
        return one

    monkeypatch.setattr(Sandbox, "load", loaded)
    report = index.update(files, cancelled=lambda: len(read) >= 2, sync=True)
    assert report.cancelled
    assert report.added == paths(files, "harvest.txt", "riyadh.txt")
    assert report.pending == paths(files, "sub/bridge.txt", "sub/deep/election.txt")
    assert report.given == 4
    assert index.verify().ok
    report = index.update(files)
    assert (len(report.unchanged), len(report.added), report.pending, report.cancelled) == (2, 2, (), False)


def test_a_long_document_is_given_up_whole_when_cancelled(index: Index, files: Path, encoder: StandInEncoder) -> None:
    file = write(files / "along.txt", LONG)
    report = index.update(file, cancelled=lambda: len(encoder.encoded) > 0)
    assert (report.pending, report.added, report.cancelled) == ((str(file),), (), True)
    assert 0 < len(encoder.encoded) <= 64
    assert index.documents() == []
    assert index.verify().ok
    index.update(file)
    assert index.documents()[0].passages > 64


def test_an_error_of_the_encoder_keeps_what_was_committed(
    index: Index, files: Path, encoder: StandInEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.update(files / "riyadh.txt")
    encode = StandInEncoder.encode
    monkeypatch.setattr(StandInEncoder, "encode", lambda self, texts: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        index.update(files)
    monkeypatch.setattr(StandInEncoder, "encode", encode)
    assert len(index.documents()) == 1
    assert len(index.update(files).added) == 3


def document(path: str, text: str, **fields: object) -> Document:
    return Document(text=text, path=path, title=path, sha256="", **fields)  # type: ignore[arg-type]


def test_documents_already_read_are_added_compared_and_replaced_by_their_content(index: Index) -> None:
    one, two = document("one", "The first text."), document("two", "The second text.")
    assert index.add([one, two]).added == ("one", "two")
    changed = document("two", "The second text.", date="2024-01-01")
    report = index.add([one, changed])
    assert (report.unchanged, report.updated) == (("one",), ("two",))
    assert index.document("two") == changed
    assert index.add(iter([one, document("one", "Another.")])).rejected[0][0] == "one"
    assert index.document("one") == one


@pytest.mark.parametrize("bad", ["a null \0 inside.", "half a pair \udcff inside.", " \n\t "])
def test_a_text_that_cannot_be_kept_is_rejected_with_a_reason_and_the_rest_goes_on(index: Index, bad: str) -> None:
    good = document("good", "A good text.")
    report = index.add([document("bad", bad), good, document("title", "Text.", author=bad)])
    assert report.rejected[0][0] == "bad"
    assert report.rejected[0][1]
    assert "good" in report.added
    assert report.given == 3
    assert index.document("good") == good
    assert index.verify().ok
    with pytest.raises(IndexFault, match="no document at"):
        index.document("bad")
    with pytest.raises(IndexFault, match="no document at"):
        index.document(bad)


def test_a_file_with_null_characters_is_accounted_for(index: Index, files: Path) -> None:
    (files / "null.txt").write_bytes(b"Words before \0 and words after it.")
    report = index.update(files)
    assert report.given == 5
    for path in report.added:
        text = index.document(path).text
        assert "\0" not in text
        for hit in index.search("words", k=50, within=[path]):
            assert hit.text == text[hit.span.start : hit.span.end]


# --- search


@pytest.fixture
def filled(index: Index) -> Index:
    chance = np.random.default_rng(5)
    words = "ministers met riyadh ceasefire harvest wheat bridge cracks mayor voters drought pillar monday noon".split()
    index.add(
        document(f"/news/{n % 4}/{n}.txt", " ".join(chance.choice(words, size=9)).capitalize() + ".") for n in range(80)
    )
    index.add([document("/news/1/5.txt", "Voters met the mayor on Monday at noon by the bridge.")])
    index.remove("/news/2")
    index.add([document("/news/9/new.txt", "A ceasefire was agreed in Riyadh.")])
    return index


def oracle(index: Index, query: str, mode: str, allowed: Callable[[Hit], bool] = lambda hit: True) -> list[Hit]:
    """Rank every passage by brute force over what the catalog holds."""
    catalog = index._catalog
    ids = catalog.passage_ids()
    rows = catalog.vectors(ids, 256).astype(np.float64)
    vector = index.encoder.encode([query])[0].astype(np.float64)
    cosines = (rows @ vector / np.linalg.norm(rows, axis=1)).round(6)
    dense = dict(zip(ids.tolist(), cosines.tolist(), strict=True))
    lexical = catalog.lexical(query, 10_000)
    hits = catalog.hits(dict.fromkeys(dense, 0.0))
    keep = {hit.passage_id for hit in hits if allowed(hit)}
    dense = {i: score for i, score in dense.items() if i in keep}
    lexical = {i: score for i, score in lexical.items() if i in keep}
    scores = {"dense": dense, "lexical": lexical, "fused": fuse(dense, lexical)}[mode]
    return catalog.hits(scores)


@pytest.mark.parametrize("mode", ["dense", "lexical", "fused"])
def test_search_ranks_as_brute_force_does_also_within_folders_and_after_reopening(filled: Index, mode: Mode) -> None:
    folders = ["/news/1", "/news/9/new.txt"]
    reopened = Index.open(filled.folder, encoder=filled.encoder)
    for index in (filled, reopened):
        for query in ("ceasefire riyadh", "mayor bridge cracks noon", "wheat"):
            for within, allowed in (
                (None, lambda hit: True),
                (folders, lambda hit: hit.path.startswith("/news/1/") or hit.path == "/news/9/new.txt"),
            ):
                expected = oracle(index, query, mode, allowed)
                hits = index.search(query, k=200, within=within, mode=mode)
                assert [hit.passage_id for hit in hits] == [hit.passage_id for hit in expected]
                assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in expected], abs=1e-6)
                assert index.search(query, k=3, within=within, mode=mode) == hits[:3]
    reopened.close()


def test_equal_scores_stand_in_document_order(index: Index) -> None:
    index.add(document(f"/{n}", "Exactly the same words.") for n in (7, 3, 9, 1))
    for mode in get_args(Mode):
        hits = index.search("same words", mode=mode)
        assert [hit.path for hit in hits] == ["/1", "/3", "/7", "/9"]
        assert len({hit.score for hit in hits}) == 1


def test_a_search_within_what_is_not_indexed_finds_nothing(filled: Index) -> None:
    assert filled.search("ceasefire", within=["/elsewhere"]) == []
    assert filled.search("ceasefire", within=[]) == []
    assert filled.search("ceasefire", within=[""]) == []
    assert [hit.path for hit in filled.search("ceasefire", within="/news/9", k=3)] == ["/news/9/new.txt"]


def test_an_empty_index_finds_nothing(index: Index) -> None:
    assert index.search("anything") == []
    assert index.documents() == []
    assert index.verify().ok


def test_a_search_that_makes_no_sense_is_an_error(filled: Index) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        filled.search("x", k=0)
    with pytest.raises(ValueError, match="sparse"):
        filled.search("x", mode="sparse")  # type: ignore[arg-type]


def test_neighbours_are_the_passages_around_a_hit(index: Index, files: Path) -> None:
    index.update(write(files / "long.txt", LONG))
    text = index.document(files / "long.txt").text
    hit = index.search("ship 140 crew", k=1)[0]
    before, after = index.neighbours(hit)
    assert before is not None
    assert after is not None
    assert text[before.span.end : hit.span.start].strip() == text[hit.span.end : after.span.start].strip() == ""
    assert before.span.end <= hit.span.start < hit.span.end <= after.span.start


def test_the_state_is_another_one_after_every_change_and_only_then(index: Index, files: Path) -> None:
    states = [index.state]
    for change in (lambda: index.update(files), lambda: index.remove(files / "sub"), lambda: index.update(files)):
        change()
        assert index.state not in states
        states.append(index.state)
    index.update(files)
    assert index.state == states[-1]


# --- removal


def test_a_removed_document_is_gone_from_every_part(index: Index, files: Path) -> None:
    index.update(files)
    highest = index._catalog.passage_ids().max()
    assert index.remove(files / "riyadh.txt") == [str(files / "riyadh.txt")]
    assert "riyadh.txt" not in found(index, "ministers Riyadh ceasefire", k=100)
    assert index.search("ceasefire", mode="lexical") == []
    with pytest.raises(IndexFault, match="no document at"):
        index.document(files / "riyadh.txt")
    assert index.verify().passages == len(index._catalog.passage_ids()) == 3
    assert index.verify().ok
    index.update(files / "riyadh.txt")
    assert index._catalog.passage_ids().max() > highest


def test_removing_a_folder_removes_all_below_it_and_nothing_beside_it(index: Index, files: Path) -> None:
    beside = write(files / "subway.txt", "A metro line was opened.")
    index.update(files)
    assert index.remove(files / "sub") == list(paths(files, "sub/bridge.txt", "sub/deep/election.txt"))
    assert {document.path for document in index.documents()} == {
        *paths(files, "harvest.txt", "riyadh.txt"), str(beside),
    }  # fmt: skip
    assert index.remove(files / "sub") == []


def test_several_documents_are_removed_at_once_and_uploaded_ones_with_their_empty_folders(
    index: Index, files: Path
) -> None:
    uploads = index.folder / UPLOADS
    kept, inner = write(uploads / "a" / "kept.txt", "It stays."), write(uploads / "a" / "b" / "gone.txt", "It goes.")
    index.update([files, kept, inner])
    assert index.remove([inner, files / "sub", files / "riyadh.txt", "/elsewhere"]) == [
        *paths(files, "riyadh.txt", "sub/bridge.txt", "sub/deep/election.txt"), str(inner),
    ]  # fmt: skip
    assert [document.path for document in index.documents()] == [str(files / "harvest.txt"), str(kept)]
    assert (files / "riyadh.txt").exists()
    assert sorted(str(path.relative_to(uploads)) for path in uploads.rglob("*")) == ["a", "a/kept.txt"]


def test_what_is_removed_at_once_is_all_there_or_all_gone_after_a_stop(
    index: Index, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.update(files)
    delete, deleted = storing.delete, list[str]()

    def interrupted(connection: sqlite3.Connection, which: str, *values: str) -> None:
        if len(deleted) == 2:
            raise KeyboardInterrupt
        delete(connection, which, *values)
        deleted.append(values[0])

    with monkeypatch.context() as stopped:
        stopped.setattr(storing, "delete", interrupted)
        with pytest.raises(KeyboardInterrupt):
            index.remove(files)
    assert len(deleted) == 2
    assert [document.path for document in index.documents()] == sorted(paths(files, *TEXTS))
    assert index.verify().ok
    generation = index.verify().generation
    assert index.remove(files) == sorted(paths(files, *TEXTS))
    assert index.verify().generation == generation + 1
    assert index.remove(files) == []
    assert index.verify().generation == generation + 1


def test_removing_the_empty_path_removes_nothing(index: Index, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index.update(files)
    monkeypatch.chdir(files)
    assert index.remove("") == []
    assert len(index.remove(".")) == 4


@pytest.mark.parametrize("how", ["remove", "replace", "sync"])
def test_a_deleted_text_is_in_none_of_the_files_of_the_index(index: Index, files: Path, how: str) -> None:
    secret = write(files / "secret.txt", "Zyzzyvaquux signed the papers. " * 300)
    index.update(files)
    index.search("papers")
    assert "zyzzyvaquux" in stored(index.folder)
    if how == "remove":
        index.remove(secret)
    elif how == "replace":
        write(secret, "Nobody signed.")
        index.update(secret)
    else:
        secret.unlink()
        index.update(files, sync=True)
    assert "yzzyvaq" not in stored(index.folder)
    assert found(index, "ministers Riyadh", k=1) == ["riyadh.txt"]
    assert index.verify().ok


def stored(folder: Path) -> str:
    return "".join(file.read_bytes().decode("latin-1").lower() for file in folder.iterdir())


# --- the vector file


@pytest.mark.parametrize("how", ["missing", "truncated", "flipped", "stale"])
def test_a_vector_file_that_cannot_be_believed_is_rebuilt_without_embedding(
    tmp_path: Path, files: Path, encoder: StandInEncoder, how: str
) -> None:
    with Index.open(tmp_path / "index", encoder=encoder, create=True) as index:
        index.update(files / "sub")
        old = (index.folder / "vectors.faiss").read_bytes()
        index.update(files)
        expected = everything(index)
    file = tmp_path / "index" / "vectors.faiss"
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[-100] ^= 1
    if how == "missing":
        file.unlink()
    else:
        file.write_bytes({"truncated": whole[:-1], "flipped": bytes(flipped), "stale": old}[how])
    encoder.encoded.clear()
    with Index.open(tmp_path / "index", encoder=encoder) as index:
        [finding] = index.verify().findings
        assert finding.startswith("vectors.faiss is")
        assert everything(index) == expected
        assert encoder.encoded == ["ministers harvest bridge mayor"]
        index.update(files)
        assert index.verify().ok


def test_an_update_whose_vector_file_cannot_be_written_is_still_an_update(
    index: Index, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    assert len(index.update(files).added) == 4
    assert not index.verify().ok
    assert found(index, "ministers Riyadh", k=1) == ["riyadh.txt"]
    monkeypatch.undo()
    index.update(files)
    assert index.verify().ok


# --- refusals


def test_an_index_that_is_not_there_is_missing(tmp_path: Path, encoder: StandInEncoder) -> None:
    with pytest.raises(IndexMissing, match=r"no index here.*rag index"):
        Index.open(tmp_path / "nothing", encoder=encoder)
    assert not (tmp_path / "nothing").exists()


def test_another_encoder_is_refused_by_name(tmp_path: Path, files: Path, encoder: StandInEncoder) -> None:
    with Index.open(tmp_path / "index", encoder=encoder, create=True) as index:
        index.update(files)
    with pytest.raises(IndexMismatch, match=r"'stand-in'.*'other-model'"):
        Index.open(tmp_path / "index", encoder=StandInEncoder(model_name="other-model"))
    with pytest.raises(IndexMismatch, match=r"'stand-in'.*'all-MiniLM-L6-v2'"):
        Index.open(tmp_path / "index", config=Config())
    with pytest.raises(IndexMismatch, match=r"dimension '256'.*'128'"):
        Index.open(tmp_path / "index", encoder=StandInEncoder(dimension=128))


def test_another_passage_rule_is_refused_by_name(tmp_path: Path, files: Path, encoder: StandInEncoder) -> None:
    with Index.open(tmp_path / "index", encoder=encoder, create=True) as index:
        index.update(files)
    other = Config(passages=PassageSettings(pieces=50))
    with pytest.raises(IndexMismatch, match=r"passages '2/window'.*'2/50'"):
        Index.open(tmp_path / "index", encoder=encoder, config=other)
    with Index.open(tmp_path / "index", encoder=encoder) as index:
        assert index._catalog.meta("encoder") == "stand-in"
    with pytest.raises(IndexMismatch, match=r"passages '2/window'.*'2/50'"):  # before any encoder is loaded
        Index.open(tmp_path / "index", config=other.model_copy(update={"encoder": EncoderSettings(model="stand-in")}))


def test_the_files_of_another_index_below_a_folder_are_no_documents(
    tmp_path: Path, files: Path, encoder: StandInEncoder
) -> None:
    before = sorted(path.name for path in files.rglob("*") if path.is_file())
    with Index.open(files / "inner", encoder=encoder, create=True) as inner:
        inner.update(files)
    with Index.open(tmp_path / "index", encoder=encoder, create=True) as index:
        report = index.update(files)
    assert sorted(Path(path).name for path in report.added) == before
    assert report.rejected == ()


def test_an_index_that_others_filled_meanwhile_is_refused(tmp_path: Path, files: Path, encoder: StandInEncoder) -> None:
    with Index.open(tmp_path / "index", encoder=StandInEncoder(dimension=64), create=True) as early:
        with Index.open(tmp_path / "index", encoder=encoder) as index:
            index.update(files)
        for use in (lambda: early.search("bridge"), lambda: early.update(files)):
            with pytest.raises(IndexMismatch, match="dimension '256'"):
                use()


def test_a_second_writer_is_told_so_while_readers_go_on(
    index: Index, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.update(files)
    monkeypatch.setattr("rag.lock._PATIENCE", 0.05)
    with FileLock(index.folder / "write.lock"):
        for write_again in (lambda: index.update(files), lambda: index.remove(files), lambda: index.add([])):
            with pytest.raises(IndexLocked, match="being updated"):
                write_again()
        assert found(index, "ministers Riyadh", k=1) == ["riyadh.txt"]
        assert index.verify().ok
    assert len(index.update(files).unchanged) == 4


def test_a_catalog_that_is_no_database_is_damaged_with_a_remedy(
    tmp_path: Path, files: Path, encoder: StandInEncoder
) -> None:
    write(tmp_path / "index" / "catalog.sqlite", "not a database " * 100)
    for create in (False, True):
        with pytest.raises(IndexDamaged, match=r"not a database.*rag verify --repair"):
            Index.open(tmp_path / "index", encoder=encoder, create=create)


def test_a_damaged_catalog_is_a_finding_of_verify(tmp_path: Path, files: Path, encoder: StandInEncoder) -> None:
    with Index.open(tmp_path / "index", encoder=encoder, create=True) as index:
        index.update(files)
        assert index.verify().ok
    file = tmp_path / "index" / "catalog.sqlite"
    whole = file.read_bytes()
    at = whole.rindex(b"Farmers blamed the drought")
    file.write_bytes(whole[:at] + b"G" + whole[at + 1 :])
    with pytest.raises(IndexDamaged, match=r"not those that were written.*rag verify --repair"):
        Index.open(tmp_path / "index", encoder=encoder)
    with Index.open(tmp_path / "index", encoder=encoder, check=False) as index:
        findings = index.verify().findings
        assert any("not those that were written" in finding for finding in findings)
        assert any("harvest.txt" in finding or "lexical index is damaged" in finding for finding in findings)


def test_a_closed_index_says_so(tmp_path: Path, files: Path, encoder: StandInEncoder) -> None:
    index = Index.open(tmp_path / "index", encoder=encoder, create=True)
    index.update(files)
    index.close()
    index.close()
    with pytest.raises(IndexFault, match="closed"):
        index.search("anything")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, encoder: StandInEncoder) -> None:
    with pytest.raises(IndexFault, match="cannot be made"):
        Index.open(write(tmp_path / "file", "x") / "index", encoder=encoder, create=True)


# --- threads


def test_readers_see_whole_documents_while_one_thread_writes(index: Index, files: Path) -> None:
    """Each version of a document is two passages of one colour; no search may see two colours or one passage."""

    def version(n: int) -> Document:
        return document("/paint", f"# One\n\nThe wall is colour{n}.\n\n# Two\n\nThe door is colour{n}.", headings=HEADS)

    first = "# One\n\nThe wall is colour0.\n\n"
    HEADS = ((0, 5), (len(first), len(first) + 5))
    index.add([version(0)])
    stop, failed, seen = threading.Event(), [], set()

    def read() -> None:
        try:
            while not stop.is_set():
                hits = index.search("wall door colour", k=10)
                colours = {hit.text.split()[-1] for hit in hits}
                assert len(hits) == 2
                assert len(colours) == 1
                seen.update(colours)
        except BaseException as error:
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for n in range(1, 10):
        index.add([version(n)])
    stop.set()
    for reader in readers:
        reader.join()
    assert failed == []
    assert seen
    assert {hit.text.split()[-1] for hit in index.search("wall door colour")} == {"colour9."}
    assert index.verify().ok


def test_an_index_inside_the_folder_of_documents_does_not_index_itself(tmp_path: Path, encoder: StandInEncoder) -> None:
    (tmp_path / "a.txt").write_text("Rubio met Lavrov in Riyadh.")
    with Index.open(tmp_path, encoder=encoder, create=True) as index:
        index.update(tmp_path)
        again = index.update(tmp_path)
    assert again.unchanged == (str(tmp_path / "a.txt"),)
    assert again.given == 1


def test_a_word_with_invisible_characters_is_found_and_cited_as_it_stands(index: Index) -> None:
    text = "The cease\u00adfire in Ka\u200bdara held. \u202eNobody\u202c broke it."
    index.add([document("/a", text)])
    for word in ("ceasefire", "Kadara", "nobody"):
        (hit,) = index.search(word, mode="lexical")
        assert hit.text == text
    assert index.verify().ok


@pytest.mark.parametrize("while_embedding", [False, True])
def test_an_interrupt_costs_one_file_at_most(
    index: Index, tmp_path: Path, encoder: StandInEncoder, monkeypatch: pytest.MonkeyPatch, while_embedding: bool
) -> None:
    for number in range(8):
        write(
            tmp_path / "many" / f"{number}.txt", f"Ship {number} came in at noon.\n\nIts crew of {number} went ashore."
        )
    write(tmp_path / "many" / "9.txt", LONG)

    def once(function: Callable[..., object], when: Callable[..., bool]) -> Callable[..., object]:
        left = [1]

        def interrupted(*arguments: object, **named: object) -> object:
            if when(*arguments) and left:
                left.pop()
                raise KeyboardInterrupt
            return function(*arguments, **named)

        return interrupted

    if while_embedding:
        monkeypatch.setattr(StandInEncoder, "encode", once(StandInEncoder.encode, lambda *_: True))
    else:
        monkeypatch.setattr(Sandbox, "load", once(Sandbox.load, lambda _, path: Path(path).name == "5.txt"))
    with pytest.raises(KeyboardInterrupt):
        index.update(tmp_path / "many")
    done = {Path(one.path).name for one in index.documents()}
    assert done == {f"{number}.txt" for number in range(8 if while_embedding else 5)}
    report = index.update(tmp_path / "many")
    assert len(report.unchanged) == len(done)
    assert index.verify().ok
