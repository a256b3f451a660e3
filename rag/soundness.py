"""Whether a catalog holds together: its pages, its tables, and every document with its passages and its words."""

from __future__ import annotations

from collections.abc import Iterator

from rag.database import Database
from rag.errors import IndexDamaged, IndexFault
from rag.rows import file_seal, seal, stored

_CHECKS = {
    "passages without a document": "FROM passages WHERE document NOT IN (SELECT row FROM documents)",
    "lexical entries without a passage": "FROM lexical WHERE rowid NOT IN (SELECT id FROM passages)",
    "documents without their file": "FROM documents WHERE file NOT IN (SELECT path FROM files)",
}


def findings(database: Database) -> list[str]:
    """What does not hold together, each in a sentence; empty where all is well. Raises IndexDamaged."""
    found = [f"SQLite: {row[0]}." for row in database.all("PRAGMA integrity_check(20)") if row[0] != "ok"]
    for what, clause in _CHECKS.items():
        if number := database.all(f"SELECT count(*) {clause}")[0][0]:
            found.append(f"{number} {what}.")
    for path, sha256, readers, sealed in database.all("SELECT path, sha256, readers, seal FROM files ORDER BY path"):
        if sealed != file_seal(path, sha256, readers):
            found.append(f"{path}: what is noted of the file has changed.")
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


def _unsealed(database: Database, number: int) -> Iterator[str]:
    """What of one document, by its row, is not as it was indexed."""
    with database.use() as connection, database.sound():
        document, name, sealed, file, passages = stored(connection, number)
    words = database.all(
        "SELECT l.title, l.section, l.text FROM passages p LEFT JOIN lexical l ON l.rowid = p.id "
        "WHERE p.document = ? ORDER BY p.start",
        number,
    )
    if (document.id, seal(document, file, passages)) != (name, sealed):
        yield f"{document.path}: the document or its passages are not as they were indexed."
    elif words != [(document.title, section, document.text[left:right]) for left, right, section, *_ in passages]:
        yield f"{document.path}: its lexical entries do not hold its text."
