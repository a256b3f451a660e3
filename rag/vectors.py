"""Dense search over the catalog's vectors: a FAISS file that is derived, checked by its hash, and rebuilt at need."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.catalog import Catalog

Ids = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]

_MAGIC = b"FOOTNOTE VECTORS 1\n"


class Vectors:
    """Exact inner-product search (IndexIDMap2 over a flat index), kept level with the catalog's generation."""

    def __init__(self, path: Path, catalog: Catalog, dimension: int) -> None:
        self._path = path
        self._catalog = catalog
        self._dimension = dimension
        self._lock = threading.Lock()
        self._index: Any = None
        self._ids: Ids = np.zeros(0, dtype=np.int64)
        self._generation = -1

    def search(self, vector: Matrix, k: int, ids: Ids | None = None) -> dict[int, float]:
        """Passage id to cosine of the k nearest to `vector`, float32 [d]; with `ids`, only among these."""
        import faiss

        with self._lock:
            self._refresh()
            parameters = None if ids is None else faiss.SearchParameters(sel=faiss.IDSelectorBatch(ids))
            scores, found = self._index.search(vector.reshape(1, -1), k, params=parameters)
        return {int(i): float(score) for i, score in zip(found[0], scores[0], strict=True) if i >= 0}

    def cosines(self, vector: Matrix, ids: list[int]) -> dict[int, float]:
        """Passage id to exact cosine with `vector`, float32 [d]; ids that are gone are left out."""
        with self._lock:
            self._refresh()
            present = [i for i in ids if (at := np.searchsorted(self._ids, i)) < len(self._ids) and self._ids[at] == i]
            if not present:
                return {}
            rows = np.stack([self._index.reconstruct(i) for i in present])
        return dict(zip(present, (rows @ vector).tolist(), strict=True))

    def save(self) -> None:
        """Write the file aside, flush it to disk and put it in place: a reader sees the old one or the new one."""
        import faiss

        with self._lock:
            self._refresh()
            payload = faiss.serialize_index(self._index).tobytes()
            header = json.dumps({"generation": self._generation, "sha256": hashlib.sha256(payload).hexdigest()})
        aside = self._path.with_suffix(f".{os.getpid()}.tmp")
        try:
            with aside.open("wb") as file:
                file.write(_MAGIC + header.encode() + b"\n" + payload)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self._path)
            _sync_folder(self._path.parent)
        finally:
            aside.unlink(missing_ok=True)

    def finding(self) -> str:
        """What is wrong with the file, or nothing. It is never used as it is where something is."""
        if not self._path.exists():
            return "vectors.faiss is missing (it is rebuilt from the catalog)."
        payload = self._payload()
        if payload is None:
            return "vectors.faiss is stale or damaged (it is rebuilt from the catalog)."
        return ""

    def saved(self) -> bool:
        """Whether the file fits the catalog as it is now."""
        return not self.finding()

    def _refresh(self) -> None:
        """Bring the index level with the catalog: from the file at first, then by what was added and removed."""
        import faiss

        with self._catalog.snapshot():
            generation = self._catalog.generation
            if generation == self._generation:
                return
            ids = self._catalog.passage_ids()
            if self._index is None and not self._load(ids):
                self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(self._dimension))
                self._ids = np.zeros(0, dtype=np.int64)
            gone = np.setdiff1d(self._ids, ids, assume_unique=True)
            fresh = np.setdiff1d(ids, self._ids, assume_unique=True)
            if len(gone):
                self._index.remove_ids(faiss.IDSelectorBatch(gone))
            if len(fresh):
                self._index.add_with_ids(self._catalog.vectors(fresh, self._dimension), fresh)
            self._ids = ids
            self._generation = generation

    def _load(self, ids: Ids) -> bool:
        import faiss

        payload = self._payload()
        if payload is None:
            return False
        index = faiss.deserialize_index(np.frombuffer(payload, dtype=np.uint8))
        if index.d != self._dimension or index.ntotal != len(ids):
            return False
        self._index = index
        self._ids = ids
        return True

    def _payload(self) -> bytes | None:
        """The serialised index if the file is whole and of the catalog's generation, else None."""
        try:
            data = self._path.read_bytes()
            if not data.startswith(_MAGIC):
                return None
            line, _, payload = data[len(_MAGIC) :].partition(b"\n")
            header = json.loads(line)
            fits = header == {"generation": self._catalog.generation, "sha256": hashlib.sha256(payload).hexdigest()}
        except (OSError, ValueError):
            return None
        return payload if fits else None


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
