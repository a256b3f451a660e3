"""For llama-index users: an assistant behind the query engine interface, answer and citations kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import RESPONSE_TYPE, Response
from llama_index.core.callbacks import CallbackManager
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from rag.types import Answer, Citation

if TYPE_CHECKING:
    from rag.assistant import Assistant


class FootnoteQueryEngine(BaseQueryEngine):
    """`query()` gives a Response: the answer's text, a source node for each citation, `metadata["answer"]` the rest."""

    def __init__(self, assistant: Assistant) -> None:
        super().__init__(callback_manager=CallbackManager())
        self._assistant = assistant

    def _query(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return as_response(self._assistant.ask(query_bundle.query_str))

    async def _aquery(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return self._query(query_bundle)

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}


def as_response(answer: Answer) -> Response:
    return Response(
        response=answer.text,
        source_nodes=[_source(citation, answer.confidence) for citation in answer.citations],
        metadata={"answer": answer.as_dict()},
    )


def _source(citation: Citation, score: float) -> NodeWithScore:
    span = citation.span
    node = TextNode(
        id_=f"{span.document_id}:{span.start}-{span.end}",
        text=citation.quote,
        start_char_idx=span.start,
        end_char_idx=span.end,
        metadata={
            "number": citation.number,
            "title": citation.title,
            "path": citation.path,
            "page": citation.page,
            "part": citation.part,
        },
    )
    return NodeWithScore(node=node, score=score)
