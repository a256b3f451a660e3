"""Systems that a user has: a llama-index query engine by its import path, and a server that answers over HTTP."""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from importlib import metadata
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from eval.systems import Found, Reply, Said
from rag.errors import SuiteError

if TYPE_CHECKING:
    import httpx
    from llama_index.core.base.base_query_engine import BaseQueryEngine
    from llama_index.core.schema import NodeWithScore

    from rag.types import Document

TIMEOUT = 60.0  # seconds for one answer
INDEX_TIMEOUT = 3600.0  # seconds for taking in all documents
MOST_BYTES = 16 * 2**20  # of a server's answer
_EMPTY = "Empty Response"  # what llama-index's synthesizers say without a passage
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class QueryEngine:
    """A llama-index query engine, made by a factory that is given the documents as llama-index's.

    The response is one statement that cites each source node. Where a node's own offsets do not hold its text, its
    text is looked for in its document; a source that stands nowhere, or in several places, is kept as a citation of
    nothing (see `nowhere`), so that it counts against the engine. An empty response is a refusal. It ranks as its own
    `retrieve` does, where it has one, and so not below the number of passages that it takes itself.
    """

    def __init__(self, path: str) -> None:
        """`path` is MODULE:FACTORY, looked up in the current directory last. Raises SuiteError where it is neither."""
        self.name = f"engine:{path}"
        self._factory = _imported(path)
        self._engine: BaseQueryEngine | None = None
        self._texts: dict[str, str] = {}

    @property
    def settings(self) -> Mapping[str, str]:
        return {"llama-index-core": metadata.version("llama-index-core")}

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        from eval.baselines import as_llama

        self._texts = {document.path: document.text for document in documents}
        try:
            made = self._factory([as_llama(document) for document in documents])
        except Exception as error:  # whatever the factory does
            raise SuiteError(f"system {self.name!r}: the factory failed ({_told(error)}).") from error
        if not callable(getattr(made, "query", None)):
            message = f"system {self.name!r}: the factory made a {type(made).__name__}, which has no query()."
            raise SuiteError(message, remedy="Return a llama-index BaseQueryEngine.")
        self._engine = made
        return []

    def rank(self, question: str, k: int) -> list[Found] | None:
        from llama_index.core.schema import QueryBundle

        try:
            return self._places(self._ready().retrieve(QueryBundle(question)))[:k]
        except NotImplementedError:  # what an engine without one inherits
            return None

    def ask(self, question: str) -> Reply:
        response: Any = self._ready().query(question)
        if hasattr(response, "get_response"):  # one that streams, or holds an object
            response = response.get_response()
        text = str(response.response or "").strip()
        if not text or text == _EMPTY:
            return Reply(refused=True)
        places = tuple(self._places(response.source_nodes))
        return Reply(short=text, statements=(Said(text=text, citations=places),))

    def index_bytes(self) -> int | None:
        return None

    def close(self) -> None:
        self._engine = None
        self._texts = {}

    def _ready(self) -> BaseQueryEngine:
        assert self._engine is not None, "index() comes first"
        return self._engine

    def _places(self, nodes: Sequence[NodeWithScore]) -> list[Found]:
        found = []
        for number, hit in enumerate(nodes):
            doc_id, text = hit.node.ref_doc_id, hit.node.get_content()
            place = located(self._texts, doc_id, text, start=getattr(hit.node, "start_char_idx", None))
            found.append(place or nowhere(self._texts, doc_id, text, number=number))
        return found


def located(texts: Mapping[str, str], doc_id: str | None, quote: str, *, start: int | None) -> Found | None:
    """Where `quote` stands: at `start` of its document if that is true, else at the only place that holds it.

    Without a known document all are searched. None where no place holds it, or several do.
    """
    known = [doc_id] if doc_id is not None and doc_id in texts else list(texts)
    places = [(name, at) for name in known for at in _occurrences(texts[name], quote)]
    claimed = [place for place in places if place == (doc_id, start)]
    for name, at in claimed or (places if len(places) == 1 else []):
        return Found(doc_id=name, start=at, end=at + len(quote), quote=quote)
    return None


def _occurrences(text: str, quote: str) -> Iterator[int]:
    at = text.find(quote) if quote else -1
    while at >= 0:
        yield at
        at = text.find(quote, at + 1)


def nowhere(texts: Mapping[str, str], doc_id: str | None, quote: str, *, number: int) -> Found:
    """A citation that points to nothing: empty, behind the end of its document's text, another for each `number`.

    No gold span overlaps it, and its quote is not what stands there. Only evidence that names a whole document is met.
    """
    behind = len(texts.get(doc_id or "", "")) + number
    return Found(doc_id=doc_id or "?", start=behind, end=behind, quote=quote)


def _imported(path: str) -> Callable[..., Any]:
    """The callable at MODULE:NAME, or MODULE:NAME.NAME."""
    name = f"system 'engine:{path}'"
    module, _, attributes = path.partition(":")
    if not module or not attributes:
        raise SuiteError(f"{name} names no factory.", remedy="Write engine:package.module:factory.")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # a command does not look there by itself
    try:
        found: Any = importlib.import_module(module)
    except Exception as error:  # whatever the module does when it is imported
        message = f"{name}: {module} cannot be imported ({_told(error)})."
        raise SuiteError(message, remedy="Start in its folder, or install its package.") from error
    for attribute in attributes.split("."):
        found = getattr(found, attribute, None)
    if not callable(found):
        what = "has no" if found is None else "holds no callable"
        raise SuiteError(f"{name}: {module} {what} {attributes}.", remedy="Name a function of the documents.")
    factory: Callable[..., Any] = found
    return factory


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"


class Server:
    """A system that answers over HTTP.

    Each question is a POST of `{"question"}` to the address, which answers `{"short"?, "refused"?, "confidence"?,
    "statements": [{"text", "citations": [{"doc_id", "start", "end", "quote"?}]}]}`. An answer without statements and
    short answer is a refusal, and so is what stands beside `"refused": true`. Before, `{"documents": [{"doc_id",
    "title", "text"}]}` is posted to `/documents` below the address, which may answer `{"rejected": [doc_id]}`; where
    that is not found or not allowed, the server is taken to hold them. It cannot be asked for a ranking.

    No redirect is followed, and a server on this machine is reached without any proxy. Failures are errors that say
    what the server did.
    """

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        """`timeout`: seconds for one answer. Raises SuiteError where `url` is no http or https address."""
        address = _split(url)
        self.name = f"http:{address.netloc.rpartition('@')[2]}{address.path.rstrip('/')}"
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._local = address.hostname in _LOOPBACK
        self._client: httpx.Client | None = None

    @property
    def settings(self) -> Mapping[str, str]:
        return {"timeout": f"{self._timeout:g} s"}

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        listed = [{"doc_id": one.path, "title": one.title, "text": one.text} for one in documents]
        status, body = self._post("/documents", {"documents": listed}, INDEX_TIMEOUT)
        if status in (404, 405):
            return []
        said = _object(_parsed(self._answered(status, body)) if body.strip() else {}, "the answer")
        return [_text(one, "an entry of rejected") for one in _list(said.get("rejected", []), "rejected")]

    def rank(self, question: str, k: int) -> list[Found] | None:
        return None

    def ask(self, question: str) -> Reply:
        return reply_of(_parsed(self._answered(*self._post("", {"question": question}, self._timeout))))

    def index_bytes(self) -> int | None:
        return None

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _post(self, below: str, value: Mapping[str, Any], timeout: float) -> tuple[int, bytes]:
        """Status and body, the whole within about `timeout` seconds."""
        import httpx

        if self._client is None:
            self._client = httpx.Client(follow_redirects=False, trust_env=not self._local)
        until, body = time.monotonic() + timeout, b""
        request = self._client.build_request(
            "POST", f"{self._url}{below}", content=json.dumps(value).encode(), timeout=timeout,
            headers={"content-type": "application/json"},
        )  # fmt: skip
        try:
            with closing(self._client.send(request, stream=True)) as response:
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise SuiteError(f"the server answered with more than {MOST_BYTES // 2**20} MiB.")
                    if time.monotonic() > until:
                        raise httpx.ReadTimeout("slow")
        except httpx.TimeoutException:
            raise SuiteError(f"the server gave no answer within {timeout:g} s.", remedy="Is it busy?") from None
        except httpx.HTTPError as error:
            message = f"the server cannot be reached ({type(error).__name__})."
            raise SuiteError(message, remedy="Start it, or correct its address.") from None
        return response.status_code, body

    def _answered(self, status: int, body: bytes) -> bytes:
        if status >= 300:
            why = "; redirects are not followed" if status < 400 else ""
            raise SuiteError(f"the server answered with status {status}{why}.", remedy="See its log.")
        return body


def reply_of(value: Any) -> Reply:
    """The reply that a server's JSON says. Raises SuiteError that names what is malformed."""
    said = _object(value, "the answer")
    refused, confidence = said.get("refused", False), said.get("confidence")
    if not isinstance(refused, bool):
        _malformed("refused", refused, "true or false")
    if confidence is not None and (isinstance(confidence, bool) or not isinstance(confidence, int | float)
                                   or not 0 <= confidence <= 1):  # fmt: skip
        _malformed("confidence", confidence, "a number from 0 to 1")
    confidence = None if confidence is None else float(confidence)
    if refused:
        return Reply(refused=True, confidence=confidence)
    statements = tuple(map(_said, _list(said.get("statements"), "statements")))
    short = _text(said.get("short") or " ".join(one.text for one in statements), "short").strip()
    return Reply(short=short, statements=statements, refused=not short, confidence=confidence)


def _said(value: Any) -> Said:
    statement = _object(value, "a statement")
    places = tuple(map(_found, _list(statement.get("citations", []), "citations")))
    return Said(text=_text(statement.get("text"), "text"), citations=places)


def _found(value: Any) -> Found:
    place = _object(value, "a citation")
    start, end = place.get("start"), place.get("end")
    if type(start) is not int or type(end) is not int or not 0 <= start < end:
        _malformed("a citation's start and end", [start, end], "whole numbers, 0 <= start < end")
    quote = place.get("quote") or ""
    return Found(doc_id=_text(place.get("doc_id"), "doc_id"), start=start, end=end, quote=_text(quote, "quote"))


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise SuiteError("the server's answer is not JSON.", remedy="It should be one JSON object.") from None


def _object(value: Any, name: str) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _malformed(name, value, "an object")


def _list(value: Any, name: str) -> Sequence[Any]:
    return value if isinstance(value, list) else _malformed(name, value, "a list")


def _text(value: Any, name: str) -> str:
    return value if isinstance(value, str) else _malformed(name, value, "a text")


def _malformed(name: str, value: Any, expected: str) -> NoReturn:
    shown = json.dumps(value, ensure_ascii=False)[:60]
    raise SuiteError(f"the server's answer is malformed: {name} is {shown}.", remedy=f"Expected {expected}.")


def _split(url: str) -> Any:
    """The parts of an address. Raises SuiteError where it is none that can be posted to."""
    try:
        address = urlsplit(url)
        known = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        known = False
    if not known or address.query or address.fragment:
        raise SuiteError(
            f"system 'http:{url}' names no server.", remedy="Write its address, such as http:http://127.0.0.1:8000/ask."
        )
    return address
