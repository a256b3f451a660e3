"""The evidence side of the page: sources as inert HTML, and the view in a real browser."""

from __future__ import annotations

from test_ui import Parsed, cited, document

from rag.types import Answer
from ui import source as view


def test_the_marked_quote_is_the_source_letter_for_letter() -> None:
    quote = "They met  in Riyadh,\non *Tuesday* & left."
    source = document(f"First words. {quote} Last words.", pages=(0, 5), date="2026-03-14")
    html_ = view.evidence(Answer(question="q", statements=(cited(source, quote),), confidence=0.9), turn=3)
    shown = Parsed(html_)
    assert shown.marked == quote == source.text[13 : 13 + len(quote)]
    assert f"First words. {quote} Last words." in shown.text
    assert "2026-03-14 · p. 2 · /reports/riyadh.txt" in shown.text
    assert [a["id"] for tag, a in shown.tags if tag == "section"] == ["source-3-1"]


def test_the_surroundings_of_a_quote_are_cut_between_words() -> None:
    source = document("word " * 100 + "The quote." + " tail" * 100)
    text = Parsed(view.evidence(Answer(question="q", statements=(cited(source, "The quote."),)), turn=1)).text
    assert "… word word" in text
    assert text.endswith("tail tail …")
