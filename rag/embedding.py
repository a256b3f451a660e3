"""How documents become passages with vectors: the encoder and the parser, and the stamp of an index that they build."""

from __future__ import annotations

from typing import NamedTuple

from llama_index.core.schema import TextNode

from rag.config import Config
from rag.encoder import DEFAULT, Encoder
from rag.passages import PassageParser, rule
from rag.types import Document


class Embedding(NamedTuple):
    """`stamp` names the encoder, its weights' digest, its dimension and the rule of passages."""

    encoder: Encoder
    parser: PassageParser
    stamp: dict[str, str]

    @classmethod
    def load(cls, config: Config, encoder: Encoder | None = None) -> Embedding:
        """As configured, or with `encoder`. Raises EncoderError."""
        encoder = encoder or Encoder.from_settings(config.encoder)
        parser = PassageParser(encoder, pieces=config.passages.pieces)
        stamp = {
            **configured(config),
            "encoder": encoder.model_name,
            "weights": encoder.digest,
            "dimension": str(encoder.dimension),
        }
        return cls(encoder, parser, stamp)

    def cut(self, document: Document) -> tuple[list[TextNode], list[str]]:
        """The passages of a document, and what is embedded of each."""
        nodes = self.parser.parse(document)
        return nodes, [self.parser.embedded_text(node) for node in nodes]


def configured(config: Config) -> dict[str, str]:
    """What of the stamp the settings tell without loading the encoder."""
    return {"encoder": config.encoder.model or DEFAULT, "passages": rule(config.passages.pieces)}
