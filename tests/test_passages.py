"""Passages hold the whole document once, at true offsets, and fit the window of the real encoder."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llama_index.core.schema import Document as LlamaDocument
from llama_index.core.schema import NodeRelationship, TextNode
from tokenizers import Tokenizer

from rag.documents import load
from rag.encoder import PACKAGE, Encoder
from rag.errors import ConfigError
from rag.passages import MAX_CHARACTERS, QUESTION_PIECES, SECTION_PIECES, TITLE_PIECES, PassageParser, rule
from rag.types import Document

ROOM = 256 - 3 - TITLE_PIECES - SECTION_PIECES - QUESTION_PIECES  # three special pieces: [CLS], and [SEP] twice

LONG_TITLE = "The foreign ministers of Velmark and Kasrovia meet for the first time since the war began in May " * 3
FACT = "No date was set for a meeting of the two leaders."


@pytest.fixture(scope="module")
def real() -> Encoder:
    return Encoder()


@pytest.fixture(scope="module")
def parser(real: Encoder) -> PassageParser:
    return PassageParser(real)


@pytest.fixture(scope="module")
def count() -> Callable[[str], int]:
    """Pieces of a text with the special ones, by the tokenizer that is published with the model."""
    import importlib.util

    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    folder = Path(next(iter(spec.submodule_search_locations or ()))) / "model"
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: len(tokenizer.encode(text).ids)


def document(text: str, headings: tuple[tuple[int, int], ...] = (), title: str = "A title") -> Document:
    return Document(text=text, path="news.txt", title=title, sha256="", headings=headings)


def offsets(nodes: list[TextNode]) -> list[tuple[int, int]]:
    return [(int(node.start_char_idx or 0), int(node.end_char_idx or 0)) for node in nodes]


def check(source: Document, nodes: list[TextNode]) -> None:
    """What must hold of the passages of any document."""
    text, places = source.text, offsets(nodes)
    assert [node.text for node in nodes] == [text[start:end] for start, end in places]
    assert all(start < end for start, end in places)
    edges = [0, *(offset for place in places for offset in place), len(text)]
    assert edges == sorted(edges)
    left_out = [text[end:start] for end, start in zip(edges[::2], edges[1::2], strict=True)]
    assert not any(gap.strip() for gap in left_out)
    for heading, _ in source.headings:
        assert not any(start < heading < end for start, end in places)
    for node, (start, end) in zip(nodes, places, strict=True):
        sentences = node.metadata["sentences"]
        inner = [offset for sentence in sentences for offset in sentence]
        assert inner == sorted(inner)
        assert (inner[0], inner[-1]) == (start, end)
        assert not any(text[left:right].strip() for (_, left), (right, _) in pairwise(sentences))


# Any document

PIECES = [
    FACT,
    "Envoys met.",
    "“It is too early,” said Mr. Stroe; “ask again.”",
    "İstanbul’da ﬁnal oﬃce: naïve cafe\u0301.",
    "Families 👨‍👩‍👧‍👦 fled 🇺🇦 on foot 🚶🏽.",
    "外長は火曜日に会談した。日程は決まっていない！",
    "- an item",
    "3.5 percent",
    "\u200b",
    "...",
    "\x1c",
]
ENDLESS = [
    "word " * 2999 + "word",  # a paragraph without a full stop
    "clause after clause, " * 400,
    "a1b2" * 1500,  # no space at all
    "abc-" * 900,
    "外長会談。" * 300,
    "İ" * 700,
    "ﬁ" * 700,
    "👨‍👩‍👧‍👦" * 120,
    "x" + " " * 9000 + "y",
]
SEPARATORS = [" ", "\n", "\n\n", "\r\n", "\r\n\r\n", "\t", "", "\n \n"]

pieces = st.one_of(st.sampled_from(PIECES), st.sampled_from(PIECES), st.text(max_size=40), st.sampled_from(ENDLESS))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    parts: list[str] = []
    headings: list[tuple[int, int]] = []
    length = 0

    def put(text: str) -> None:
        nonlocal length
        parts.append(text)
        length += len(text)

    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            heading = draw(st.sampled_from(["Still far apart", "## What was agreed", LONG_TITLE.strip()]))
            headings.append((length, length + len(heading)))
            put(heading + "\n\n")
        for piece in draw(st.lists(pieces, min_size=1, max_size=5)):
            put(piece * draw(st.sampled_from([1, 1, 2, 30] if len(piece) < 80 else [1])))
            put(draw(st.sampled_from(SEPARATORS)))
    return document("".join(parts), tuple(headings), draw(st.sampled_from(["", "Short", LONG_TITLE])))


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_every_document_is_cut_whole_and_each_passage_fits_the_window(
    parser: PassageParser, count: Callable[[str], int], source: Document
) -> None:
    nodes = parser.parse(source)
    check(source, nodes)
    for node in nodes:
        assert count(parser.embedded_text(node)) + QUESTION_PIECES + 1 <= 256
        assert len(node.text) <= MAX_CHARACTERS


@pytest.mark.parametrize("text", ENDLESS, ids=lambda text: text[:8])
def test_a_text_without_sentences_is_split_and_nothing_of_it_is_lost(
    parser: PassageParser, count: Callable[[str], int], text: str
) -> None:
    source = document(f"{FACT} {text}\n\n{FACT}", title=LONG_TITLE)
    nodes = parser.parse(source)
    check(source, nodes)
    assert max(count(parser.embedded_text(node)) for node in nodes) + QUESTION_PIECES + 1 <= 256
    assert max(len(node.text) for node in nodes) <= MAX_CHARACTERS
    assert len({node.node_id for node in nodes}) == len(nodes)


# Particular cuts


def test_a_short_document_is_one_passage_of_its_sentences(parser: PassageParser) -> None:
    source = document("Envoys met on Tuesday.  They parted.\n")
    (node,) = parser.parse(source)
    assert node.text == "Envoys met on Tuesday.  They parted."
    assert node.metadata == {"title": "A title", "section": "", "sentences": [(0, 22), (24, 36)]}
    assert node.node_id == f"{source.id}:0-36"


def test_a_document_of_white_space_has_no_passages(parser: PassageParser) -> None:
    assert parser.parse(document(" \n\t\r\n ")) == []


def test_a_section_is_cut_into_about_equal_passages(parser: PassageParser, real: Encoder) -> None:
    nodes = parser.parse(document(" ".join(f"Envoy number {i} said nothing new to the press." for i in range(30))))
    sizes = [len(real.pieces(node.text)) for node in nodes]
    assert len(sizes) == -(-sum(sizes) // ROOM)
    assert max(sizes) - min(sizes) <= 20


def test_a_long_sentence_is_split_at_the_end_of_a_clause(parser: PassageParser) -> None:
    clause = "the delegation of the northern province asked for another week to read the draft"
    nodes = parser.parse(document(f"{'; '.join([clause] * 20)}."))
    assert len(nodes) > 1
    assert all(node.text.endswith((clause + ";", clause + ".")) for node in nodes)


def test_a_heading_begins_a_passage_and_names_the_section_of_those_after_it(parser: PassageParser) -> None:
    first, second = "Envoys met.\n\n", "## Still far apart\n\n"
    source = document(first + second + FACT, ((len(first), len(first) + len(second) - 2),))
    nodes = parser.parse(source)
    assert [node.text for node in nodes] == ["Envoys met.", second + FACT]
    assert [node.metadata["section"] for node in nodes] == ["", ""]  # the second one shows its heading itself

    long = document(first + second + " ".join([FACT] * 60), source.headings)
    sections = [node.metadata["section"] for node in parser.parse(long)]
    assert sections[:2] == ["", ""]
    assert set(sections[2:]) == {"Still far apart"}


def test_title_and_section_are_embedded_before_the_text_and_cut_to_their_share(
    parser: PassageParser, real: Encoder
) -> None:
    node = TextNode(text=FACT, metadata={"title": LONG_TITLE, "section": "Still far apart"})
    title, section, text = parser.embedded_text(node).split("\n")
    assert (section, text) == ("Still far apart", FACT)
    assert LONG_TITLE.startswith(title)
    assert len(real.pieces(title)) == TITLE_PIECES
    assert parser.embedded_text(TextNode(text=FACT, metadata={"title": "", "section": ""})) == FACT


def test_a_limit_on_pieces_is_kept_and_is_part_of_the_rule(real: Encoder) -> None:
    small = PassageParser(real, pieces=32)
    nodes = small.parse(document(" ".join([FACT] * 20)))
    assert max(len(real.pieces(node.text)) for node in nodes) <= 32
    assert (rule(30), rule(0)) == ("2/30", "2/window")


def test_a_window_that_is_too_small_is_refused_with_the_limit(real: Encoder) -> None:
    with pytest.raises(ConfigError, match=f"window of 256.*at most {ROOM}"):
        PassageParser(real, pieces=ROOM + 1)


# Through llama-index and through files


def test_repeated_text_keeps_its_true_offsets_through_llama_index(parser: PassageParser) -> None:
    text = "\n\n".join([" ".join([FACT] * 40)] * 3)
    nodes: list[Any] = parser.get_nodes_from_documents([LlamaDocument(text=text, id_="news", metadata={"title": "T"})])
    source = document(text, title="T")
    check(source, nodes)
    assert offsets(nodes) == offsets(parser.parse(source))
    assert len(nodes) > 3
    assert {node.relationships[NodeRelationship.SOURCE].node_id for node in nodes} == {"news"}
    assert len({node.text for node in nodes}) < len(nodes)  # searching for the text would find the first of them


def test_llama_index_embeds_the_text_alone(parser: PassageParser) -> None:
    (node,) = parser.get_nodes_from_documents([LlamaDocument(text=FACT, metadata={"title": "T"})])
    assert node.get_content("embed") == FACT  # type: ignore[arg-type]


def test_windows_newlines_are_one_character_in_the_passages_of_a_file(parser: PassageParser, tmp_path: Path) -> None:
    file = tmp_path / "news.txt"
    file.write_bytes(b"Talks open\r\n\r\nEnvoys met.\r\n\r\nEnvoys met.\r\n")
    source = load(file).documents[0]
    nodes = parser.parse(source)
    check(source, nodes)
    assert [node.text for node in nodes] == ["Talks open\n\nEnvoys met.\n\nEnvoys met."]
    assert nodes[0].metadata["sentences"] == [(0, 10), (12, 23), (25, 36)]
