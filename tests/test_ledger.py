"""The ledger beside a catalog: what it notices, and that nothing but its holder makes it true."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import StandInEncoder

from rag.catalog import Catalog
from rag.errors import IndexDamaged, IndexFault
from rag.index import Index
from rag.ledger import Entry, Ledger, file_digest
from rag.types import Document


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    file = tmp_path / "catalog.sqlite"
    file.write_bytes(b"the bytes of a catalog")
    return file


def test_a_catalog_fits_its_ledger_until_a_byte_of_either_changes(catalog: Path) -> None:
    Ledger(catalog).close(7)
    ledger = Ledger(catalog)
    assert ledger.read() == Entry(7, file_digest(catalog))
    assert ledger.fits()
    assert ledger.unexpected(7) == ""
    whole = catalog.read_bytes()
    for at in range(len(whole)):
        catalog.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert not ledger.fits()
        assert ledger.unexpected(7) == "its bytes are not those that were written"
    catalog.write_bytes(whole)
    file = catalog.with_name("catalog.sqlite.ledger")
    noted = file.read_bytes()
    for at in range(len(noted.rstrip())):
        file.write_bytes(noted[:at] + bytes([noted[at] ^ 1]) + noted[at + 1 :])
        assert ledger.read() is None, f"byte {at} may change"
        assert not ledger.fits()


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"[1, 2, 3, 4]", b'["1", null, 3]', b"\xff\xfe", b"{}"])
def test_a_ledger_that_cannot_be_believed_says_nothing(catalog: Path, content: bytes) -> None:
    catalog.with_name("catalog.sqlite.ledger").write_bytes(content)
    assert Ledger(catalog).read() is None
    assert not Ledger(catalog).fits()
    assert Ledger(catalog).unexpected(0) == ""


def test_changes_that_were_acknowledged_and_are_gone_are_noticed(catalog: Path) -> None:
    ledger = Ledger(catalog)
    ledger.acknowledge(5)
    assert [ledger.unexpected(generation) for generation in (4, 5, 6)] == [
        "changes that were acknowledged are missing", "", "",
    ]  # fmt: skip


def test_each_entry_takes_the_place_of_the_last_in_as_many_bytes(catalog: Path) -> None:
    file = catalog.with_name("catalog.sqlite.ledger")
    ledger = Ledger(catalog)
    for generation in (10**15, 3):
        ledger.close(generation)
        assert ledger.read() == Entry(generation, file_digest(catalog))
        assert file.stat().st_size == 256
        ledger.acknowledge(generation)
        assert ledger.read() == Entry(generation, "")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_catalog_about_to_change_is_noted_though_another_writer_has_closed_the_ledger(catalog: Path) -> None:
    ours, theirs = Ledger(catalog), Ledger(catalog)
    ours.open(1)  # and is then broken off
    theirs.open(1)
    theirs.close(2)
    assert ours.fits()
    ours.open(2)
    assert ours.read() == Entry(2, "")


def test_a_ledger_that_cannot_be_written_is_a_fault_of_the_disk(catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(IndexFault, match=r"cannot be noted \(No space left on device\).*disk has room"):
        Ledger(catalog).close(1)


# --- the ledger of an index


def document(path: str, text: str) -> Document:
    return Document(text=text, path=path, title=path, sha256="")


def test_opening_reads_every_document_only_where_the_ledger_does_not_fit(
    tmp_path: Path, encoder: StandInEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Index.open(tmp_path, encoder=encoder, create=True) as index:
        index.add([document("a", "One text.")])
    checked: list[bool] = []
    findings = Catalog.findings
    monkeypatch.setattr(Catalog, "findings", lambda self: checked.append(True) or findings(self))
    Index.open(tmp_path, encoder=encoder).close()
    assert checked == []
    (tmp_path / "catalog.sqlite.ledger").unlink()
    for _ in range(2):
        Index.open(tmp_path, encoder=encoder).close()
    assert checked == [True]  # the second time it fits again


def test_a_catalog_put_back_from_before_the_last_change_is_refused(tmp_path: Path, encoder: StandInEncoder) -> None:
    file = tmp_path / "catalog.sqlite"
    with Index.open(tmp_path, encoder=encoder, create=True) as index:
        index.add([document("a", "One text.")])
        old = file.read_bytes()
        index.add([document("b", "Another text.")])
    file.write_bytes(old)
    with pytest.raises(IndexDamaged, match="not those that were written"):
        Index.open(tmp_path, encoder=encoder)


def test_a_catalog_that_is_gone_is_damage_and_not_a_new_index(tmp_path: Path, encoder: StandInEncoder) -> None:
    with Index.open(tmp_path, encoder=encoder, create=True) as index:
        index.add([document("a", "One text.")])
    (tmp_path / "catalog.sqlite").unlink()
    for create in (False, True):
        with pytest.raises(IndexDamaged, match=r"gone or empty.*rag verify --repair"):
            Index.open(tmp_path, encoder=encoder, create=create)


def test_reading_and_checking_leave_the_catalog_as_it_was_noted(tmp_path: Path, encoder: StandInEncoder) -> None:
    with Index.open(tmp_path, encoder=encoder, create=True) as index:
        index.add([document("a", "One text."), document("b", "Another text.")])
    for _ in range(2):
        with Index.open(tmp_path, encoder=encoder) as index:
            assert index.verify().ok
            assert index.search("text")
        assert Ledger(tmp_path / "catalog.sqlite").fits()
