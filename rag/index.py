"""Index: the one way to a folder of indexed documents, for updates, for search and for checks."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal

from filelock import FileLock, Timeout
from llama_index.core.schema import TextNode

from rag.catalog import Catalog, PassageRow
from rag.config import Config
from rag.documents import find, load
from rag.encoder import DEFAULT, Encoder
from rag.errors import DocumentError, IndexFault, IndexLocked, IndexMismatch, IndexMissing
from rag.fusion import fuse, query_words
from rag.passages import PassageParser
from rag.types import Document, Hit, IndexedDocument, Progress, UpdateReport, Verification
from rag.vectors import Vectors

Given = str | Path | Iterable[str | Path]
Mode = Literal["fused", "dense", "lexical"]

_BATCH = 64  # passages embedded together; documents are still committed one by one


class Index:
    """Documents, passages and vectors in one folder. Many readers, one writer at a time.

    Open it with `Index.open`; use it as a context manager or call `close()`. Thread-safe.
    """

    def __init__(self, folder: Path, catalog: Catalog, config: Config, encoder: Encoder | None) -> None:
        self.folder = folder
        self.config = config
        self._catalog = catalog
        self._given_encoder = encoder
        self._encoder: Encoder | None = None
        self._parser: PassageParser | None = None
        self._vectors: Vectors | None = None
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls, folder: str | Path, *, config: Config | None = None, encoder: Encoder | None = None, create: bool = False
    ) -> Index:
        """Open the index in `folder`; with `create`, begin an empty one where there is none.

        Raises IndexMissing, IndexMismatch (another encoder or passage rule built it) or IndexDamaged.
        """
        folder = Path(folder).expanduser().resolve()
        file = folder / "catalog.sqlite"
        if not file.exists():
            if not create:
                raise IndexMissing(
                    str(folder), "there is no index here.", remedy=f"Build it: rag index FOLDER --index {folder}"
                )
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise IndexFault(str(folder), f"cannot be made ({error.strerror}).") from None
        config = config or Config.load()
        index = cls(folder, Catalog(file, create=create), config, encoder)
        try:
            built_with = index._catalog.meta("encoder")
            wanted = encoder.model_name if encoder else config.encoder.model or DEFAULT
            if built_with and built_with != wanted:
                raise index._mismatch("encoder", built_with, wanted)
        except BaseException:
            index.close()
            raise
        return index

    def close(self) -> None:
        self._catalog.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded at first use and checked against the one that built the index."""
        with self._lock:
            if self._encoder is None:
                encoder = self._given_encoder or Encoder.from_settings(self.config.encoder)
                parser = PassageParser(encoder, pieces=self.config.passages.pieces)
                stamp = {
                    "encoder": encoder.model_name,
                    "weights": encoder.digest,
                    "dimension": str(encoder.dimension),
                    "passages": parser.rule,
                }
                for key, wanted in stamp.items():
                    found = self._catalog.meta(key)
                    if found is not None and found != wanted:
                        raise self._mismatch(key, found, wanted)
                self._parser = parser
                self._vectors = Vectors(self.folder / "vectors.faiss", self._catalog, encoder.dimension)
                self._stamp = stamp
                self._encoder = encoder
            return self._encoder

    # --- updating

    def update(
        self,
        given: Given,
        *,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        sync: bool = False,
    ) -> UpdateReport:
        """Index a file, a folder or a list of them; what is unchanged is not read again.

        Each document is committed on its own: after a stop at any time, the same call goes on where it was.
        With `sync`, documents below a given folder whose file is gone are removed. `cancelled` is asked between
        documents. Raises IndexLocked where another process is writing.
        """
        roots = [Path(one).expanduser().resolve() for one in ([given] if isinstance(given, str | Path) else given)]
        files = find(roots)
        with self._writing():
            known = self._catalog.known()
            work = _Update(self, len(files), known, progress, cancelled)
            documents = work.read(files)
            work.store(documents)
            there = {str(file) for file in files}
            folders = [root for root in roots if root.is_dir()]
            missing = [path for path in known if path not in there and any(_below(path, root) for root in folders)]
            if sync and not work.cancelled:
                for path in missing:
                    self._catalog.remove(path)
            removed, missing = (missing, []) if sync and not work.cancelled else ([], missing)
            self._save_vectors()
        return work.report(files=[str(file) for file in files], missing=missing, removed=removed)

    def add(self, documents: Iterable[Document], *, progress: Callable[[Progress], None] | None = None) -> UpdateReport:
        """Index documents that are already read; each stands under its own `path`."""
        documents = list(documents)
        with self._writing():
            work = _Update(self, len(documents), self._catalog.known(), progress, None)
            work.store(work.changed(documents))
            self._save_vectors()
        return work.report(files=[document.path for document in documents], missing=[], removed=[])

    def remove(self, path: str | Path) -> list[str]:
        """Delete a document, or all below a folder, with passages, lexical entries and vectors; return their paths."""
        with self._writing():
            paths = self._matching([path])
            for one in paths:
                self._catalog.remove(one)
            if paths:
                self._save_vectors()
        return paths

    # --- reading

    def documents(self) -> list[IndexedDocument]:
        """All documents, in the order in which they were indexed."""
        return self._catalog.documents()

    def document(self, path: str | Path) -> Document:
        """The document at `path`, with its text. Raises IndexFault where there is none."""
        for name in (str(path), str(Path(path).expanduser().resolve())):
            document = self._catalog.document(name)
            if document is not None:
                return document
        raise IndexFault(str(self.folder), f"no document at {path}.", remedy="`rag documents` lists what is indexed.")

    def search(
        self, query: str, *, k: int = 10, within: Sequence[str | Path] | None = None, mode: Mode = "fused"
    ) -> list[Hit]:
        """The k best passages for `query`, best first; the same query gives the same hits.

        `within` restricts the search to these documents or folders. Scores: fused and dense in [-1, 1], lexical BM25.
        """
        vector = self.encoder.encode([query])[0]
        vectors = self._dense()
        with self._catalog.snapshot():
            paths = None if within is None else self._matching(within)
            if paths is not None and not paths:
                return []
            count = max(k, self.config.retrieval.candidates)
            lexical = self._catalog.lexical(query_words(query), count, paths) if mode != "dense" else {}
            ids = None if paths is None else self._catalog.passage_ids(paths)
            dense = vectors.search(vector, count, ids) if mode != "lexical" else {}
            if mode == "fused":
                dense |= vectors.cosines(vector, sorted(set(lexical) - set(dense)))
                scores = fuse(dense, lexical)
            else:
                scores = dense or lexical
            best = sorted(scores, key=lambda i: (-scores[i], i))[:k]
            return self._catalog.hits({i: scores[i] for i in best})

    def neighbours(self, hit: Hit) -> tuple[Hit | None, Hit | None]:
        """The passages before and after `hit` in its document."""
        with self._catalog.snapshot():
            return self._catalog.neighbours(hit)

    def verify(self) -> Verification:
        """Check the catalog, its passages and the vector file against each other."""
        dimension = int(self._catalog.meta("dimension") or 0)
        with self._catalog.snapshot():
            findings = self._catalog.findings(dimension) if dimension else []
            documents, passages = self._catalog.count()
            generation = self._catalog.generation
            if dimension and (finding := Vectors(self.folder / "vectors.faiss", self._catalog, dimension).finding()):
                findings.append(finding)
        return Verification(documents=documents, passages=passages, generation=generation, findings=tuple(findings))

    # --- inside

    def _dense(self) -> Vectors:
        assert self.encoder is not None and self._vectors is not None
        return self._vectors

    def _passages(self, document: Document) -> tuple[list[TextNode], list[str]]:
        """The passages of a document and what is embedded of each."""
        assert self.encoder is not None and self._parser is not None
        nodes = self._parser.parse(document)
        return nodes, [self._parser.embedded_text(node) for node in nodes]

    def _save_vectors(self) -> None:
        dimension = self._catalog.meta("dimension")
        if dimension is None:
            return
        vectors = self._vectors or Vectors(self.folder / "vectors.faiss", self._catalog, int(dimension))
        if not vectors.saved():
            vectors.save()

    def _matching(self, names: Sequence[str | Path]) -> list[str]:
        """Indexed paths that are one of `names` or lie below one that is a folder."""
        plain = {str(name) for name in names}
        resolved = [Path(name).expanduser().resolve() for name in names]
        return [path for path in self._catalog.known() if path in plain or any(_below(path, root) for root in resolved)]

    def _mismatch(self, what: str, found: str, wanted: str) -> IndexMismatch:
        return IndexMismatch(
            str(self.folder),
            f"was built with {what} {found!r}, but {wanted!r} is configured.",
            remedy="Restore that setting, or index the documents again into a new folder.",
        )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with FileLock(self.folder / "write.lock", timeout=5):
                yield
        except Timeout:
            raise IndexLocked(
                str(self.folder), "another process is updating this index.", remedy="Try again when it has finished."
            ) from None


class _Update:
    """One update in work: what has become of each file so far."""

    def __init__(
        self,
        index: Index,
        total: int,
        known: dict[str, str],
        progress: Callable[[Progress], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._index = index
        self._total = total
        self._known = known
        self._progress = progress
        self._stop = cancelled
        self.cancelled = False
        self._added: list[str] = []
        self._updated: list[str] = []
        self._unchanged: list[str] = []
        self._rejected: list[tuple[str, str]] = []
        self._gaps: list[tuple[str, str]] = []
        self._passages = 0

    def read(self, files: Sequence[Path]) -> Iterator[Document]:
        """Yield the documents of files that are new or changed; account for the others."""
        for file in files:
            if self._stop is not None and self._stop():
                self.cancelled = True
                return
            try:
                if str(file) in self._known and self._known[str(file)] == _digest(file):
                    self._unchanged.append(str(file))
                    self._tell(str(file))
                else:
                    yield load(file)
            except DocumentError as error:
                self._rejected.append((str(file), error.reason))
                self._tell(str(file))

    def changed(self, documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            if self._known.get(document.path) == document.sha256:
                self._unchanged.append(document.path)
                self._tell(document.path)
            else:
                yield document

    def store(self, documents: Iterable[Document]) -> None:
        """Embed passages in batches that may hold several documents; commit each document whole."""
        waiting: list[tuple[Document, list[TextNode], list[str]]] = []
        for document in documents:
            nodes, texts = self._index._passages(document)
            if not nodes:
                self._rejected.append((document.path, "no readable text."))
                self._tell(document.path)
                continue
            waiting.append((document, nodes, texts))
            if sum(len(texts) for _, _, texts in waiting) >= _BATCH:
                self._commit(waiting)
                waiting = []
        self._commit(waiting)

    def _commit(self, waiting: list[tuple[Document, list[TextNode], list[str]]]) -> None:
        if not waiting:
            return
        catalog = self._index._catalog
        if catalog.meta("dimension") is None:
            catalog.set_meta(self._index._stamp)
        rows = iter(self._index.encoder.encode([text for _, _, texts in waiting for text in texts]))
        for document, nodes, _ in waiting:
            catalog.put(document, [_row(node, next(rows)) for node in nodes])
            (self._updated if document.path in self._known else self._added).append(document.path)
            self._gaps.extend((document.path, gap) for gap in document.gaps)
            self._passages += len(nodes)
            self._tell(document.path)

    def _tell(self, path: str) -> None:
        if self._progress is not None:
            done = len(self._added) + len(self._updated) + len(self._unchanged) + len(self._rejected)
            self._progress(Progress(done=done, total=self._total, path=path, passages=self._passages))

    def report(self, *, files: Sequence[str], missing: Sequence[str], removed: Sequence[str]) -> UpdateReport:
        settled = {*self._added, *self._updated, *self._unchanged, *(path for path, _ in self._rejected)}
        return UpdateReport(
            added=tuple(self._added),
            updated=tuple(self._updated),
            unchanged=tuple(self._unchanged),
            rejected=tuple(self._rejected),
            gaps=tuple(self._gaps),
            missing=tuple(missing),
            removed=tuple(removed),
            pending=tuple(file for file in files if file not in settled),
            cancelled=self.cancelled,
        )


def _row(node: TextNode, vector: object) -> PassageRow:
    assert node.start_char_idx is not None and node.end_char_idx is not None
    return PassageRow(
        start=node.start_char_idx,
        stop=node.end_char_idx,
        title=node.metadata["title"],
        section=node.metadata["section"],
        text=node.text,
        sentences=tuple(node.metadata["sentences"]),
        vector=vector,  # type: ignore[arg-type]
    )


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""  # load() says what is wrong with it


def _below(path: str, root: Path) -> bool:
    return path == str(root) or path.startswith(f"{str(root).rstrip('/')}/")
