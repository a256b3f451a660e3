import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from conftest import StandInEncoder

from rag.errors import IndexDamaged
from rag.index import Index
from rag.types import Document
from rag.upkeep import repair


def filled(folder: Path, encoder: StandInEncoder) -> Path:
    with Index.open(folder, encoder=encoder, create=True) as index:
        index.add([Document(text=f"Text {name}.", path=name, title=name, sha256="") for name in "ab"])
    return folder / "catalog.sqlite"


def test_an_index_can_be_mended_where_its_damage_is_caught(tmp_path: Path, encoder: StandInEncoder) -> None:
    catalog = filled(tmp_path, encoder)
    catalog.with_name("catalog.sqlite.ledger").unlink()
    with closing(sqlite3.connect(catalog)) as connection, connection:
        connection.execute("UPDATE documents SET pages = 'null' WHERE path = 'a'")
    try:
        Index.open(tmp_path, encoder=encoder)
    except IndexDamaged:
        assert repair(tmp_path, encoder=encoder).salvaged == 1


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("noted", [True, False])
def test_a_catalog_that_has_lost_its_tables_is_damaged_not_missing(
    tmp_path: Path, encoder: StandInEncoder, create: bool, noted: bool
) -> None:
    catalog = filled(tmp_path, encoder)
    if not noted:
        catalog.with_name("catalog.sqlite.ledger").unlink()
    data = bytearray(catalog.read_bytes())
    data[103:105] = bytes(2)  # the number of tables
    catalog.write_bytes(data)
    with pytest.raises(IndexDamaged, match="tables are gone"):
        Index.open(tmp_path, encoder=encoder, create=create)
    assert len(catalog.read_bytes()) == len(data)
    assert repair(tmp_path, encoder=encoder).verification.ok
