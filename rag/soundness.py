"""Whether a catalog holds together: its pages, its tables, and every document with its passages and its words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from rag.database import Database
from rag.errors import IndexDamaged, IndexFault
from rag.rows import STAMP_SEAL, file_seal, stamp_of, stamp_seal, stored
from rag.schema import create
from rag.visible import visible

_CHECKS = {
    "passages without a document": "FROM passages WHERE document NOT IN (SELECT row FROM documents)",
    "lexical entries without a passage": "FROM lexical WHERE rowid NOT IN (SELECT id FROM passages)",
    "documents without their file": "FROM documents WHERE file NOT IN (SELECT path FROM files)",
}

_LEXICAL_RULE = (
    "SELECT sql FROM sqlite_master WHERE name = 'lexical' UNION ALL SELECT v FROM lexical_config WHERE k = 'rank'"
)


def findings(database: Database) -> list[str]:
    """What does not hold together, each in a sentence; empty where all is well. Raises IndexDamaged."""
    found = [f"SQLite: {row[0]}." for row in database.all("PRAGMA integrity_check(20)") if row[0] != "ok"]
    for what, clause in _CHECKS.items():
        if number := database.all(f"SELECT count(*) {clause}")[0][0]:
            found.append(f"{number} {what}.")
    if not _ranks_as_made(database):
        found.append("the lexical index reads or ranks words otherwise than it was made to.")
    if not stamp_is_sound(database):
        found.append("what says which encoder built it has changed.")
    for (path,) in database.all("SELECT path FROM files ORDER BY path"):
        if not file_is_sound(database, path):
            found.append(f"{path}: what is noted of the file, or the list of its documents, has changed.")
    for (number,) in database.all("SELECT row FROM documents ORDER BY path"):
        found.extend(_unsealed(database, number))
    return found


def lexical_findings(database: Database) -> list[str]:
    """Whether the lexical index fits its passages; left out where the folder cannot be written."""
    try:
        with database.transaction() as connection:
            connection.execute("INSERT INTO lexical(lexical) VALUES ('integrity-check')")
    except IndexFault as error:
        return ["the lexical index is damaged."] if isinstance(error, IndexDamaged) else []
    return []


def _ranks_as_made(database: Database) -> bool:
    """Whether the lexical index has the tokenizer and the weights that a new one gets."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as new:
        create(new)
        return database.all(_LEXICAL_RULE) == new.execute(_LEXICAL_RULE).fetchall()


def stamp_is_sound(database: Database) -> bool:
    """Whether what says which encoder built the index is as it was written."""
    rows: dict[str, str] = dict(database.all("SELECT key, value FROM meta"))
    sealed = rows.get(STAMP_SEAL)
    return sealed is None or sealed == stamp_seal(stamp_of(rows))


def file_is_sound(database: Database, path: str) -> bool:
    """Whether the row of a file is as it was written, and its documents are all there."""
    row = database.one("SELECT sha256, readers, seal FROM files WHERE path = ?", path)
    seals = [seal for (seal,) in database.all("SELECT seal FROM documents WHERE file = ? ORDER BY path", path)]
    return row is not None and row[2] == file_seal(path, row[0], row[1], seals)


def _unsealed(database: Database, number: int) -> Iterator[str]:
    """What of one document, by its row, is not as it was indexed."""
    with database.use() as connection, database.sound():
        found = stored(connection, number)
    words = database.all(
        "SELECT l.title, l.section, l.text FROM passages p LEFT JOIN lexical l ON l.rowid = p.id "
        "WHERE p.document = ? ORDER BY p.start",
        number,
    )
    document = found.document
    if not found.is_whole:
        yield f"{document.path}: the document or its passages are not as they were indexed."
        return
    texts = [(document.title, section, document.text[left:right]) for left, right, section, *_ in found.passages]
    if words != [tuple(map(visible, one)) for one in texts]:
        yield f"{document.path}: its lexical entries do not hold its text."
