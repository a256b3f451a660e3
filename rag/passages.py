"""Documents to passages: whole sentences packed up to the encoder's window, with exact offsets."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from llama_index.core.node_parser import NodeParser
from llama_index.core.schema import BaseNode, NodeRelationship, TextNode
from llama_index.core.schema import Document as LlamaDocument
from pydantic import PrivateAttr

from rag.encoder import SPECIAL_PIECES, Encoder
from rag.errors import ConfigError
from rag.sentences import Offsets, sentences
from rag.types import Document

RULE = 2  # part of an index's stamp: raise it whenever the same text would be cut differently
TITLE_PIECES = 24
SECTION_PIECES = 16
QUESTION_PIECES = 40  # left free for the reader, which reads question and passage together
MAX_CHARACTERS = 4000  # of a passage: the tokenizer calls a very long word one unknown piece, and white space none

_CLAUSE_END = re.compile(r"[;:,)\]–—](?=\s)|[。！？、]")
_WORD_END = re.compile(r"\S(?=\s)")


def rule(pieces: int) -> str:
    """What the cut depends on besides the encoder: part of an index's stamp. `pieces` as configured."""
    return f"{RULE}/{pieces or 'window'}"


class PassageParser(NodeParser):
    """Cut documents into passages, none longer than `pieces` word pieces of text, none across a heading.

    A paragraph run that needs several passages is cut into about equal ones. The nodes' offsets are true;
    metadata: title, section, sentences (document offsets of each sentence).
    """

    _encoder: Encoder = PrivateAttr()
    _pieces: int = PrivateAttr()

    def __init__(self, encoder: Encoder, *, pieces: int = 0) -> None:
        super().__init__()
        room = encoder.window - SPECIAL_PIECES - 1 - TITLE_PIECES - SECTION_PIECES - QUESTION_PIECES
        if room < 16 or pieces > room:
            raise ConfigError(
                f"passages of {pieces or 16} word pieces do not fit the encoder's window of {encoder.window}.",
                remedy=f"Set passages.pieces to at most {max(room, 0)}, or choose an encoder with a larger window.",
            )
        self._encoder = encoder
        self._pieces = pieces or room

    def parse(self, document: Document) -> list[TextNode]:
        """The passages of `document` in order; together they hold every visible character once."""
        units = list(self._units(document))
        counts = self._sizes(document.text, units)
        nodes = []
        starts = [heading[0] for heading in document.headings]
        sections = [bisect_right(starts, start) for start, _ in units]
        for first, last in _pack(counts, sections, self._pieces):
            start, end = units[first][0], units[last - 1][1]
            nodes.append(
                TextNode(
                    id_=f"{document.id}:{start}-{end}",
                    text=document.text[start:end],
                    start_char_idx=start,
                    end_char_idx=end,
                    metadata={
                        "title": document.title,
                        "section": self._section(document, sections[first], start),
                        "sentences": units[first:last],
                    },
                    excluded_embed_metadata_keys=["title", "section", "sentences"],
                    excluded_llm_metadata_keys=["sentences"],
                )
            )
        return nodes

    def embedded_text(self, node: TextNode) -> str:
        """What is embedded and searched: title and section, cut to their share of the window, then the text."""
        title = self._cut(node.metadata["title"], TITLE_PIECES)
        section = self._cut(node.metadata["section"], SECTION_PIECES)
        return "\n".join(part for part in (title, section, node.text) if part)

    def _sizes(self, text: str, units: Sequence[Offsets]) -> list[int]:
        """Word pieces of each unit, or what its characters weigh where that is more: MAX_CHARACTERS fill a passage."""
        lengths = [following - start for (start, _), (following, _) in pairwise([*units, (len(text), len(text))])]
        return [
            max(len(self._encoder.pieces(text[start:end])), math.ceil(length * self._pieces / MAX_CHARACTERS))
            for (start, end), length in zip(units, lengths, strict=True)
        ]

    def _units(self, document: Document) -> Iterator[Offsets]:
        for start, end in sentences(document.text, document.headings):
            yield from self._split(document.text, start, end)

    def _split(self, text: str, start: int, end: int) -> Iterator[Offsets]:
        """Cut a sentence that exceeds the limit at the last clause end that fits, else between words, else anywhere."""
        while start < end:
            offsets = self._encoder.pieces(text[start : min(end, start + MAX_CHARACTERS)])
            if len(offsets) <= self._pieces and end - start <= MAX_CHARACTERS:
                yield start, end
                return
            fitting = offsets[: self._pieces][-1][1] if offsets else MAX_CHARACTERS
            room = text[start : start + fitting + 1]
            ends = (_last_end(rule, room, fitting) for rule in (_CLAUSE_END, _WORD_END))
            cut = next((end for end in ends if end > fitting // 3), fitting)
            stop = min(start + max(cut, 1), end)
            yield start, stop
            start = stop
            while start < end and text[start].isspace():
                start += 1

    def _section(self, document: Document, number: int, start: int) -> str:
        if not number:
            return ""
        left, right = document.headings[number - 1]
        section = " ".join(document.text[left:right].strip("#=- \n").split())
        return "" if left == start or section == document.title else section

    def _cut(self, text: str, pieces: int) -> str:
        offsets = self._encoder.pieces(text)
        return text if len(offsets) <= pieces else text[: offsets[pieces - 1][1]]

    def _parse_nodes(self, nodes: Sequence[BaseNode], show_progress: bool = False, **kwargs: Any) -> list[BaseNode]:
        """For llama-index users: cut its documents; ids and offsets as in `parse`."""
        found: list[BaseNode] = []
        for node in nodes:
            text = node.get_content()
            document = Document(text=text, path=node.node_id, title=str(node.metadata.get("title", "")), sha256="")
            for passage in self.parse(document):
                passage.relationships[NodeRelationship.SOURCE] = node.as_related_node_info()
                found.append(passage)
        return found

    def _postprocess_parsed_nodes(
        self, nodes: list[BaseNode], parent_doc_map: dict[str, LlamaDocument]
    ) -> list[BaseNode]:
        """Keep the offsets: the inherited method searches for the text again and errs where text repeats."""
        return nodes


def _pack(counts: Sequence[int], sections: Sequence[int], limit: int) -> Iterator[tuple[int, int]]:
    """Ranges of units, each within one section and at most `limit` pieces, of about equal length in a section."""
    first = 0
    while first < len(counts):
        last = first
        while last < len(counts) and sections[last] == sections[first]:
            last += 1
        total = sum(counts[first:last])
        target = math.ceil(total / math.ceil(total / limit)) if total else limit
        size, begin = 0, first
        for i in range(first, last):
            if i > begin and (size + counts[i] > limit or size + counts[i] / 2 > target):
                yield begin, i
                begin, size = i, 0
            size += counts[i]
        yield begin, last
        first = last


def _last_end(rule: re.Pattern[str], text: str, most: int) -> int:
    return max((match.end() for match in rule.finditer(text) if match.end() <= most), default=0)
