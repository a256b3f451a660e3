"""From a question to the passages to read: the best of the index, and the neighbours of the very best."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from rag.index import Index, Mode
from rag.types import Hit

BEST = 2  # passages whose neighbours are read too: an answer may begin in one passage and end in the next


def to_read(index: Index, question: str, *, k: int, within: Sequence[str | Path] | None = None) -> list[Hit]:
    """The k best passages, best first, then the neighbours of the first two that are not among them."""
    hits = index.search(question, k=k, within=within)
    known = {hit.passage_id for hit in hits}
    for hit in hits[:BEST]:
        for neighbour in index.neighbours(hit):
            if neighbour is not None and neighbour.passage_id not in known:
                known.add(neighbour.passage_id)
                hits.append(neighbour)
    return hits


class PassageRetriever(BaseRetriever):
    """For llama-index users: `Index.search` behind its retriever interface; nodes carry true offsets."""

    def __init__(
        self, index: Index, *, k: int = 10, within: Sequence[str | Path] | None = None, mode: Mode = "fused"
    ) -> None:
        super().__init__()
        self._index = index
        self._k = k
        self._within = within
        self._mode = mode

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = self._index.search(query_bundle.query_str, k=self._k, within=self._within, mode=self._mode)
        return [as_node(hit) for hit in hits]


def as_node(hit: Hit) -> NodeWithScore:
    """A hit as llama-index knows passages; the id is the span."""
    span = hit.span
    return NodeWithScore(
        score=hit.score,
        node=TextNode(
            id_=f"{span.document_id}:{span.start}-{span.end}",
            text=hit.text,
            start_char_idx=span.start,
            end_char_idx=span.end,
            metadata={"title": hit.title, "path": hit.path, "page": hit.page, "part": hit.part, "date": hit.date},
        ),
    )
