"""The chat under load: many tabs at once ask a served chat, each a conversation of its own, as a browser asks it.

    python -m eval.chat_load --sessions 50 --questions 1000 --json eval/results/chat/load.json

`rag chat` runs in a process of its own over the sample documents with the real reader. A tab speaks the page's own
protocol, Gradio's queue over HTTP and server-sent events, and asks as soon as it has its answer. Beside it, as many
tabs ask the same questions one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import json
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx
from gradio_client.utils import apply_diff  # type: ignore[import-untyped]

from eval.measures import percentile
from eval.provenance import provenance, publish
from eval.suite import SUITES

SAMPLE = SUITES / "sample"
CHAT = [sys.executable, "-c", "import sys, rag.cli; sys.exit(rag.cli.main())", "chat", "--port", "0"]
PATIENCE = 300.0  # seconds in which an answer comes
SAID = re.compile(r"class=\"[^\"]*\bfn-answer\b")  # of a message that holds a sentence, or a refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One question asked: seconds to its first sentence or refusal and to its whole answer, or what went wrong."""

    first: float = 0.0
    whole: float = 0.0
    error: str = ""


class Tab:
    """One browser tab: starts the events of the page, and those that follow from them, as Gradio's front end does."""

    def __init__(self, client: httpx.AsyncClient, config: dict[str, Any]) -> None:
        self.client = client
        self.session = uuid.uuid4().hex
        self.events: list[dict[str, Any]] = config["dependencies"]
        self.named = {one["props"].get("elem_id"): one["id"] for one in config["components"]}
        self.values = {one["id"]: one["props"].get("value") for one in config["components"] if one["type"] != "state"}
        self.asked: list[str] = []
        self.first = 0.0  # when the answer to the last question began to show
        self.following: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Load the page, and tell it the tab's id as page.js does."""
        (await self.client.get("/")).raise_for_status()
        for event in self.events:
            if any(name == "load" for _, name in event["targets"]):
                await self._run(event)
        await self.tell("tab", f"{uuid.uuid4()} 1")

    async def tell(self, name: str, value: Any) -> None:
        """Write into a field, as page.js does."""
        self.values[self.named[name]] = value
        await self.start(name, "input", "change")

    async def ask(self, question: str) -> Taken:
        """Type a question and press Enter; done when everything that follows is."""
        begun, self.first = time.perf_counter(), 0.0
        self.values[self.named["question"]] = question
        try:
            await self.start("question", "submit")
            whole = time.perf_counter() - begun
            while self.following:
                await asyncio.gather(*self.following)
        except (httpx.HTTPError, RuntimeError) as error:
            return Taken(error=f"{type(error).__name__}: {error}"[:200])
        self.asked.append(question)
        if not self.first:
            return Taken(error=f"no answer: {self._said()}"[:200])
        if (seen := self._questions()) != self.asked:
            return Taken(error=f"the conversation shows other questions than this tab asked: {seen}"[:200])
        return Taken(first=self.first - begun, whole=whole)

    async def beat(self) -> None:
        """Hold the stream by which the server knows that the tab is open."""
        path, unbounded = f"/gradio_api/heartbeat/{self.session}", httpx.Timeout(10, read=None)
        with suppress(httpx.HTTPError):
            async with self.client.stream("GET", path, timeout=unbounded) as stream:
                async for _ in stream.aiter_raw():
                    pass

    async def start(self, name: str, *triggers: str) -> None:
        """Do what follows when somebody uses a component, by its name in the page."""
        targets = [[self.named[name], trigger] for trigger in triggers]
        started = [event for event in self.events if any(target in event["targets"] for target in targets)]
        if not started:
            raise RuntimeError(f"nothing listens to {name}")
        for event in started:
            await self._run(event)

    async def _run(self, event: dict[str, Any]) -> None:
        """Run an event and then what waits for its end; an error is raised when that is done."""
        failed: Exception | None = None
        try:
            if event["backend_fn"]:
                await (self._queued(event) if event["queue"] else self._direct(event))
        except (httpx.HTTPError, RuntimeError) as error:
            failed = error
        unwanted = "trigger_only_on_success" if failed else "trigger_only_on_failure"
        for after in self.events:
            if after["trigger_after"] == event["id"] and not after[unwanted]:
                await self._run(after)
        if failed:
            raise failed

    def _body(self, event: dict[str, Any]) -> dict[str, Any]:
        data = [self.values.get(one) for one in event["inputs"]]
        return {"data": data, "fn_index": event["id"], "session_hash": self.session}

    async def _direct(self, event: dict[str, Any]) -> None:
        done = await self.client.post("/gradio_api/run/predict", json=self._body(event))
        if not done.is_success:
            raise RuntimeError(f"{done.status_code} {done.text}")
        self._show(event, done.json()["data"])

    async def _queued(self, event: dict[str, Any]) -> None:
        joined = await self.client.post("/gradio_api/queue/join", json=self._body(event))
        if not joined.is_success:
            raise RuntimeError(f"{joined.status_code} {joined.text}")
        held: list[Any] | None = None
        async with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as stream:
            async for line in stream.aiter_lines():
                message: dict[str, Any] = json.loads(line[5:]) if line.startswith("data:") else {"msg": ""}
                if message["msg"] == "process_generating":
                    sent = message["output"]["data"]
                    held = sent if held is None else list(map(apply_diff, held, sent))
                    self._show(event, held)
                elif message["msg"] == "process_completed":
                    if not message["success"]:
                        raise RuntimeError(str(message["output"]))
                    return self._show(event, held or message["output"]["data"])
        raise RuntimeError("the stream ended before the answer")

    def _show(self, event: dict[str, Any], sent: Sequence[Any]) -> None:
        """Take what an event puts out, and start the events that listen for a change of it."""
        for component, given in zip(event["outputs"], sent, strict=True):
            updates = isinstance(given, dict) and given.get("__type__") == "update"
            if updates and "value" not in given:
                continue
            value = given["value"] if updates else given
            changes = self.values.get(component) != value
            self.values[component] = value
            if changes:
                self._follow(component)
        if not self.first and SAID.search(self._said()):
            self.first = time.perf_counter()

    def _follow(self, component: int) -> None:
        for event in self.events:
            if [component, "change"] in event["targets"]:
                task = asyncio.create_task(self._run(event))
                self.following.add(task)
                task.add_done_callback(self.following.discard)

    def _messages(self) -> list[tuple[str, str]]:
        """Role and text of all that the conversation shows."""
        shown = self.values[self.named["chat"]] or []
        return [(one["role"], "".join(part["text"] for part in one["content"])) for one in shown]

    def _said(self) -> str:
        """The answer to the last question, as far as it has come."""
        messages = self._messages()
        return messages[-1][1] if len(messages) > 2 * len(self.asked) else ""

    def _questions(self) -> list[str]:
        """The questions that the conversation shows, as they were typed."""
        typed = (re.sub(r"<[^>]*>", "", text) for role, text in self._messages() if role == "user")
        return [html.unescape(text).strip() for text in typed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A chat that runs in a process of its own."""

    address: str
    pid: int

    def memory(self) -> dict[str, float]:
        """MiB resident in all, of that private to the process (USS), and of that not backed by a file; {} elsewhere."""
        try:
            lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            return {}
        kib = {name: int(value.split()[0]) for name, value in (line.split(":") for line in lines)}
        return {
            "rss": round(kib["Rss"] / 1024, 1),
            "uss": round((kib["Private_Clean"] + kib["Private_Dirty"]) / 1024, 1),
            "anonymous": round(kib["Anonymous"] / 1024, 1),
        }


@contextmanager
def serving(*words: str) -> Iterator[Served]:
    """`rag chat` over the sample documents; stopped as a service manager does."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*CHAT, "--index", f"{folder}/index", "--documents", str(SAMPLE / "documents"), *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sys.stderr, text=True) as process:
            assert process.stdout is not None
            try:
                found = (re.search(r"http://[\w.:\[\]]+", line) for line in process.stdout)
                address = next((one[0] for one in found if one), None)
                if address is None:
                    raise RuntimeError("the chat did not start")
                yield Served(address=address, pid=process.pid)
            finally:
                process.terminate()


def questions() -> list[str]:
    """The questions of the sample suite, also in other words."""
    lines = (SAMPLE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(line) for line in lines]
    return [*(one["question"] for one in asked), *(text for one in asked for text in one.get("paraphrases", ()))]


@asynccontextmanager
async def tabs(served: Served, number: int) -> AsyncIterator[list[Tab]]:
    """So many open tabs."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=served.address, trust_env=False, timeout=PATIENCE, limits=limits) as client:
        config = (await client.get("/config")).json()
        opened = [Tab(client, config) for _ in range(number)]
        beats = [asyncio.create_task(tab.beat()) for tab in opened]
        for tab in opened:
            await tab.open()
        try:
            yield opened
        finally:
            for beat in beats:
                beat.cancel()
            await asyncio.gather(*beats, return_exceptions=True)


async def at_once(opened: Sequence[Tab], asked: Sequence[str], *, note: str = "") -> list[Taken]:
    """Share the questions out to all tabs, which ask them at the same time."""
    taken: list[Taken] = []

    async def work(tab: Tab, own: Sequence[str]) -> None:
        for question in own:
            taken.append(await tab.ask(question))
            if note and len(taken) % 50 == 0:
                print(f"{note}: {len(taken)} of {len(asked)} questions", file=sys.stderr)

    await asyncio.gather(*(work(tab, asked[number :: len(opened)]) for number, tab in enumerate(opened)))
    return taken


async def one_by_one(opened: Sequence[Tab], asked: Sequence[str], *, note: str = "") -> list[Taken]:
    """The tabs take turns: each question waits for the answer before it."""
    taken = []
    for number, question in enumerate(asked):
        taken.extend(await at_once([opened[number % len(opened)]], [question]))
        if note and len(taken) % 50 == 0:
            print(f"{note}: {len(taken)} of {len(asked)} questions", file=sys.stderr)
    return taken


async def health(served: Served, into: list[float]) -> None:
    """Ask four times a second whether the server lives, until this is cancelled."""
    async with httpx.AsyncClient(base_url=served.address, trust_env=False, timeout=PATIENCE) as client:
        while True:
            begun = time.perf_counter()
            (await client.get("/health")).raise_for_status()
            into.append(time.perf_counter() - begun)
            await asyncio.sleep(0.25)


def times(values: Sequence[float]) -> dict[str, float]:
    """Seconds: median, 95th percentile and the longest."""
    return {
        "p50": round(percentile(values, 50) or 0.0, 3),
        "p95": round(percentile(values, 95) or 0.0, 3),
        "max": round(max(values, default=0.0), 3),
    }


def told(taken: Sequence[Taken], seconds: float) -> dict[str, Any]:
    """The figures of one run."""
    whole = [one for one in taken if not one.error]
    return {
        "questions": len(taken), "errors": len(taken) - len(whole),
        "error_messages": sorted({one.error for one in taken if one.error})[:10],
        "first_sentence_seconds": times([one.first for one in whole]),
        "whole_answer_seconds": times([one.whole for one in whole]),
        "questions_per_second": round(len(whole) / seconds, 2),
    }  # fmt: skip


async def measure(served: Served, *, sessions: int, number: int) -> dict[str, Any]:
    """Warm up, then ask `number` questions from all tabs at once and again from as many, one after the other."""
    known = questions()
    asked = [known[at % len(known)] for at in range(number)]
    memory = []
    async with tabs(served, sessions) as opened:
        await at_once(opened, [known[-1 - at % len(known)] for at in range(2 * sessions)], note="warming up")
        memory.append({"after": "warming up", **served.memory()})
        beats: list[float] = []
        beating = asyncio.create_task(health(served, beats))
        begun = time.perf_counter()
        together = told(await at_once(opened, asked, note="at once"), time.perf_counter() - begun)
        if beating.done():
            beating.result()
        beating.cancel()
        memory.append({"after": f"{number} questions at once", **served.memory()})
    async with tabs(served, sessions) as opened:
        begun = time.perf_counter()
        alone = told(await one_by_one(opened, asked, note="one by one"), time.perf_counter() - begun)
        memory.append({"after": f"{number} more, one by one", **served.memory()})
    return {"at_once": {**together, "health_seconds": times(beats)}, "one_by_one": alone, "server_memory_mib": memory}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the figures and write them; 1 where a question met an error."""
    parser = argparse.ArgumentParser(prog="python -m eval.chat_load", description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, default=50, help="tabs that are open at the same time")
    parser.add_argument("--questions", type=int, default=1000, help="questions asked by all of them together")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options = parser.parse_args(arguments)
    with serving() as served:
        found = asyncio.run(measure(served, sessions=options.sessions, number=options.questions))
    versions = {name: metadata.version(name) for name in ("fastapi", "gradio", "uvicorn")}
    publish({"sessions": options.sessions, **found, **provenance(), "server_packages": versions}, options.json)
    return 1 if found["at_once"]["errors"] or found["one_by_one"]["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
