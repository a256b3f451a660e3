"""Dense search over the catalog's vectors: a FAISS file that is derived, checked by its hash, and rebuilt at need."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.catalog import Catalog
from rag.ledger import sync_folder
from rag.rows import Ids, Matrix

_MAGIC = b"FOOTNOTE VECTORS 1\n"
_NOISE = 1e-5  # scores of FAISS this close may stand in either order: its sums are rounded to float32


class Vectors:
    """Exact inner-product search (IndexIDMap2 over a flat index), kept level with the catalog's generation."""

    def __init__(self, path: Path, catalog: Catalog, dimension: int) -> None:
        self._path = path
        self._catalog = catalog
        self._dimension = dimension
        self._lock = threading.Lock()
        self._index: Any = None
        self._ids: Ids = np.zeros(0, dtype=np.int64)
        self._state = ""

    def search(self, vector: Matrix, k: int, ids: Ids | None = None) -> dict[int, float]:
        """Passage id to cosine with `vector`, float32 [d], of the k nearest and all that are as near as the k-th.

        Nearest first, ties by id; with `ids`, only among these.
        """
        with self._lock:
            self._refresh()
            scores = self._cosines(vector, self._candidates(vector, k, ids))
        ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        return {i: score for i, score in ranked if score >= ranked[min(k, len(ranked)) - 1][1]}

    def cosines(self, vector: Matrix, ids: Sequence[int]) -> dict[int, float]:
        """Passage id to cosine with `vector`, float32 [d]; ids that are gone are left out."""
        with self._lock:
            self._refresh()
            return self._cosines(vector, np.intersect1d(np.asarray(ids, dtype=np.int64), self._ids))

    def save(self) -> None:
        """Write the file aside, flush it to disk and put it in place: a reader sees the old one or the new one."""
        import faiss

        with self._lock:
            self._refresh()
            payload = faiss.serialize_index(self._index).tobytes()
            header = json.dumps({"state": self._state, "sha256": hashlib.sha256(payload).hexdigest()})
        aside = self._path.with_suffix(".tmp")  # one name, for one writer: what a kill leaves is overwritten
        with aside.open("wb") as file:
            file.writelines((_MAGIC, header.encode(), b"\n", payload))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._path)
        sync_folder(self._path.parent)

    def finding(self) -> str:
        """What is wrong with the file, or nothing. It is never used as it is where something is."""
        if not self._path.exists():
            return "vectors.faiss is missing (it is rebuilt from the catalog)."
        if self._payload() is None:
            return "vectors.faiss is stale or damaged (it is rebuilt from the catalog)."
        return ""

    def _candidates(self, vector: Matrix, k: int, ids: Ids | None) -> Ids:
        """At least the k best, with all whose score might as well be the k-th, whatever order FAISS holds them in."""
        import faiss

        parameters: Any = None
        if ids is not None:
            selector = faiss.IDSelectorBatch(ids)  # FAISS does not own it: it lives as long as this call
            parameters = faiss.SearchParameters()
            parameters.sel = selector
        total = len(self._ids) if ids is None else len(ids)
        asked = k + 1
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)  # of this thread: one query is done before a busy machine's others have begun
        try:
            while True:
                scores, found = self._index.search(vector.reshape(1, -1), min(asked, max(total, 1)), params=parameters)
                if asked >= total or scores[0][-1] < scores[0][k - 1] - _NOISE:
                    return np.sort(found[0][found[0] >= 0])
                asked *= 4
        finally:
            faiss.omp_set_num_threads(threads)

    def _cosines(self, vector: Matrix, ids: Ids) -> dict[int, float]:
        """To six decimals, each row summed on its own in float64: what is equally near scores equally."""
        if not len(ids):
            return {}
        rows = self._index.reconstruct_batch(ids).astype(np.float64)
        scores = (rows * vector).sum(axis=1).clip(-1.0, 1.0).round(6)
        return dict(zip(ids.tolist(), scores.tolist(), strict=True))

    def _refresh(self) -> None:
        """Bring the index level with the catalog: from the file at first, then by what was added and removed."""
        import faiss

        with self._catalog.snapshot():
            state = self._catalog.state
            if state == self._state:
                return
            ids = self._catalog.passage_ids()
            if self._index is None and not self._load(ids):
                self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(self._dimension))
                self._ids = np.zeros(0, dtype=np.int64)
            gone = np.setdiff1d(self._ids, ids, assume_unique=True)
            fresh = np.setdiff1d(ids, self._ids, assume_unique=True)
            rows = _unit(self._catalog.vectors(fresh, self._dimension))
        if len(gone):
            self._index.remove_ids(faiss.IDSelectorBatch(gone))
        if len(fresh):
            self._index.add_with_ids(rows, fresh)
        self._ids = ids
        self._state = state

    def _load(self, ids: Ids) -> bool:
        import faiss

        payload = self._payload()
        if payload is None:
            return False
        try:
            index = faiss.deserialize_index(np.frombuffer(payload, dtype=np.uint8))
        except RuntimeError:  # written by a FAISS that this one does not understand
            return False
        if index.d != self._dimension or index.ntotal != len(ids):
            return False
        self._index = index
        self._ids = ids
        return True

    def _payload(self) -> bytes | None:
        """The serialised index if the file is whole and of the catalog's state, else None."""
        try:
            data = self._path.read_bytes()
            if not data.startswith(_MAGIC):
                return None
            line, _, payload = data[len(_MAGIC) :].partition(b"\n")
            header = json.loads(line)
        except (OSError, ValueError):
            return None
        fits = header == {"state": self._catalog.state, "sha256": hashlib.sha256(payload).hexdigest()}
        return payload if fits else None


def _unit(rows: Matrix) -> Matrix:
    """Rows of length 1 again, which their storage as float16 has changed a little."""
    unit: Matrix = rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(min=1e-12)
    return unit
