"""What a catalog has acknowledged, in a small file beside it, so that damage and lost commits are noticed."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from rag.database import faults_of, file_digest
from rag.errors import IndexDamaged

_CONDEMNED = "damaged"  # in the place of a digest
_LENGTH = 256  # bytes: within one sector, and overwritten in place


class Entry(NamedTuple):
    """The generation acknowledged last, and the SHA-256 of the catalog's file; "" while it is being written."""

    generation: int
    sha256: str


class Ledger:
    """One entry, on disk when a method that changes it returns. Only the holder of the write lock changes it.

    Raises IndexFault where the disk does not take it.
    """

    def __init__(self, catalog: Path) -> None:
        self._catalog = catalog
        self._path = catalog.with_name(f"{catalog.name}.ledger")

    def fits(self) -> bool:
        """Whether the catalog's file is, byte for byte, what was noted when it was written last.

        Raises IndexDamaged where it was found damaged before, whoever has the write lock meanwhile.
        """
        noted = self.read()
        if noted is not None and noted.sha256 == _CONDEMNED:
            folder = self._catalog.parent
            remedy = f"Wait until it is mended, or mend it: rag verify --repair --index {folder}"
            raise IndexDamaged(str(folder), "the catalog is damaged.", remedy=remedy)
        return noted is not None and bool(noted.sha256) and noted.sha256 == file_digest(self._catalog)

    def unexpected(self, generation: int) -> str:
        """Why a catalog of this generation is not what was acknowledged, or nothing.

        For the holder of the write lock: anybody else may see it change.
        """
        noted = self.read()
        if noted is None:
            return ""
        if noted.sha256:
            return "" if self.fits() else "its bytes are not those that were written"
        return "changes that were acknowledged are missing" if generation < noted.generation else ""

    def open(self, generation: int) -> None:
        """Note that the catalog's file is about to change."""
        noted = self.read()
        if noted is None or noted.sha256:
            self.acknowledge(generation)

    def acknowledge(self, generation: int) -> None:
        """Note that the catalog has this generation on disk, and may change further."""
        self._write(Entry(generation, ""))

    def close(self, generation: int) -> None:
        """Note the catalog's bytes, which nobody will change before `open`."""
        self._write(Entry(generation, file_digest(self._catalog)))

    def condemn(self) -> None:
        """Note that the catalog is damaged: nobody may open it until another stands in its place."""
        noted = self.read()
        self._write(Entry(noted.generation if noted else 0, _CONDEMNED))

    def copy(self, other: Ledger) -> None:
        """Note of this catalog what is noted of another, whose file will stand in its place."""
        noted = other.read()
        assert noted is not None
        self._write(noted)

    def read(self) -> Entry | None:
        """The entry, or None where there is none that can be believed."""
        try:
            with faults_of(self._path.parent, "what was indexed cannot be known"):
                generation, sha256, check = json.loads(self._path.read_bytes() if self._path.exists() else b"")
        except (ValueError, TypeError):
            return None
        entry = Entry(generation, sha256)
        return entry if check == _check(entry) else None

    def _write(self, entry: Entry) -> None:
        line = json.dumps([*entry, _check(entry)]).encode()
        with faults_of(self._path.parent, "what was indexed cannot be noted"):
            fresh = not self._path.exists()
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, line.ljust(_LENGTH))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if fresh:
                sync_folder(self._path.parent)
                with suppress(PermissionError):  # the folder itself may be new in one that is not ours
                    sync_folder(self._path.parent.parent)


def sync_folder(folder: Path) -> None:
    """Let a name that was made or changed in `folder` survive a power cut."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(entry: Entry) -> str:
    return hashlib.sha256(repr(tuple(entry)).encode()).hexdigest()[:32]
