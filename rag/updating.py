"""One update in work: what becomes of each file, from reading to the commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from llama_index.core.schema import TextNode

from rag.catalog import Catalog, Matrix, PassageRow, storable
from rag.documents import load
from rag.errors import DocumentError
from rag.types import Document, Progress, UpdateReport

_BATCH = 64  # passages embedded together; documents are still committed one by one

Cut = Callable[[Document], tuple[list[TextNode], list[str]]]  # a document's passages, and what is embedded of each
Encode = Callable[[Sequence[str]], Matrix]
Tell = Callable[[Progress], None]


class _Waiting(NamedTuple):
    document: Document
    nodes: list[TextNode]
    texts: list[str]
    digests: list[bytes]


class Update:
    """Accounts for every path in exactly one place; `done` of its progress counts what is committed or settled."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        cut: Cut,
        encode: Encode,
        total: int,
        progress: Tell | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self._catalog = catalog
        self._known = catalog.known()
        self._cut = cut
        self._encode = encode
        self._total = total
        self._progress = progress
        self._stop = cancelled or (lambda: False)
        self.cancelled = False
        self._added: list[str] = []
        self._updated: list[str] = []
        self._unchanged: list[str] = []
        self._rejected: list[tuple[str, str]] = []
        self._gaps: list[tuple[str, str]] = []
        self._passages = 0

    def reject(self, refused: Iterable[tuple[Path, str]]) -> None:
        """Account for what cannot be read, each with the reason."""
        for path, reason in refused:
            self._reject(str(path), reason, stays=str(path) in self._known)

    def read(self, files: Iterable[Path]) -> Iterator[Document]:
        """Yield the documents of files that are new or changed; account for the others."""
        for file in files:
            if self._stop():
                self.cancelled = True
                return
            path = str(file)
            if path in self._known and self._known[path] == _digest(file):
                self._settle(self._unchanged, path)
                continue
            try:
                document = load(file).documents[0]
            except DocumentError as error:
                self._reject(path, error.reason, stays=path in self._known)
            else:
                yield document

    def changed(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield those that are not in the catalog just as they are; account for the others."""
        seen: set[str] = set()
        for document in documents:
            if document.path in seen:
                self._reject(document.path, "another document with this path came before it.")
            elif document.path in self._known and self._catalog.document(document.path) == document:
                self._settle(self._unchanged, document.path)
            else:
                yield document
            seen.add(document.path)

    def store(self, documents: Iterable[Document]) -> None:
        """Embed passages in batches that may hold several documents; commit each document whole."""
        waiting: list[_Waiting] = []
        for document in documents:
            if reason := _unfit(document):
                self._reject(document.path, reason, stays=document.path in self._known)
                continue
            nodes, texts = self._cut(document)
            if not nodes:
                self._reject(document.path, "it holds no text.", stays=document.path in self._known)
                continue
            waiting.append(_Waiting(document, nodes, texts, [hashlib.sha256(text.encode()).digest() for text in texts]))
            if sum(len(one.nodes) for one in waiting) >= _BATCH:
                self._commit(waiting)
                waiting = []
            if self.cancelled:
                return
        self._commit(waiting)

    def report(self, *, given: Sequence[str], missing: Sequence[str] = (), removed: Sequence[str] = ()) -> UpdateReport:
        settled = {*self._added, *self._updated, *self._unchanged, *(path for path, _ in self._rejected)}
        return UpdateReport(
            added=tuple(self._added),
            updated=tuple(self._updated),
            unchanged=tuple(self._unchanged),
            rejected=tuple(self._rejected),
            gaps=tuple(self._gaps),
            missing=tuple(missing),
            removed=tuple(removed),
            pending=tuple(path for path in given if path not in settled),
            cancelled=self.cancelled,
        )

    def _commit(self, waiting: Sequence[_Waiting]) -> None:
        vectors = self._embedded(waiting)
        if vectors is None:
            return
        for document, nodes, _, digests in waiting:
            rows = [_row(node, digest, vectors[digest]) for node, digest in zip(nodes, digests, strict=True)]
            self._catalog.put(document, rows)
            self._gaps.extend((document.path, gap) for gap in document.gaps)
            self._settle(self._updated if document.path in self._known else self._added, document.path)

    def _embedded(self, waiting: Sequence[_Waiting]) -> dict[bytes, Matrix] | None:
        """Digest to vector for all that waits, none embedded twice; None where the update was stopped meanwhile."""
        texts = {digest: text for one in waiting for digest, text in zip(one.digests, one.texts, strict=True)}
        vectors = self._catalog.embedded(texts)
        fresh = [digest for digest in texts if digest not in vectors]
        self._passages += sum(len(one.nodes) for one in waiting) - len(fresh)
        for first in range(0, len(fresh), _BATCH):
            if first and self._stop():  # a long document is given up, not half of it kept
                self.cancelled = True
                return None
            batch = fresh[first : first + _BATCH]
            vectors.update(zip(batch, self._encode([texts[digest] for digest in batch]), strict=True))
            self._passages += len(batch)
            if first + _BATCH < len(fresh):
                self._tell(waiting[-1].document.path)
        return vectors

    def _reject(self, path: str, reason: str, *, stays: bool = False) -> None:
        """Account for a rejection; where an earlier version `stays`, the reason ends by saying so."""
        self._rejected.append((path, f"{reason.rstrip('.')}; the earlier version stays indexed" if stays else reason))
        self._tell(path)

    def _settle(self, where: list[str], path: str) -> None:
        where.append(path)
        self._tell(path)

    def _tell(self, path: str) -> None:
        if self._progress is not None:
            done = len(self._added) + len(self._updated) + len(self._unchanged) + len(self._rejected)
            self._progress(Progress(done=done, total=self._total, path=path, passages=self._passages))


def _row(node: TextNode, digest: bytes, vector: Matrix) -> PassageRow:
    assert node.start_char_idx is not None
    assert node.end_char_idx is not None
    return PassageRow(
        start=node.start_char_idx,
        stop=node.end_char_idx,
        title=node.metadata["title"],
        section=node.metadata["section"],
        text=node.text,
        sentences=tuple(node.metadata["sentences"]),
        embedded=digest,
        vector=vector,
    )


def _unfit(document: Document) -> str:
    """Why the catalog could not give `document` back as it is, or nothing."""
    for what in ("text", "path", "title", "date", "author", "sha256"):
        if not storable(getattr(document, what) or ""):
            return f"its {what} holds a null character or half of a surrogate pair."
    return ""


def _digest(file: Path) -> str:
    try:
        if not file.is_file():  # opening a pipe would wait for ever
            return ""
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""  # load() says what is wrong with it
