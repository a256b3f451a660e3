"""The tables of a catalog: how they are made, and how those of an earlier version become those of this one."""

from __future__ import annotations

import sqlite3

FORMAT = 2

# AUTOINCREMENT: row ids are never reused.
_SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, readers INTEGER NOT NULL, seal TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    row INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, id TEXT NOT NULL, sha256 TEXT NOT NULL,
    title TEXT NOT NULL, date TEXT, author TEXT, text TEXT NOT NULL, pages TEXT NOT NULL, headings TEXT NOT NULL,
    gaps TEXT NOT NULL, seal TEXT NOT NULL, file TEXT NOT NULL DEFAULT '', outlet TEXT, updated TEXT,
    parts TEXT NOT NULL DEFAULT '[]', boxes TEXT NOT NULL DEFAULT '[]');
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents(row) ON DELETE CASCADE,
    start INTEGER NOT NULL, stop INTEGER NOT NULL, section TEXT NOT NULL, sentences TEXT NOT NULL,
    embedded BLOB NOT NULL, vector BLOB NOT NULL);
CREATE INDEX documents_by_file ON documents(file);
CREATE INDEX passages_by_document ON passages(document, start);
CREATE INDEX passages_by_embedded ON passages(embedded);
CREATE VIRTUAL TABLE lexical USING fts5(title, section, text, tokenize = "porter unicode61 remove_diacritics 2");
INSERT INTO lexical(lexical, rank) VALUES ('rank', 'bm25(0.5, 0.5, 1.0)');
INSERT INTO meta VALUES ('format', '{FORMAT}'), ('generation', '0'), ('mark', ''), ('traces', '0');
"""

_FROM_1 = f"""
CREATE TABLE files (
    path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, readers INTEGER NOT NULL, seal TEXT NOT NULL) WITHOUT ROWID;
ALTER TABLE documents ADD COLUMN file TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN outlet TEXT;
ALTER TABLE documents ADD COLUMN updated TEXT;
ALTER TABLE documents ADD COLUMN parts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE documents ADD COLUMN boxes TEXT NOT NULL DEFAULT '[]';
CREATE INDEX documents_by_file ON documents(file);
UPDATE documents SET file = path;
INSERT INTO files SELECT path, sha256, 1, '' FROM documents;
UPDATE meta SET value = '{FORMAT}' WHERE key = 'format';
"""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables inside the caller's transaction; a file that holds something already stays as it is."""
    if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
        _run(connection, _SCHEMA)


def upgrade(connection: sqlite3.Connection) -> bool:
    """Bring a catalog of format 1, which knew no file apart from its document, up to this one; its seals are not."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return False  # something else
    old: bool = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone() == ("1",)
    if old:
        _run(connection, _FROM_1)
    return old


def _run(connection: sqlite3.Connection, script: str) -> None:
    for statement in script.strip().split(";\n"):  # executescript() would end the transaction
        connection.execute(statement)
