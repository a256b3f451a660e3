"""A scripted server that speaks as language models do, in three protocols, or fails as their servers do."""

from __future__ import annotations

import gzip
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[BaseHTTPRequestHandler], None]


class Endpoint:
    """Answers each question with the next reply of its script, then with the last one again."""

    def __init__(self, *script: Reply) -> None:
        self.script: list[Reply] = list(script)
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.told: dict[str, Any] = {}  # what GET answers, by path
        self.stopping = threading.Event()
        self.gone = threading.Event()  # somebody went away before the end of an answer
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known = self.path in endpoint.told
                body = json.dumps(endpoint.told.get(self.path, {"error": "no such path"})).encode()
                endpoint.note(self, None)
                reply(body, status=200 if known else 404)(self)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                endpoint.note(self, body)
                self.body, self.endpoint = body, endpoint
                if self.path in endpoint.told:
                    reply(json.dumps(endpoint.told[self.path]).encode())(self)
                    return
                asked = sum(path not in endpoint.told and sent is not None for path, _, sent in endpoint.requests)
                try:
                    endpoint.script[min(asked, len(endpoint.script)) - 1](self)
                except OSError:
                    endpoint.gone.set()
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False  # so that closing the server waits for them
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def note(self, request: BaseHTTPRequestHandler, body: Any) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((request.path, headers, body))

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()


def reply(body: bytes, *, status: int = 200, kind: str = "application/json", **headers: str) -> Reply:
    """One body with its length."""

    def send(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(body)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return send


def failure(status: int, message: str = "no", **headers: str) -> Reply:
    return reply(json.dumps({"error": {"message": message}}).encode(), status=status, **headers)


def completion(content: str | None, finish: str = "stop", **message: Any) -> bytes:
    """A whole answer of an OpenAI-compatible server."""
    body = {"id": "1", "object": "chat.completion", "created": 0, "model": "m"}
    message = {"role": "assistant", "content": content, **message}
    return json.dumps({**body, "choices": [{"index": 0, "message": message, "finish_reason": finish}]}).encode()


def event(content: str | None = None, finish: str | None = None, **delta: Any) -> bytes:
    """One event of its stream."""
    body = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    choice = {"index": 0, "delta": {"content": content, **delta}, "finish_reason": finish}
    return b"data: " + json.dumps({**body, "choices": [choice]}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def pieces(text: str) -> list[str]:
    """Words with the space before each, as tokens are."""
    return re.findall(r"\s*\S+", text)


def chunked(parts: Iterable[bytes], *, kind: str = "text/event-stream", end: bool = True) -> Reply:
    """Parts of a stream as they come; without `end` the connection closes before the stream does."""

    def send(request: BaseHTTPRequestHandler) -> None:
        begin(request, kind)
        for part in parts:
            push(request, part)
        if end:
            request.wfile.write(b"0\r\n\r\n")
        request.close_connection = True

    return send


def begin(request: BaseHTTPRequestHandler, kind: str = "text/event-stream") -> None:
    request.protocol_version = "HTTP/1.1"
    request.send_response(200)
    request.send_header("content-type", kind)
    request.send_header("transfer-encoding", "chunked")
    request.end_headers()


def push(request: BaseHTTPRequestHandler, part: bytes) -> None:
    request.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
    request.wfile.flush()


def said(content: str, finish: str = "stop") -> Reply:
    """What a working OpenAI-compatible server sends, in a stream where it is asked for one."""

    def send(request: BaseHTTPRequestHandler) -> None:
        if request.body.get("stream"):
            parts = [event(role="assistant"), *(event(piece) for piece in pieces(content)), event(finish=finish), DONE]
            chunked(parts)(request)
        else:
            reply(completion(content, finish))(request)

    return send


def said_by_ollama(content: str, finish: str = "stop", *, thinking: str = "") -> Reply:
    """What an Ollama server sends, in a stream or not."""

    def line(text: str, **more: Any) -> bytes:
        message = {"role": "assistant", "content": text, **more.pop("message", {})}
        return json.dumps({"model": "m", "created_at": "2025-01-01T00:00:00Z", "message": message, **more}).encode()

    def send(request: BaseHTTPRequestHandler) -> None:
        last = {"done": True, "done_reason": finish, "prompt_eval_count": 9, "eval_count": 3}
        if not request.body.get("stream"):
            reply(line(content, **last))(request)
            return
        thoughts = [line("", message={"thinking": thinking}, done=False)] if thinking else []
        parts = [*thoughts, *(line(piece, done=False) for piece in pieces(content)), line("", **last)]
        chunked((part + b"\n" for part in parts), kind="application/x-ndjson")(request)

    return send


def said_by_anthropic(content: str, finish: str = "end_turn") -> Reply:
    """What Anthropic's endpoint sends, in a stream or not."""
    usage = {"input_tokens": 9, "output_tokens": 3}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}

    def named(name: str, **data: Any) -> bytes:
        return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()

    def send(request: BaseHTTPRequestHandler) -> None:
        if not request.body.get("stream"):
            block = {"type": "text", "text": content}
            whole = {**message, "content": [block], "stop_reason": finish, "usage": usage}
            reply(json.dumps(whole).encode())(request)
            return
        deltas = ({"type": "text_delta", "text": piece} for piece in pieces(content))
        begun = {**message, "content": [], "stop_reason": None, "usage": usage}
        chunked([
            named("message_start", message=begun),
            named("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            named("ping"),
            *(named("content_block_delta", index=0, delta=delta) for delta in deltas),
            named("content_block_stop", index=0),
            named("message_delta", delta={"stop_reason": finish, "stop_sequence": None}, usage=usage),
            named("message_stop"),
        ])(request)  # fmt: skip

    return send


# --- failures


def hang(request: BaseHTTPRequestHandler) -> None:
    """Take the question and say nothing at all."""
    request.endpoint.stopping.wait(60)
    request.close_connection = True


def hang_after(*parts: bytes) -> Reply:
    """Send the headers and some parts, then nothing."""

    def send(request: BaseHTTPRequestHandler) -> None:
        begin(request)
        for part in parts:
            push(request, part)
        _until_gone(request)

    return send


def _until_gone(request: BaseHTTPRequestHandler) -> None:
    """Wait for the client to go away, or for the end of the test."""
    request.connection.settimeout(0.02)
    while not request.endpoint.stopping.is_set():
        try:
            if not request.connection.recv(1):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    request.endpoint.gone.set()
    request.close_connection = True


def drip(parts: Iterable[bytes], seconds: float) -> Reply:
    """Send one byte at a time: no single one is late."""

    def send(request: BaseHTTPRequestHandler) -> None:
        begin(request)
        for byte in b"".join(parts):
            if request.endpoint.stopping.wait(seconds):
                return
            push(request, bytes([byte]))

    return send


def reset_after(*parts: bytes) -> Reply:
    """Send some parts, then break the connection as a crashed server does."""

    def send(request: BaseHTTPRequestHandler) -> None:
        begin(request)
        for part in parts:
            push(request, part)
        request.endpoint.stopping.wait(0.05)  # until they have been read: a reset takes with it what was not
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.connection.close()
        request.close_connection = True

    return send


def endless(*, first: str = "", piece: str = " and so on") -> Reply:
    def parts(request: BaseHTTPRequestHandler) -> Iterator[bytes]:
        yield event(first)
        while not request.endpoint.stopping.is_set():
            yield event(piece) * 20

    return lambda request: chunked(parts(request))(request)


def bomb(megabytes: int = 64) -> Reply:
    """A small body that unpacks to a large one."""
    packed = gzip.compress(event("x " * 1024) * (megabytes * 512))
    return reply(packed, kind="text/event-stream", content_encoding="gzip")


def redirect(url: str, status: int = 307) -> Reply:
    return reply(b"", status=status, location=url)
