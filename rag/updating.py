"""One update in work: what becomes of each file, from reading to the commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from llama_index.core.schema import TextNode

from rag.catalog import Catalog, Contents, Source
from rag.config import DocumentSettings
from rag.documents import readers
from rag.documents.sandbox import Sandbox, Stopped
from rag.errors import DocumentError
from rag.rows import Matrix, PassageRow, storable
from rag.types import Document, Progress, UpdateReport

_BATCH = 64  # passages embedded together; documents are still committed one by one

Cut = Callable[[Document], tuple[list[TextNode], list[str]]]  # a document's passages, and what is embedded of each
Encode = Callable[[Sequence[str]], Matrix]
Tell = Callable[[Progress], None]


class _Cut(NamedTuple):
    """A document, its passages, and of each what is embedded and the digest of that."""

    document: Document
    nodes: list[TextNode]
    texts: list[str]
    digests: list[bytes]


class _Waiting(NamedTuple):
    """A file whose documents wait for their vectors."""

    file: Source
    cuts: list[_Cut]


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
        self._known = catalog.files()
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

    def read(self, files: Iterable[Path], settings: DocumentSettings) -> None:
        """Index the files that are new or changed, each read in a process with limits; account for all of them."""
        with Sandbox(settings) as sandbox:
            self._store(self._loaded(files, sandbox, readers(settings.seconds)))

    def add(self, documents: Iterable[Document]) -> None:
        """Index documents that are already read and not in the catalog just as they are; account for all of them."""
        self._store(self._changed(documents))

    def copy(self, other: Catalog) -> None:
        """Index all that another catalog holds, but for what is here as it is there; account for all of it."""
        self._store(self._others(other))

    def _others(self, other: Catalog) -> Iterator[Source]:
        here = self._catalog.versions()
        for path, version in other.versions().items():
            if self._stop():
                self.cancelled = True
                return
            if here.get(path) == version:
                self._settle(self._unchanged, path)
            else:
                yield other.source(path)

    def _loaded(self, files: Iterable[Path], sandbox: Sandbox, by: int) -> Iterator[Source]:
        read = self._catalog.files(by)
        for file in files:
            if self._stop():
                self.cancelled = True
                return
            path = str(file)
            if read.get(path) and read[path] == _digest(file):
                self._settle(self._unchanged, path)
                continue
            self._tell(path)
            try:
                loaded = sandbox.load(file, stop=self._stop)
            except Stopped:
                self.cancelled = True
                return
            except DocumentError as error:
                self._reject(path, error.reason, stays=path in self._known)
            else:
                yield Source(path, loaded.sha256, by, loaded.documents)

    def _changed(self, documents: Iterable[Document]) -> Iterator[Source]:
        seen: set[str] = set()
        for document in documents:
            if document.path in seen:
                self._reject(document.path, "another document with this path came before it.")
            elif document.path in self._known and self._catalog.document(document.path) == document:
                self._settle(self._unchanged, document.path)
            else:
                yield Source(document.path, document.sha256, 0, (document,))
            seen.add(document.path)

    def _store(self, sources: Iterable[Source]) -> None:
        """Embed passages in batches that may hold several files; commit each file whole.

        An interrupt costs the file in work: those that wait with it are committed first, which takes a second.
        """
        waiting: list[_Waiting] = []
        try:
            self._store_through(waiting, sources)
        except KeyboardInterrupt:
            self._commit(waiting if _passages(waiting) < _BATCH else waiting[:-1])
            raise

    def _store_through(self, waiting: list[_Waiting], sources: Iterable[Source]) -> None:
        for source in sources:
            if reason := next(filter(None, map(_unfit, source.documents)), ""):
                self._reject(source.path, reason, stays=source.path in self._known)
                continue
            cuts = [cut for cut in map(self._cut_up, source.documents) if cut.nodes]
            if not cuts:
                self._reject(source.path, "it holds no text.", stays=source.path in self._known)
                continue
            waiting.append(_Waiting(source, cuts))
            if _passages(waiting) >= _BATCH:
                self._commit(waiting)
            if self.cancelled:
                return
        self._commit(waiting)

    def _cut_up(self, document: Document) -> _Cut:
        nodes, texts = self._cut(document)
        return _Cut(document, nodes, texts, [hashlib.sha256(text.encode()).digest() for text in texts])

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

    def _commit(self, waiting: list[_Waiting]) -> None:
        """Commit what waits, until nothing does; where the update was stopped meanwhile, nothing of it."""
        vectors = self._embedded(waiting)
        while vectors is not None and waiting:
            file, cuts = waiting[0]
            contents: Contents = [(cut.document, list(_rows(cut, vectors))) for cut in cuts]
            self._catalog.put_file(file.path, file.sha256, contents, readers=file.readers)
            del waiting[0]
            self._gaps.extend((cut.document.path, gap) for cut in cuts for gap in cut.document.gaps)
            self._settle(self._updated if file.path in self._known else self._added, file.path)

    def _embedded(self, waiting: Sequence[_Waiting]) -> dict[bytes, Matrix] | None:
        """Digest to vector for all that waits, none embedded twice; None where the update was stopped meanwhile."""
        cuts = [cut for one in waiting for cut in one.cuts]
        texts = {digest: text for cut in cuts for digest, text in zip(cut.digests, cut.texts, strict=True)}
        vectors = self._catalog.embedded(texts)
        fresh = [digest for digest in texts if digest not in vectors]
        self._passages += sum(len(cut.nodes) for cut in cuts) - len(fresh)
        for first in range(0, len(fresh), _BATCH):
            if first and self._stop():  # a long file is given up, not half of it kept
                self.cancelled = True
                return None
            batch = fresh[first : first + _BATCH]
            vectors.update(zip(batch, self._encode([texts[digest] for digest in batch]), strict=True))
            self._passages += len(batch)
            if first + _BATCH < len(fresh):
                self._tell(waiting[-1].file.path)
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


def _passages(waiting: Sequence[_Waiting]) -> int:
    return sum(len(cut.nodes) for one in waiting for cut in one.cuts)


def _rows(cut: _Cut, vectors: dict[bytes, Matrix]) -> Iterator[PassageRow]:
    for node, digest in zip(cut.nodes, cut.digests, strict=True):
        assert node.start_char_idx is not None
        assert node.end_char_idx is not None
        yield PassageRow(
            start=node.start_char_idx,
            stop=node.end_char_idx,
            title=node.metadata["title"],
            section=node.metadata["section"],
            text=node.text,
            sentences=tuple(node.metadata["sentences"]),
            embedded=digest,
            vector=vectors[digest],
        )


def _unfit(document: Document) -> str:
    """Why the catalog could not give `document` back as it is, or nothing."""
    for what in ("text", "path", "title", "date", "author", "outlet", "updated", "sha256"):
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
