"""Whom a drafted sentence that begins with a pronoun is about, and whether its quote names them."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.claims import Content, Opening
from rag.evidence import LONGEST_RUN, Evidence, content_of
from rag.words import names

_EXPLETIVE = re.compile(
    r"it\s+(?:is|was|remains|has\s+been|became)\s+(?:(?:not|still|also|now)\s+)?[a-z]+\s+"
    r"(?:that|who|whom|what|whether|how|why|when|where|which|if|to|for)\b",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"^(?:While|When|After|Before|Since|Until|Although|Though|As|Because|Despite|Besides|With|Without|During|In|On|At|"
    r"Following|Like|Unlike|Upon)\s[^,.;:]{3,100},\s(?=[A-ZÀ-ÖØ-Þ][\w’'-]+)"
)


def refers(claim: Content) -> bool:
    """Whether a claim begins with a pronoun that stands for somebody or something named before.

    That of a clause before the main one stands for whom the main one names: "When he resigned, Sharma …".
    """
    main = _LEADING.sub("", claim.text)
    return Opening.of(main).refers and _EXPLETIVE.match(main) is None


def naming(claim: Content, evidence: Evidence, about: Content) -> Evidence | None:
    """Return evidence for a claim that refers to `about`, lengthened by the sentences before until it names that.

    None where it does not: then it speaks of somebody else, or nobody can tell.
    """
    everyone = about.people() - claim.people() or about.people() or about.stems
    inside = evidence.sentences
    while True:
        first = inside[0]
        named = content_of(inside).stems
        if named & everyone if everyone else not first.opening.refers and names(first.text, initial=True):
            return replace(evidence, sentences=inside)
        at = evidence.passage.sentences.index(first)
        if len(inside) == LONGEST_RUN or not at or not first.opening.refers:
            return None
        inside = (evidence.passage.sentences[at - 1], *inside)
        if not inside[0].content.facts:
            return None
