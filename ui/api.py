"""The same answers for programs: `ask`, `search` and `documents` over the chat's HTTP API and its MCP endpoint."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, TypeVar, cast, get_type_hints

import anyio.to_thread
import gradio as gr
from anyio import CapacityLimiter
from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from rag.config import ChatSettings
from rag.errors import QuestionError, RagError
from rag.types import Turn, hit_as_dict
from ui.collections import Collections
from ui.guard import BUSY

AT_ONCE = 2  # calls answered together; the others wait
MOST_HITS = 100

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class Refused(gr.Error):
    """What went wrong and what to do about it, as the caller is to read it."""

    def __init__(self, message: str) -> None:
        super().__init__(message, print_exception=False)

    def __str__(self) -> str:
        return str(self.message)


class Exchange(TypedDict):
    """An earlier question of the conversation, as it was read, and the text of its answer."""

    question: str
    answer: str


class Place(TypedDict):
    """Half-open character offsets into the text of the document with this id."""

    document_id: str
    start: int
    end: int


class Source(TypedDict):
    """A citation: `quote` stands at `span` of the document, letter for letter; `page` counts from 1.

    `document` is its path, here and below: Gradio's client takes whatever has a "path" for a file to download.
    """

    number: int
    quote: str
    title: str
    document: str
    page: int | None
    part: str | None
    outlet: str | None
    date: str | None
    span: Place


class Said(TypedDict):
    """One sentence of an answer; `support` is "supported" or "partial", `citations` are numbers of sources."""

    text: str
    support: str
    citations: list[int]


class Passage(TypedDict):
    """A passage that fits a query; the higher its score, the better."""

    score: float
    text: str
    title: str
    document: str
    page: int | None
    part: str | None
    date: str | None
    span: Place


class Answered(TypedDict):
    """What the documents say, or, where `abstained`, the `reason` of a refusal with the nearest passages.

    `question` is the one that was read, after a follow-up was completed; `text` the statements with their [n] marks;
    `short` a few words where they were found; `confidence` the calibrated probability that this answers the question.
    """

    question: str
    text: str
    short: str
    abstained: bool
    reason: str
    confidence: float
    answered_by: str
    notes: list[str]
    config: str
    statements: list[Said]
    citations: list[Source]
    nearest: list[Passage]


class Listed(TypedDict):
    """An indexed document; dates are ISO 8601, `gaps` what could not be read of it."""

    document: str
    title: str
    date: str | None
    updated: str | None
    author: str | None
    outlet: str | None
    sha256: str
    passages: int
    characters: int
    gaps: list[str]


_Question = Annotated[str, Field(max_length=10_000)]  # the assistant says how long a question may be
_History = Annotated[list[Exchange], Field(max_length=100)]
_Paths = Annotated[list[Annotated[str, Field(max_length=4096)]], Field(max_length=1000)]
_Count = Annotated[int, Field(strict=True, ge=1, le=MOST_HITS)]


def register(collections: Collections) -> None:
    """Add the three to the page whose Blocks is being built; nothing else of the page is for programs."""
    limiter, calls = CapacityLimiter(AT_ONCE), 0

    async def answered(work: Callable[[], Result]) -> Result:
        nonlocal calls
        if calls >= most_calls(collections.config.chat):
            raise Refused(BUSY)
        calls += 1
        try:
            return await anyio.to_thread.run_sync(_done, work, limiter=limiter)
        finally:
            calls -= 1

    async def ask(
        question: str,
        history: list[Exchange] = [],  # noqa: B006
        within: list[str] = [],  # noqa: B006
        collection: str = "",
    ) -> Answered:
        """Answer a question from the indexed documents. Every statement cites the places that say so, word for word.
        Where the documents do not say, `abstained` is true and `reason` says why: do not make up an answer then.

        Parameters:
            question: A question in plain words, of at most 2,000 characters
            history: Earlier exchanges of this conversation, oldest first, so that follow-ups are understood
            within: Paths of indexed documents or folders to which the answer is restricted; empty for all
            collection: Name of another index to ask; empty for the first

        Returns:
            The answer with its statements and citations, or a refusal with its reason and the nearest passages
        """

        def work() -> Answered:
            asked = _valid(_Question, question, "question")
            turns = [Turn(**turn) for turn in _valid(_History, history, "history")]
            paths = _valid(_Paths, within, "within") or None
            assistant = collections.get(_named(collection, collections))
            return cast(Answered, told(assistant.ask(asked, history=turns, within=paths).as_dict()))

        return await answered(work)

    async def search(
        query: str,
        k: int = 10,
        within: list[str] = [],  # noqa: B006
        collection: str = "",
    ) -> list[Passage]:
        """Find the passages of the indexed documents that fit a query best, without answering it.

        Parameters:
            query: Words or a question
            k: How many passages, 1 to 100
            within: Paths of indexed documents or folders to search in; empty for all
            collection: Name of another index to search; empty for the first

        Returns:
            The passages, best first, each with its text, its document and its place there
        """

        def work() -> list[Passage]:
            asked, most = _valid(_Question, query, "query"), _valid(_Count, k, "k")
            paths = _valid(_Paths, within, "within") or None
            index = collections.get(_named(collection, collections)).index
            hits = index.search(asked, k=most, within=paths)
            return [cast(Passage, told(hit_as_dict(hit))) for hit in hits]

        return await answered(work)

    async def documents(collection: str = "") -> list[Listed]:
        """List the indexed documents.

        Parameters:
            collection: Name of another index; empty for the first

        Returns:
            The documents in the order of their paths
        """

        def work() -> list[Listed]:
            index = collections.get(_named(collection, collections)).index
            return [cast(Listed, told(asdict(one))) for one in index.documents()]

        return await answered(work)

    for call in (ask, search, documents):
        call.__annotations__ = get_type_hints(call)  # Gradio reads a result's type only where it is no string
        # Without Gradio's queue, for which the MCP endpoint would call this server over the network.
        gr.api(  # type: ignore[attr-defined]
            call, api_name=call.__name__, queue=False, concurrency_limit=None
        )


def speak_json(page: gr.Blocks) -> None:
    """Have the MCP endpoint give results as JSON: Gradio would write Python's form of them."""
    from mcp.types import TextContent

    def told_as_json(data: list[Any], root_url: str) -> list[TextContent]:
        return [TextContent(type="text", text=json.dumps(one, ensure_ascii=False)) for one in data]

    cast(Any, page.mcp_server_obj).postprocess_output_data = told_as_json


def most_calls(settings: ChatSettings) -> int:
    """How many calls may be in work or waiting."""
    return AT_ONCE + settings.waiting


def _named(collection: object, collections: Collections) -> str:
    return _valid(str, collection, "collection") or collections.first


def _done(work: Callable[[], Result]) -> Result:
    """Do the work; what goes wrong is said in one line."""
    try:
        return work()
    except RagError as error:
        raise Refused(str(error)) from None
    except Exception:
        log.exception("a call could not be answered")
        raise Refused("An unexpected error stopped this. The details are in the program's log.") from None


def _valid(kind: Any, value: object, name: str) -> Any:
    """The value, where it is of that kind. Raises QuestionError."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = "".join(f"[{part!r}]" for part in first["loc"])
        raise QuestionError(f"{name}{place}: {first['msg']}.", remedy="Call it as it is described.") from None


def told(value: Any) -> Any:
    """Plain values as programs get them."""
    if isinstance(value, dict):
        return {"document" if key == "path" else key: told(one) for key, one in value.items()}
    return [told(one) for one in value] if isinstance(value, list | tuple) else value
