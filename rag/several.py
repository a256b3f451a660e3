"""Answers that rest on several documents: those that mention something, what each side says, what they say in short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np

from rag.comparing import Side, on_topic, said_by
from rag.config import Config
from rag.errors import IndexFault
from rag.grounding import quoted
from rag.index import Index
from rag.mentions import Phrase, first_mention, holds, plain_of
from rag.reader import Reader, Reading
from rag.retrieval import to_read
from rag.rows import Matrix
from rag.sentences import Offsets, sentences
from rag.summary import called, centrality, chosen, coverage, most_telling, near, offsets_of
from rag.tasks import Comparison, Mentions, Summary, Task, task_of
from rag.types import Answer, Document, Hit, IndexedDocument, Span, Statement
from rag.words import stems

NEAREST = 3  # passages shown with a refusal
TOLD = 5  # titles that a note names

MOST_SUMMARISED = 10  # documents of one summary
FEW = 3  # documents of which a summary takes two sentences each
LONG = 12  # passages that the sentences of a summary are chosen from
TOPIC_PASSAGES = 24
CLOSE = 0.4  # cosine of a sentence with a topic of which it holds only some words
NAME_ONE = "Name a report or a subject, or choose documents, for another summary."

Within = Sequence[str | Path] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Sentences of a document that are to be shown."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Sentences of a document that a summary may take."""

    document: Document
    places: tuple[Offsets, ...]

    @property
    def texts(self) -> list[str]:
        return [self.document.text[start:end] for start, end in self.places]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a question over several documents is answered with: the index, the reader, and the documents asked about."""

    index: Index
    reader: Reader
    config: Config
    within: Within = None

    def answer(self, question: str) -> Answer | None:
        """The answer, or a refusal; None where the question asks for a fact, and is to be read as others are."""
        task = task_of(question)
        if task is None:
            return None
        try:
            return self._done(task, question, self.index.documents(self.within))
        except IndexFault:  # a document was removed while it was read
            return self._done(task, question, self.index.documents(self.within))

    def _done(self, task: Task, question: str, documents: Sequence[IndexedDocument]) -> Answer | None:
        if not documents:
            return None
        if isinstance(task, Mentions):
            return self._mentioning(task, question, documents)
        if isinstance(task, Comparison):
            return self._compared(task, question)
        return self._summarised(task, question, documents)

    # --- what they say in short

    def _summarised(self, task: Summary, question: str, documents: Sequence[IndexedDocument]) -> Answer | None:
        meant = called(task.name, documents, certain=task.certain) if task.name else []
        if task.name and not meant and task.certain:
            titles = near(task.name, documents)
            hint = f" The nearest titles: {listed(titles)}." if titles else ""
            return self._refused(question, f"There is no document called “{task.name}” here.{hint}", task.name)
        if not meant and task.topic:
            return self._summarised_topic(task.topic, question)
        if not meant and task.name:
            return None
        among = sorted(meant or documents, key=in_time)
        newest = sorted(sorted(among, key=newest_first)[:MOST_SUMMARISED], key=in_time)
        excerpts = [self._excerpt(one.path, len(newest)) for one in newest]
        notes = [f"These are the {len(newest)} newest of {counted(len(among))}. {NAME_ONE}"] if among != newest else []
        return self._shortened(question, excerpts, self.index.encoder.encode([one.title for one in newest]), notes)

    def _summarised_topic(self, topic: str, question: str) -> Answer:
        """The sentences that speak of a topic, from the documents whose passages fit it best."""
        towards = self.index.encoder.encode([topic])
        excerpts: list[Excerpt] = []
        hits = self.index.search(topic, k=TOPIC_PASSAGES, within=self.within)
        wanted = set(stems(topic))
        for path in dict.fromkeys(hit.path for hit in hits):
            document = self.index.document(path)
            found = offsets_of(document, [one for hit in hits if hit.path == path for one in hit.sentences])
            excerpt = self._about(Excerpt(document, tuple(found)), wanted, towards[0])
            if excerpt.places and len(excerpts) < MOST_SUMMARISED:
                excerpts.append(excerpt)
        if not wanted or not excerpts:
            return self._refused(question, f"The documents do not say anything about “{topic}”.", topic)
        excerpts.sort(key=lambda one: (one.document.date is None, one.document.date or "", one.document.path))
        note = f"From {counted(len(excerpts))} that speak{'s' * (len(excerpts) == 1)} of “{topic}”."
        return self._shortened(question, excerpts, np.repeat(towards, len(excerpts), axis=0), [note])

    def _about(self, given: Excerpt, wanted: set[str], towards: Matrix) -> Excerpt:
        """What of it speaks of a topic: holds all of its words, or half of them and comes near it in meaning."""
        held = [len(wanted & set(stems(text))) for text in given.texts]
        some = [i for i, count in enumerate(held) if 2 * count >= len(wanted) and count]
        vectors = self.index.encoder.encode([given.texts[i] for i in some])
        kept = [i for i, own in zip(some, vectors, strict=True) if held[i] == len(wanted) or own @ towards >= CLOSE]
        return Excerpt(given.document, tuple(given.places[i] for i in kept))

    def _excerpt(self, path: str, documents: int) -> Excerpt:
        """Sentences of a document to choose from: of a long one, those of its most central passages."""
        hits, vectors = self.index.embedded(path)
        kept = most_telling(vectors, LONG if documents == 1 else max(2, LONG // documents))
        document = self.index.document(path)
        return Excerpt(document, tuple(offsets_of(document, [one for i in kept for one in hits[i].sentences])))

    def _shortened(self, question: str, excerpts: Sequence[Excerpt], towards: Matrix, notes: Sequence[str]) -> Answer:
        """A few sentences of one text, one or two of each of several, none of which says what another says."""
        each = 2 if 1 < len(excerpts) <= FEW else 1
        places: list[Place] = []
        told: list[Matrix] = []
        near_to: list[float] = []
        for i, excerpt in enumerate(excerpts):
            if not excerpt.places:
                continue
            vectors = self.index.encoder.encode(excerpt.texts)
            count = min(5, max(3, len(excerpt.places) // 8)) if len(excerpts) == 1 else each
            numbers = chosen(vectors, centrality(vectors, towards[i]), count, told)
            told += [vectors[number] for number in numbers]
            near_to += [coverage(vectors, numbers)] if numbers else []
            path = excerpt.document.path
            places += [Place(path=path, span=excerpt.document.span(*excerpt.places[number])) for number in numbers]
        statements = quoted(places, lru_cache(maxsize=None)(self.index.document))
        if not statements:
            return self._refused(question, "The documents hold no sentences that a summary could be made of.", question)
        return Answer(
            question=question, statements=statements, notes=tuple(notes),
            confidence=sum(near_to) / len(near_to), config=self.config.digest(),
        )  # fmt: skip

    # --- what each side says

    def _compared(self, task: Comparison, question: str) -> Answer:
        document_of = lru_cache(maxsize=None)(self.index.document)
        asked = {side: self._asked_of(side, task.topic) for side in task.sides}
        hits = {
            side: to_read(self.index, own, k=self.config.retrieval.read, within=self.within)
            for side, own in asked.items()
        }
        documents = {hit.path: document_of(hit.path) for found in hits.values() for hit in found}
        texts = [document.text for _, document in sorted(documents.items())]
        read = {
            side: self._read_side(own, Side.of(side, texts), task.topic, hits[side], documents)
            for side, own in asked.items()
        }
        shown = {side: quoted([place_of(hit) for hit in reading.ranked], document_of) for side, reading in read.items()}
        silent = [side for side in task.sides if not shown[side]]
        about = f" about {task.topic}" if task.topic else ""
        notes = [f"Nothing was found on what {side} says{about}." for side in silent]
        if len(silent) == len(task.sides):
            reason = f"The documents do not say what {' or '.join(task.sides)} says{about}."
            return self._refused(question, reason, task.topic or question)
        places = [place_of(hit) for side in task.sides for hit in read[side].ranked]
        statements = quoted(places, document_of)
        told = [f"{side}: {_marks(shown[side], statements)}" for side in task.sides if shown[side]]
        return Answer(
            question=question, statements=statements, notes=(f"{'; '.join(told)}.", *notes),
            confidence=min(read[side].confidence for side in task.sides if shown[side]), config=self.config.digest(),
        )  # fmt: skip

    def beside(self, task: Comparison) -> list[Hit]:
        """The passages found for each side, their best ones first: what a language model compares them from."""
        found = [to_read(self.index, self._asked_of(side, task.topic), k=self.config.retrieval.read, within=self.within)
                 for side in task.sides]  # fmt: skip
        turns = chain.from_iterable(zip_longest(*found))
        return list({hit.passage_id: hit for hit in turns if hit}.values())

    @staticmethod
    def _asked_of(side: str, topic: str) -> str:
        return f"What does {side} say about {topic}?" if topic else f"What does {side} say?"

    def _read_side(
        self, asked: str, side: Side, topic: str, hits: Sequence[Hit], documents: Mapping[str, Document]
    ) -> Reading:
        """What of the passages a side says of the topic, read as passages of their own: the few best of them."""
        found: list[tuple[int, Hit]] = []
        for path in sorted({hit.path for hit in hits}):
            document, inside = documents[path], [hit for hit in hits if hit.path == path]
            said = said_by(side, document.text, sentences(document.text, document.headings))
            for nearness, one in on_topic(document.text, said, topic):
                around = next((hit for hit in inside if hit.span.start <= one.last < hit.span.end), None)
                if around:
                    found.append((nearness, _passage(around, document, (one.start, one.end), number=len(found))))
        nearest = max((nearness for nearness, _ in found), default=0)
        own = [hit for nearness, hit in found if nearness == nearest]
        reading = self.reader.read(asked, own)
        apart: list[Hit] = []
        for hit in reading.ranked:
            if all(not hit.span.overlaps(other.span) for other in apart):
                apart.append(hit)
        return replace(reading, ranked=tuple(apart[: self.config.reader.statements]))

    # --- which documents mention something

    def _mentioning(self, task: Mentions, question: str, documents: Sequence[IndexedDocument]) -> Answer | None:
        known = {one.path: one for one in documents}
        found = {path: spans for path, spans in self._mentions(task) if path in known}
        order = sorted(found, key=lambda path: in_time(known[path]))
        places = [Place(path=path, span=span) for path in order for span in found[path]]
        statements = quoted(places, lru_cache(maxsize=None)(self.index.document))
        shown = {citation.path for statement in statements for citation in statement.citations}
        outlets = list(dict.fromkeys(known[path].outlet or "" for path in order if path in shown))
        if task.outlets and not any(outlets):
            return None  # no reports speak of it: "who" may be said in a document
        beside = [one for one in documents if one.path not in shown and (one.path in found or _names(task, one))]
        notes = (_beside(beside),) if beside else ()
        if not statements:
            return self._refused(question, _nowhere(task, len(documents)), " ".join(task.phrases), *notes)
        short = "; ".join(outlets) if task.outlets and all(outlets) else counted(len(shown))
        return Answer(
            question=question, statements=statements, short=short, confidence=1.0, notes=notes,
            config=self.config.digest(),
        )  # fmt: skip

    def _mentions(self, task: Mentions) -> Iterator[tuple[str, tuple[Span, ...]]]:
        """Each document that holds what is looked for, with the sentences to show: none where only pointers hold it."""
        phrases = [Phrase.of(one) for one in task.phrases]
        for path, text in self.index.texts(self.within):
            plain = plain_of(text)
            possible = [phrase for phrase in phrases if phrase.may_be_in(plain)]
            if len(possible) == len(phrases) or (possible and task.any_of):
                document = self.index.document(path)
                wanted = [[phrase] for phrase in possible] if task.any_of else [phrases]
                shown = [mentions for group in wanted if (mentions := first_mention(document, group))]
                if shown:
                    best = min(shown, key=lambda mentions: (mentions[0].heading, mentions[0].start))
                    yield path, tuple(document.span(one.start, one.end) for one in best)
                elif (any if task.any_of else all)(holds(document, phrase) for phrase in possible):
                    yield path, ()

    def _refused(self, question: str, reason: str, looked_for: str, *notes: str) -> Answer:
        return Answer(
            question=question, reason=reason, notes=notes, config=self.config.digest(),
            nearest=tuple(self.index.search(looked_for, k=NEAREST, within=self.within)),
        )  # fmt: skip


def place_of(hit: Hit) -> Place:
    return Place(path=hit.path, span=hit.span)


def _passage(hit: Hit, document: Document, place: Offsets, *, number: int) -> Hit:
    """A few sentences of a hit as a passage of their own, which no other is taken to go on."""
    text, span = document.text[slice(*place)], document.span(*place)
    return replace(hit, text=text, span=span, sentences=(place,), passage_id=2 * number)


def _marks(own: Sequence[Statement], statements: Sequence[Statement]) -> str:
    """The marks, as they are shown in `statements`, of the places that a side's own statements cite."""
    places = {(citation.path, citation.span) for statement in own for citation in statement.citations}
    cited = {c.number for s in statements for c in s.citations if (c.path, c.span) in places}
    return "".join(f"[{number}]" for number in sorted(cited))


def in_time(document: IndexedDocument) -> tuple[bool, str, str]:
    """What documents are ordered by: their date, those without one last, then their path."""
    return document.date is None, document.date or "", document.path


def newest_first(document: IndexedDocument) -> tuple[bool, list[int], str]:
    return document.date is None, [-ord(character) for character in document.date or ""], document.path


def counted(number: int, what: str = "document") -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def listed(titles: Sequence[str]) -> str:
    """A few titles, and how many more there are."""
    shown = ", ".join(f"“{title}”" for title in titles[:TOLD])
    return f"{shown} and {len(titles) - TOLD:,} more" if len(titles) > TOLD else shown


def _names(task: Mentions, document: IndexedDocument) -> bool:
    """Whether what the file says of itself, and not in its text, holds what is looked for."""
    about = "\n\n".join(filter(None, (document.title, document.author, document.outlet)))
    told = Document(text=about, path=document.path, title="", sha256="")
    return (any if task.any_of else all)(holds(told, Phrase.of(phrase)) for phrase in task.phrases)


def _beside(documents: Sequence[IndexedDocument]) -> str:
    titles = listed([one.title for one in sorted(documents, key=in_time)])
    return f"Not in the text, only in title, author or a pointer to another article: {titles}."


def _nowhere(task: Mentions, documents: int) -> str:
    phrases = [f"“{phrase}”" for phrase in task.phrases]
    joint = " or " if task.any_of else " together with "
    among = "the only document" if documents == 1 else f"any of the {counted(documents)}"
    return f"{joint.join(phrases)} is not mentioned in {among}."
