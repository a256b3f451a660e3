"""Baselines that anybody can rebuild: llama-index's starter, BM25, and exact search by cosine.

They show passages as they stand, so each passage shown is a statement that cites itself; none of them refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.systems import Found, Reply, encoder_name, passages_shown, saved_bytes

if TYPE_CHECKING:
    from rag.config import Config
    from rag.encoder import Encoder
    from rag.types import Document


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
            "encoder": encoder_name(self._encoder),
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
        return [found for found, _ in self._retrieve(question, k)]

    def ask(self, question: str) -> Reply:
        best = self._retrieve(question, self.READS)
        return passages_shown([found for found, _ in best], confidence=clipped(best[0][1]))

    def index_bytes(self) -> int | None:
        return saved_bytes(self._index.storage_context.persist)

    def close(self) -> None:
        self._index = None

    def _retrieve(self, question: str, k: int) -> list[tuple[Found, float]]:
        hits = self._index.as_retriever(similarity_top_k=k).retrieve(question)
        return [(_standing(hit.node), hit.score) for hit in hits]


def _standing(node: Any) -> Found:
    return Found(doc_id=node.ref_doc_id, start=node.start_char_idx, end=node.end_char_idx, quote=node.text)


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
        self._passages: list[Found] = []

    @property
    def settings(self) -> Mapping[str, str]:
        return {"b": "0.75", "k1": "1.5", "passages": str(self._config.passages.pieces), "stemmer": "snowball"}

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        import bm25s

        self._passages, texts = cut(documents, config=self._config, encoder=self._encoder)
        self._scorer = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
        self._scorer.index([stems(text) for text in texts], show_progress=False)
        return []

    def rank(self, question: str, k: int) -> list[Found]:
        import numpy as np

        known = self._scorer.get_tokens_ids(stems(question))
        scores = self._scorer.get_scores_from_ids(known) if known else np.zeros(len(self._passages))
        return [self._passages[i] for i in np.argsort(-scores, kind="stable")[:k]]

    def ask(self, question: str) -> Reply:
        return passages_shown(self.rank(question, 1))

    def index_bytes(self) -> int | None:
        saved = saved_bytes(lambda folder: self._scorer.save(Path(folder), show_progress=False))
        return saved + text_bytes(self._passages)

    def close(self) -> None:
        self._scorer = None
        self._passages = []


class Dense:
    """Footnote's passages by exact cosine on Footnote's encoder, and nothing besides: what reading has to add to.

    Its answer and citation is the best passage, its confidence that passage's cosine, at least 0. Ties go to the
    passage that comes first.
    """

    name = "dense"

    def __init__(self, *, config: Config, encoder: Encoder) -> None:
        self._config = config
        self._encoder = encoder
        self._passages: list[Found] = []
        self._vectors: Any = None  # float32 [passages, dimension], unit rows

    @property
    def settings(self) -> Mapping[str, str]:
        return {"encoder": encoder_name(self._encoder), "passages": str(self._config.passages.pieces)}

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        self._passages, texts = cut(documents, config=self._config, encoder=self._encoder)
        self._vectors = self._encoder.encode(texts)
        return []

    def rank(self, question: str, k: int) -> list[Found]:
        return [found for found, _ in self._best(question, k)]

    def ask(self, question: str) -> Reply:
        ((found, cosine),) = self._best(question, 1)
        return passages_shown([found], confidence=clipped(cosine))

    def index_bytes(self) -> int | None:
        return int(self._vectors.nbytes) + text_bytes(self._passages)

    def close(self) -> None:
        self._passages, self._vectors = [], None

    def _best(self, question: str, k: int) -> list[tuple[Found, float]]:
        import numpy as np

        cosines = self._vectors @ self._encoder.encode([question])[0]
        return [(self._passages[i], float(cosines[i])) for i in np.argsort(-cosines, kind="stable")[:k]]


def cut(documents: Sequence[Document], *, config: Config, encoder: Encoder) -> tuple[list[Found], list[str]]:
    """Footnote's passages, and of each what is embedded and searched: title and section too."""
    from rag.passages import PassageParser

    parser = PassageParser(encoder, pieces=config.passages.pieces)
    passages, texts = [], []
    for document in documents:
        for node in parser.parse(document):
            assert node.start_char_idx is not None
            assert node.end_char_idx is not None
            place = Found(doc_id=document.path, start=node.start_char_idx, end=node.end_char_idx, quote=node.text)
            passages.append(place)
            texts.append(parser.embedded_text(node))
    return passages, texts


def clipped(cosine: float) -> float:
    """A cosine as a confidence, 0 to 1."""
    return min(1.0, max(0.0, float(cosine)))


def text_bytes(passages: Sequence[Found]) -> int:
    """What the texts of the passages take in UTF-8."""
    return sum(len(passage.quote.encode("utf-8", "surrogatepass")) for passage in passages)


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
