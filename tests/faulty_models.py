"""The faults of a language model's endpoint that people meet, each as a script with what the user is to see."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal

from llm_server import (
    DONE,
    Reply,
    begin,
    bomb,
    chunked,
    completion,
    drip,
    endless,
    event,
    failure,
    hang,
    hang_after,
    pieces,
    push,
    redirect,
    reply,
    reset_after,
    said,
)

from rag.config import LLMSettings

FIRST = "Marco Rubio met Sergei Lavrov in Riyadh on February 18 [1]."
WHOLE = f"{FIRST} The two men spoke for four hours [1]."
NOWHERE = "http://models.invalid/v1"  # a name that exists nowhere: RFC 6761
LIMITS = ("timeout", "first_token", "first_sentence", "idle")

Script = Callable[[float], tuple[Reply, ...]]


class Fault:
    """A named fault: what is sent with times multiplied by a factor, who answers then, and words of the note.

    `limit` is the setting that ends it, where one does; `cut` are words of why a draft ends early.
    """

    def __init__(
        self, name: str, script: Script, *, says: str = "", cut: str = "", limit: str = "", asked: int = 1,
        answered_by: Literal["reader", "model"] = "reader", base_url: str = "",
    ) -> None:  # fmt: skip
        self.name, self.script, self.says, self.cut = name, script, says, cut
        self.limit, self.asked, self.base_url = limit, asked, base_url
        self.answered_by = "model" if cut else answered_by

    def settings(self, url: str, *, scale: float = 1.0) -> LLMSettings:
        """Those of the default, with its deadlines multiplied where one of them is to end this."""
        usual = LLMSettings()
        factor = scale if self.limit else 1.0
        scaled: dict[str, Any] = {limit: getattr(usual, limit) * factor for limit in LIMITS}
        return LLMSettings(model="model", base_url=self.base_url or url, api_key="sk-canary-7f3a9b21", **scaled)  # type: ignore[arg-type]


def always(*replies: Reply) -> Script:
    return lambda scale: replies


def _words(text: str, *, then: tuple[bytes, ...] = ()) -> Reply:
    return chunked((*map(event, pieces(text)), *then))


def _slowly(parts: Iterator[bytes], seconds: float) -> Reply:
    def send(request: BaseHTTPRequestHandler) -> None:
        begin(request)
        for part in parts:
            push(request, part)
            if request.endpoint.stopping.wait(seconds):  # type: ignore[attr-defined]
                return

    return send


_BEGUN = tuple(map(event, pieces(WHOLE)))
_TOO_LONG = "This model's maximum context length is 2048 tokens. However, you requested 5120 tokens."
_CALL = [{"index": 0, "id": "1", "type": "function", "function": {"name": "search", "arguments": "{}"}}]

FAULTS = [
    Fault("connection refused", always(said(WHOLE)), says="cannot be reached", base_url="closed", asked=0),
    Fault("unknown host name", always(said(WHOLE)), says="its name is not known", base_url=NOWHERE, asked=0),
    Fault("401", always(failure(401, "Incorrect API key: sk-canary-7f3a9b21")), says="refused the key (HTTP 401)"),
    Fault("403", always(failure(403)), says="refused the key (HTTP 403)"),
    Fault("404", always(failure(404)), says="knows no such path or model (HTTP 404)"),
    Fault("400: prompt too long", always(failure(400, _TOO_LONG)), says="maximum context length is 2048 tokens"),
    Fault("429, Retry-After 1", lambda scale: (failure(429, retry_after=f"{scale:g}"),), says="is busy", asked=2),
    Fault("429, Retry-After 3600", always(failure(429, retry_after="3600")), says="asks to wait 3,600 s"),
    Fault("429, then fine", always(failure(429), said(WHOLE)), answered_by="model", asked=2),
    Fault("500", always(failure(500)), says="failed (HTTP 500)", asked=2),
    Fault("503, then fine", always(failure(503), said(WHOLE)), answered_by="model", asked=2),
    Fault("redirect elsewhere", always(redirect("http://127.0.0.1:9/v1/chat/completions")), says="redirects elsewhere"),
    Fault("hangs before headers", always(hang), says="no answer within", limit="first_token"),
    Fault("hangs after headers", always(hang_after()), says="no answer within", limit="first_token"),
    Fault("one byte a second", lambda scale: (drip(_BEGUN, scale),), says="no answer within", limit="first_token"),
    Fault(
        "one word a second, no sentence", lambda scale: (_slowly(map(event, itertools.repeat(" so")), scale),),
        says="no whole sentence came within", limit="first_sentence",
    ),
    Fault("stalls in the middle", always(hang_after(*_BEGUN)), cut="nothing more came for", limit="idle"),
    Fault("ends without a finish reason", always(_words(WHOLE)), cut="the stream ended before the model said"),
    Fault("closes in the middle", always(chunked(_BEGUN, end=False)), cut="the connection broke"),
    Fault("connection reset", always(reset_after(*_BEGUN)), cut="the connection broke"),
    Fault("finish reason length", always(_words(f"{FIRST} The two men sp", then=(event(finish="length"), DONE))),
          cut="it reached llm.max_tokens"),
    Fault("content filter", always(_words(f"{FIRST} The", then=(event(finish="content_filter"), DONE))),
          cut="its content filter stopped it"),
    Fault("broken JSON event", always(_words(WHOLE, then=(b'data: {"choices": [{"de\n\n',))),
          cut="sent something that is not a chat completion"),
    Fault("error event", always(chunked([b'data: {"error": {"message": "out of memory"}}\n\n'])),
          says="broke off with an error: out of memory"),
    Fault("HTML page", always(reply(b"<html>Welcome</html>", kind="text/html")), says="answered with a web page"),
    Fault("JSON instead of a stream", always(reply(completion(WHOLE))), says="Set llm.stream = false"),
    Fault("invalid UTF-8", always(chunked([b"data: \xff\xfe\xfa\n\n"])), says="not a chat completion"),
    Fault("no choices, null content", always(chunked([b'data: {"choices": []}\n\n', event(), event(finish="stop")])),
          says="answered with nothing"),
    Fault("endless", always(lambda request: endless(first=WHOLE)(request)), cut="it wrote more than llm.max_tokens"),
    Fault("gzip bomb", always(bomb()), says="answered with packed data"),
    Fault("tool call only", always(chunked([event(tool_calls=_CALL), event(finish="tool_calls"), DONE])),
          says="answered with a call of a tool"),
    Fault("one event of 8 MB", always(chunked([event("x" * 8_000_000)])), says="sent more than 256 KB at once"),
]  # fmt: skip
