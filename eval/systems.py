"""Systems that suites put questions to: Footnote itself, and two baselines that anybody can rebuild."""

from __future__ import annotations

import importlib.util
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from eval.measures import distinct
from rag.errors import SuiteError

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.config import Config
    from rag.encoder import Encoder
    from rag.types import Document, Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A place that a system ranked or cited: half-open offsets into the text of `doc_id`."""

    doc_id: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.doc_id}:{self.start}:{self.end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a system said: a short answer with citations, or a refusal. `confidence` is 0 to 1 where it has one."""

    short: str = ""
    citations: tuple[Found, ...] = ()
    refused: bool = False
    confidence: float | None = None


class System(Protocol):
    """Anything that reads documents and answers; `settings` tells what it was made of, and is recorded."""

    name: str

    @property
    def settings(self) -> Mapping[str, str]: ...

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        """Take in the documents, whose `path` is the doc_id; return those that it refused."""

    def rank(self, question: str, k: int) -> list[Found]:
        """The k passages most likely to answer, best first."""

    def ask(self, question: str) -> Reply: ...

    def close(self) -> None: ...


class Footnote:
    """The assistant as a user has it, over an index in a temporary folder."""

    name = "footnote"

    def __init__(self, *, config: Config, encoder: Encoder) -> None:
        self._config = config
        self._encoder = encoder
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._assistant: Assistant | None = None

    @property
    def settings(self) -> Mapping[str, str]:
        return {"config": self._config.digest(), "encoder": _encoder_name(self._encoder)}

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        from rag.assistant import Assistant
        from rag.index import Index

        self.close()
        self._folder = tempfile.TemporaryDirectory(prefix="footnote-eval-")
        with Index.open(self._folder.name, config=self._config, encoder=self._encoder, create=True) as index:
            report = index.add(documents)
        self._assistant = Assistant.open(self._folder.name, config=self._config, encoder=self._encoder)
        return [path for path, _ in report.rejected]

    def rank(self, question: str, k: int) -> list[Found]:
        return [_place(hit) for hit in self._ready().rank(question, k=k)]

    def search(self, question: str, k: int) -> list[Found]:
        """The k best passages before the reader orders them."""
        return [_place(hit) for hit in self._ready().index.search(question, k=k)]

    def ask(self, question: str) -> Reply:
        answer = self._ready().ask(question)
        return Reply(
            short=answer.short or " ".join(statement.text for statement in answer.statements),
            citations=distinct(_place(citation) for citation in answer.citations),
            refused=answer.abstained,
            confidence=answer.confidence,
        )

    def close(self) -> None:
        if self._assistant is not None:
            self._assistant.close()
            self._assistant = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _ready(self) -> Assistant:
        assert self._assistant is not None, "index() comes first"
        return self._assistant


class LlamaIndexStarter:
    """The VectorStoreIndex of llama-index's starter tutorial with its defaults, on our encoder.

    Passages of 1,024 tokens with an overlap of 20; the two best are read, so those are what it cites, and the best is
    its answer, for there is no language model to shorten it. It never refuses. The titles go into what is embedded.
    """

    name = "llama-index-starter"
    READS = 2  # llama_index.core.constants.DEFAULT_SIMILARITY_TOP_K

    def __init__(self, *, encoder: Encoder, chunk_size: int = 1024, chunk_overlap: int = 20) -> None:
        self._encoder = encoder
        self._size = chunk_size
        self._overlap = chunk_overlap
        self._index: Any = None

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "chunk_overlap": str(self._overlap),
            "chunk_size": str(self._size),
            "encoder": _encoder_name(self._encoder),
            "reads": str(self.READS),
        }

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        from llama_index.core import VectorStoreIndex

        splitter = starter_splitter(chunk_size=self._size, chunk_overlap=self._overlap)
        self._index = VectorStoreIndex(
            nodes=starter_nodes(documents, splitter), embed_model=self._encoder, transformations=[splitter]
        )
        return []

    def rank(self, question: str, k: int) -> list[Found]:
        return [found for found, _, _ in self._retrieve(question, k)]

    def ask(self, question: str) -> Reply:
        best = self._retrieve(question, self.READS)
        _, text, score = best[0]
        return Reply(
            short=text, citations=tuple(found for found, _, _ in best), confidence=min(1.0, max(0.0, float(score)))
        )

    def close(self) -> None:
        self._index = None

    def _retrieve(self, question: str, k: int) -> list[tuple[Found, str, float]]:
        hits = self._index.as_retriever(similarity_top_k=k).retrieve(question)
        return [
            (
                Found(doc_id=hit.node.ref_doc_id, start=hit.node.start_char_idx, end=hit.node.end_char_idx),
                hit.node.text,
                hit.score,
            )
            for hit in hits
        ]


def starter_splitter(*, chunk_size: int, chunk_overlap: int) -> Any:
    """llama-index's default parser, with ids that do not change from run to run: they break ties."""
    from llama_index.core.node_parser import SentenceSplitter

    return SentenceSplitter(
        chunk_size=chunk_size,
        chunk_overlap=chunk_overlap,
        id_func=lambda number, document: f"{document.node_id}:{number:06d}",
    )


def starter_nodes(documents: Sequence[Document], splitter: Any) -> list[Any]:
    """The parser's passages, each with the offsets at which it truly stands."""
    nodes = []
    for document in documents:
        parsed = splitter.get_nodes_from_documents([as_llama(document)])
        for node, (start, end) in zip(parsed, true_offsets(document.text, [n.text for n in parsed]), strict=True):
            node.start_char_idx, node.end_char_idx = start, end
            nodes.append(node)
    return nodes


def as_llama(document: Document) -> Any:
    """The document as llama-index has it; its title is metadata, which llama-index embeds with each passage."""
    from llama_index.core import Document as LlamaDocument

    title = {"title": document.title} if document.title else {}
    return LlamaDocument(id_=document.path, text=document.text, metadata=title)


def true_offsets(text: str, pieces: Sequence[str]) -> list[tuple[int, int]]:
    """Where pieces stand that were cut from `text` in order: together they hold every visible character.

    llama-index looks for each by `str.find` from just behind the start of the one before, and errs where text
    repeats. A piece begins at the latest where the text not yet held begins, so that is where it is looked for first,
    then ever further back (the overlap). Without overlap the places are exact; with it they are unless the text
    repeats itself within the overlap. Raises ValueError where the pieces leave text out or are not in it.
    """
    offsets: list[tuple[int, int]] = []
    held = 0
    for piece in pieces:
        visible = next((i for i in range(held, len(text)) if not text[i].isspace()), len(text))
        first = offsets[-1][0] + 1 if offsets else 0
        start = text.rfind(piece, first, visible + len(piece))
        if start < 0 or start > visible:
            raise ValueError(f"a passage does not stand where it should: {piece[:80]!r}")
        held = max(held, start + len(piece))
        offsets.append((start, start + len(piece)))
    if text[held:].strip():
        raise ValueError(f"no passage holds the text from {held} on")
    return offsets


class BM25:
    """Okapi BM25 (Robertson & Zaragoza 2009) by bm25s over Footnote's own passages, titles and sections included.

    Words without English stop words, stemmed by Snowball; k1 = 1.5, b = 0.75 (Lucene's variant). Ties go to the passage
    that comes first. Its answer and citation is the best passage; it never refuses.
    """

    name = "bm25"

    def __init__(self, *, config: Config, encoder: Encoder) -> None:
        self._config = config
        self._encoder = encoder
        self._scorer: Any = None
        self._passages: list[tuple[Found, str]] = []

    @property
    def settings(self) -> Mapping[str, str]:
        return {"b": "0.75", "k1": "1.5", "passages": str(self._config.passages.pieces), "stemmer": "snowball"}

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        import bm25s

        from rag.passages import PassageParser

        parser = PassageParser(self._encoder, pieces=self._config.passages.pieces)
        self._passages, words = [], []
        for document in documents:
            for node in parser.parse(document):
                assert node.start_char_idx is not None
                assert node.end_char_idx is not None
                place = Found(doc_id=document.path, start=node.start_char_idx, end=node.end_char_idx)
                self._passages.append((place, node.text))
                words.append(stems(parser.embedded_text(node)))
        self._scorer = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
        self._scorer.index(words, show_progress=False)
        return []

    def rank(self, question: str, k: int) -> list[Found]:
        return [self._passages[i][0] for i in self._best(question, k)]

    def ask(self, question: str) -> Reply:
        place, text = self._passages[self._best(question, 1)[0]]
        return Reply(short=text, citations=(place,))

    def close(self) -> None:
        self._scorer = None
        self._passages = []

    def _best(self, question: str, k: int) -> list[int]:
        import numpy as np

        known = self._scorer.get_tokens_ids(stems(question))
        scores = self._scorer.get_scores_from_ids(known) if known else np.zeros(len(self._passages))
        return [int(i) for i in np.argsort(-scores, kind="stable")[:k]]


def stems(text: str) -> list[str]:
    """The words of `text` in lower case, stemmed, without stop words."""
    from bm25s.stopwords import STOPWORDS_EN

    return [_stem(word) for word in re.findall(r"\w+", text.lower()) if word not in STOPWORDS_EN]


@cache
def _stemmer() -> Any:
    from nltk.stem import SnowballStemmer

    return SnowballStemmer("english")


@cache
def _stem(word: str) -> str:
    stem: str = _stemmer().stem(word)
    return stem


_BUILDERS: Mapping[str, Callable[[Any, Any], System]] = {
    Footnote.name: lambda config, encoder: Footnote(config=config, encoder=encoder),
    LlamaIndexStarter.name: lambda config, encoder: LlamaIndexStarter(encoder=encoder),
    BM25.name: lambda config, encoder: BM25(config=config, encoder=encoder),
}
SYSTEMS = tuple(_BUILDERS)


def build(names: Sequence[str], *, config: Config | None = None, encoder: Encoder | None = None) -> list[System]:
    """The systems of these names, on one encoder. Raises SuiteError for an unknown or repeated name."""
    from rag.config import Config
    from rag.encoder import Encoder

    for name in names:
        if name not in _BUILDERS or list(names).count(name) > 1:
            found = "is named twice" if name in _BUILDERS else "is not known"
            raise SuiteError(f"system {name!r} {found}.", remedy=f"Choose from: {', '.join(SYSTEMS)}.")
    if BM25.name in names and importlib.util.find_spec("bm25s") is None:
        raise SuiteError("system 'bm25' needs the package bm25s.", remedy="Run: pip install 'footnote[dev]'")
    config = config or Config.load()
    encoder = encoder or Encoder.from_settings(config.encoder)
    return [_BUILDERS[name](config, encoder) for name in names]


def _place(given: Hit | Any) -> Found:
    """The place of a hit or a citation."""
    return Found(doc_id=given.path, start=given.span.start, end=given.span.end)


def _encoder_name(encoder: Encoder) -> str:
    return f"{encoder.model_name}@{encoder.digest[:12]}"
