"""Other projects' question answering, run for real on Footnote's encoder: txtai and Haystack.

Both are built as their own introductions build them. Neither has a language model here, so the best passage is the
answer, as with the baselines. They are an extra, `.venv/bin/pip install -e '.[peers]'`. They are imported when a
system is made, so that this does not count as indexing, and connect to nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.adapters import located, nowhere
from eval.baselines import clipped, cut, text_bytes
from eval.systems import Found, Reply, encoder_name, passages_shown, saved_bytes

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag.config import Config
    from rag.encoder import Encoder
    from rag.types import Document


class Txtai:
    """txtai's Embeddings with its defaults, over Footnote's passages, titles and sections included.

    It indexes the texts that it is given, so that it needs passages from somewhere. Its vectors are those of
    Footnote's encoder; how they are searched (faiss: all of up to 5,000, some clusters of more) is its own choice. It
    gives no passage whose cosine is 0 or less; where that leaves none, it has refused.
    """

    name = "txtai"

    def __init__(self, *, config: Config, encoder: Encoder) -> None:
        import_module("txtai")
        self._config = config
        self._encoder = encoder
        self._passages: list[Found] = []
        self._embeddings: Any = None

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "encoder": encoder_name(self._encoder),
            "passages": str(self._config.passages.pieces),
            "txtai": metadata.version("txtai"),
        }

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        from txtai import Embeddings

        encoder = self._encoder

        def transform(texts: Sequence[str]) -> npt.NDArray[Any]:  # a plain function: it calls anything else to make one
            return encoder.encode(texts)

        self._passages, texts = cut(documents, config=self._config, encoder=encoder)
        self._embeddings = Embeddings(method="external", transform=transform)
        self._embeddings.index(enumerate(texts))
        return []

    def rank(self, question: str, k: int) -> list[Found]:
        return [found for found, _ in self._best(question, k)]

    def ask(self, question: str) -> Reply:
        best = self._best(question, 1)
        return (
            passages_shown([found for found, _ in best], confidence=clipped(best[0][1]))
            if best
            else Reply(refused=True)
        )

    def index_bytes(self) -> int | None:
        return saved_bytes(self._embeddings.save) + text_bytes(self._passages)

    def close(self) -> None:
        if self._embeddings is not None:
            self._embeddings.close()
        self._passages, self._embeddings = [], None

    def _best(self, question: str, k: int) -> list[tuple[Found, float]]:
        return [(self._passages[number], score) for number, score in self._embeddings.search(question, k)]


class Haystack:
    """Haystack's DocumentSplitter and InMemoryDocumentStore with their defaults, by embedding, as in its introduction.

    Passages of 200 words without overlap, which the encoder may cut to its window. The titles go into what is embedded,
    as `meta_fields_to_embed=["title"]` would have it.
    """

    name = "haystack"

    def __init__(self, *, encoder: Encoder) -> None:
        os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # read once, when it is imported
        for name in ("preprocessors", "retrievers.in_memory"):
            import_module(f"haystack.components.{name}")
        self._encoder = encoder
        self._store: Any = None
        self._texts: dict[str, str] = {}

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "embeds": "title, text",
            "encoder": encoder_name(self._encoder),
            "haystack-ai": metadata.version("haystack-ai"),
            "splitter": "200 words",
        }

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        from haystack import Document as HaystackDocument
        from haystack.components.preprocessors import DocumentSplitter
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        self.close()
        self._texts = {document.path: document.text for document in documents}
        given = [
            HaystackDocument(content=document.text, meta={"doc_id": document.path, "title": document.title})
            for document in documents
            if document.text.strip()
        ]
        passages = DocumentSplitter().run(documents=given)["documents"]
        embedded = ["\n".join(filter(None, (passage.meta["title"], passage.content))) for passage in passages]
        vectors = self._encoder.encode(embedded).tolist()
        self._store = InMemoryDocumentStore(shared=False)  # so that it goes when it is closed
        self._store.write_documents([replace(one, embedding=row) for one, row in zip(passages, vectors, strict=True)])
        return [document.path for document in documents if not document.text.strip()]

    def rank(self, question: str, k: int) -> list[Found]:
        return [found for found, _ in self._best(question, k)]

    def ask(self, question: str) -> Reply:
        ((found, score),) = self._best(question, 1)
        return passages_shown([found], confidence=clipped(score))

    def index_bytes(self) -> int | None:
        return saved_bytes(lambda folder: self._store.save_to_disk(str(Path(folder) / "store.json")))

    def close(self) -> None:
        if self._store is not None:
            self._store.shutdown()
        self._store, self._texts = None, {}

    def _best(self, question: str, k: int) -> list[tuple[Found, float]]:
        from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever

        vector = self._encoder.encode([question])[0].tolist()
        hits: list[Any] = InMemoryEmbeddingRetriever(self._store, top_k=k).run(query_embedding=vector)["documents"]
        return [(self._place(hit, number), hit.score) for number, hit in enumerate(hits)]

    def _place(self, hit: Any, number: int) -> Found:
        doc_id, start = hit.meta["doc_id"], hit.meta["split_idx_start"]
        place = located(self._texts, doc_id, hit.content, start=start)
        return place or nowhere(self._texts, doc_id, hit.content, number=number)
