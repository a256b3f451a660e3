"""First questions for an empty conversation, made from the documents by a few forms and kept only if answered."""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import zip_longest
from typing import NamedTuple

from rag.assistant import Assistant
from rag.errors import RagError
from rag.types import Answer, Document, IndexedDocument
from rag.words import STOP_WORDS, fold

log = logging.getLogger(__name__)

SHOWN = 4
SURE = 0.6  # the least confidence of an answer to a suggestion
_RECENT = 24  # documents that are looked into
_TRIED = 24  # candidates that are asked
_READ = 4_000  # characters of a document
_LONGEST = 90  # characters of a suggestion

OF_ONE_FORM = 2  # suggestions that begin alike

_WORD = r"[A-Z][a-z’'-]+[a-z]"
_NAME = rf"{_WORD}(?: {_WORD}){{1,2}}"
_PAST = (
    r"(?:[a-z]{3,}ed|met|won|said|told|took|gave|led|left|lost|made|paid|sold|sent|saw|spoke|began|built|held|found|"
    r"wrote|became|put|chose|drove|flew|ran|broke|bought|brought)"
)
_REST = r"[^,;:!?\n“”\"()]{8,70}?"
_STOP = r"(?=[.,;:!?](?:\s|$)|\n|$)"
_ROLE = re.compile(rf"\b(?P<name>{_NAME})(?:, | is | was )(?:an?|the|[a-z]+(?:[’']s)?) [a-z]")
_DID = re.compile(
    rf"(?:^|(?<=[.!?] ))(?P<name>{_NAME})(?:, [^,.\n]{{3,60}},)? (?P<rest>{_PAST} {_REST}){_STOP}", re.MULTILINE
)
_MANY = re.compile(
    r"\b(?:\d[\d,]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty) "
    rf"(?P<rest>[a-z]{{3,}}s (?:were|had|have|took|lost|died|came|voted) {_REST}){_STOP}"
)
_OPEN = re.compile(
    r"\b(?:he|she|it|they|his|her|its|their|him|them|this|that|these|those|then|there|also|and|or|others|both|none)\b",
    re.IGNORECASE,
)


class Made(NamedTuple):
    """Questions for one state of an index; while these are worked out, those of the state before."""

    state: str = ""
    questions: tuple[str, ...] = ()
    whole: bool = False


class Suggestions:
    """Worked out behind the page, once for each state of an index."""

    def __init__(self) -> None:
        self._made: dict[str, Made] = {}
        self._lock = threading.Lock()

    def get(self, name: str, assistant: Assistant) -> Made:
        """The questions for a collection as it is now; not `whole` while they are worked out, which this begins."""
        state = assistant.index.state
        with self._lock:
            made = self._made.get(name, Made())
            if made.state == state:
                return made
            made = self._made[name] = Made(state, made.questions)
        threading.Thread(target=self._work, args=(name, assistant, state), daemon=True).start()
        return made

    def _work(self, name: str, assistant: Assistant, state: str) -> None:
        found: tuple[str, ...] = ()
        try:
            index = assistant.index
            found = tuple(answered(candidates(index.documents(), index.document), assistant.ask))
        except RagError as error:
            log.debug("no questions to suggest: %s", error)
        except Exception:  # such as an index that was closed meanwhile: a page without suggestions is whole
            log.debug("no questions to suggest", exc_info=True)
        with self._lock:
            if self._made[name].state == state:
                self._made[name] = Made(state, found, whole=True)


def candidates(listed: Iterable[IndexedDocument], document_of: Callable[[str], Document]) -> Iterator[tuple[str, str]]:
    """Yield questions with the path of the document that should answer each: of the newest first, a form at a time."""
    by_date = sorted(listed, key=lambda one: (one.date or "", one.path), reverse=True)
    made = [[(question, one.path) for question in questions(document_of(one.path))] for one in by_date[:_RECENT]]
    # Another form for every other document, so that the first ones are not all of one kind.
    turned = [of_one[at % len(of_one) :] + of_one[: at % len(of_one)] for at, of_one in enumerate(filter(None, made))]
    yield from (one for row in zip_longest(*turned) for one in row if one is not None)


def questions(document: Document) -> list[str]:
    """The questions that the headings, names and numbers of a document make: at most one of each form."""
    text = document.text[:_READ]
    person = partial(_person, text=document.text)
    headings = (" ".join(document.text[start:end].split()) for start, end in document.headings)
    asked = next((one for one in headings if one.endswith("?") and len(one.split()) > 3), "")
    did = next((match for match in _DID.finditer(text) if _closed(match["rest"]) and person(match["name"])), None)
    many = next((match for match in _MANY.finditer(text) if _closed(match["rest"])), None)
    role = next((match for match in _ROLE.finditer(text) if person(match["name"])), None)
    spoke = role and re.search(rf"\b{re.escape(role['name'].split()[-1])} (?:said|told|announced|warned)\b", text)
    made = (
        asked,
        f"Who {did['rest']}?" if did else "",
        f"How many {many['rest']}?" if many else "",
        f"Who is {role['name']}?" if role else "",
        f"What did {role['name']} say?" if role and spoke else "",
    )
    return [one for one in made if 0 < len(one) <= _LONGEST]


def answered(made: Iterable[tuple[str, str]], ask: Callable[[str], Answer]) -> Iterator[str]:
    """Yield the first questions that are surely answered from the document they were made of, one of each."""
    tried: set[str] = set()
    used: set[str] = set()
    forms: Counter[str] = Counter()
    for question, path in made:
        if len(used) == SHOWN or len(tried) == _TRIED:
            return
        form = " ".join(question.split()[:2])
        if question in tried or path in used or forms[form] == OF_ONE_FORM:
            continue
        tried.add(question)
        answer = ask(question)
        cited = {citation.path for citation in answer.citations}
        if answer.confidence >= SURE and answer.short and path in cited:
            used.add(path)
            forms[form] += 1
            yield question


def _closed(rest: str) -> bool:
    """Whether the words say what they mean by themselves."""
    return not _OPEN.search(rest)


def _person(name: str, *, text: str) -> bool:
    """Whether a name is somebody's: never "the Harbour Cup" or "in Carrow Bay", and later the surname alone."""
    if any(fold(word) in STOP_WORDS for word in name.split()):
        return False
    first, _, last = name.rpartition(" ")
    placed = rf"\b(?:the|in|at|near|off|into) {re.escape(name)}\b"
    alone = rf"(?<!{re.escape(first)} )(?<!\b[Tt]he )\b{re.escape(last)}\b"
    return not re.search(placed, text, re.IGNORECASE) and re.search(alone, text) is not None
