"""Systems that suites put questions to: what they must do, Footnote itself, and how a name becomes a system.

The others: `eval.baselines` (what anybody can rebuild), `eval.peers` (other projects' question answering, installed
as an extra) and `eval.adapters` (whatever a user has: a llama-index query engine, or a server).
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from eval.measures import distinct
from rag.errors import SuiteError

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.config import Config
    from rag.encoder import Encoder
    from rag.types import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A place that a system ranked or cited: half-open offsets into the text of `doc_id`.

    `quote` is what the system itself shows for the place, empty where it shows nothing; places are equal without it.
    """

    doc_id: str
    start: int
    end: int
    quote: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.doc_id}:{self.start}:{self.end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One statement of an answer, and the places that it cites: none where the system names none."""

    text: str
    citations: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a system said: a short answer and statements with citations, or a refusal.

    `confidence` is 0 to 1 where it has one; `calibrated`: it claims to be the probability of being right, and does not
    only order answers.
    """

    short: str = ""
    statements: tuple[Said, ...] = ()
    refused: bool = False
    confidence: float | None = None
    calibrated: bool = True

    @property
    def citations(self) -> tuple[Found, ...]:
        """The places that the statements cite, in their order, each once."""
        return distinct(found for said in self.statements for found in said.citations)


class System(Protocol):
    """Anything that reads documents and answers; `settings` tells what it was made of, and is recorded."""

    name: str

    @property
    def settings(self) -> Mapping[str, str]: ...

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        """Take in the documents, whose `path` is the doc_id, in place of those before; return those that it refused.

        A system that holds its documents already may leave it at that.
        """

    def rank(self, question: str, k: int) -> list[Found] | None:
        """The k passages most likely to answer, best first; None of a system that cannot rank."""

    def ask(self, question: str) -> Reply: ...

    def index_bytes(self) -> int | None:
        """What its index takes as the system stores it, the texts included; None where that is unknown."""

    def close(self) -> None: ...


class Footnote:
    """The assistant as a user has it, over an index in a temporary folder."""

    def __init__(self, *, config: Config, encoder: Encoder, name: str = "footnote") -> None:
        self.name = name
        self._config = config
        self._encoder = encoder
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._assistant: Assistant | None = None

    @property
    def settings(self) -> Mapping[str, str]:
        return {"config": self._config.digest(), "encoder": encoder_name(self._encoder)}

    def index(self, documents: Sequence[Document]) -> Sequence[str]:
        from rag.assistant import Assistant
        from rag.index import Index

        self.close()
        self._folder = tempfile.TemporaryDirectory(prefix="footnote-eval-")
        with Index.open(self._folder.name, config=self._config, encoder=self._encoder, create=True) as index:
            report = index.add(documents)
        self._assistant = Assistant.open(self._folder.name, config=self._config, encoder=self._encoder)
        return [path for path, _ in report.rejected]

    def rank(self, question: str, k: int) -> list[Found]:
        return [_place(hit) for hit in self._ready().rank(question, k=k)]

    def search(self, question: str, k: int) -> list[Found]:
        """The k best passages before the reader orders them."""
        return [_place(hit) for hit in self._ready().index.search(question, k=k)]

    def ask(self, question: str) -> Reply:
        answer = self._ready().ask(question)
        return Reply(
            short=answer.short or " ".join(statement.text for statement in answer.statements),
            statements=tuple(
                Said(text=statement.text, citations=tuple(_place(one, quote=one.quote) for one in statement.citations))
                for statement in answer.statements
            ),
            refused=answer.abstained,
            confidence=answer.confidence,
        )

    def index_bytes(self) -> int | None:
        return folder_bytes(self._folder.name) if self._folder else None

    def close(self) -> None:
        if self._assistant is not None:
            self._assistant.close()
            self._assistant = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _ready(self) -> Assistant:
        assert self._assistant is not None, "index() comes first"
        return self._assistant


SYSTEMS = ("footnote", "llama-index-starter", "bm25", "dense", "txtai", "haystack")
FORMS = ("footnote:FILE.toml", "engine:MODULE:FACTORY", "http:URL")
_NEEDS = {"bm25": ("bm25s", "bm25s", "dev"), "txtai": ("txtai", "txtai", "peers"),
          "haystack": ("haystack", "haystack-ai", "peers")}  # fmt: skip


def build(names: Sequence[str], *, config: Config | None = None, encoder: Encoder | None = None) -> list[System]:
    """The systems of these names, each one of `SYSTEMS` or of a form of `FORMS`, on one encoder.

    A configuration of its own brings its own encoder where it asks for another. Raises SuiteError for a name that is
    unknown, that stands twice or for which something is missing, ConfigError for a configuration file.
    """
    from rag.config import Config

    config = config or Config.load()
    for name in names:
        _check(name)

    @cache
    def shared() -> Encoder:
        from rag.encoder import Encoder

        return encoder or Encoder.from_settings(config.encoder)

    built: list[System] = []
    for name in names:
        system = _plain(name, config, shared()) if name in SYSTEMS else _formed(name, config, shared)
        if any(system.name == other.name for other in built):
            remedy = "Files of configuration need different names." if name.startswith("footnote:") else ""
            raise SuiteError(f"system {system.name!r} is named twice.", remedy=remedy or "Name each once.")
        built.append(system)
    return built


def _check(name: str) -> None:
    """Refuse a name of no known form, and one whose package is not installed."""
    form, _, rest = name.partition(":")
    if name not in SYSTEMS and (not rest or form not in ("footnote", "engine", "http", "https")):
        raise SuiteError(f"system {name!r} is not known.", remedy=f"Choose from: {', '.join((*SYSTEMS, *FORMS))}.")
    if name in _NEEDS:
        module, package, extra = _NEEDS[name]
        if importlib.util.find_spec(module) is None:
            message = f"system {name!r} needs the package {package}."
            raise SuiteError(message, remedy=f"Run in the folder of Footnote: .venv/bin/pip install -e '.[{extra}]'")


def _plain(name: str, config: Config, encoder: Encoder) -> System:
    from eval import baselines, peers

    match name:
        case "footnote":
            return Footnote(config=config, encoder=encoder)
        case "llama-index-starter":
            return baselines.LlamaIndexStarter(encoder=encoder)
        case "bm25":
            return baselines.BM25(config=config, encoder=encoder)
        case "dense":
            return baselines.Dense(config=config, encoder=encoder)
        case "txtai":
            return peers.Txtai(config=config, encoder=encoder)
        case _:
            return peers.Haystack(encoder=encoder)


def _formed(name: str, config: Config, shared: Callable[[], Encoder]) -> System:
    from eval.adapters import QueryEngine, Server
    from rag.config import Config
    from rag.encoder import Encoder

    form, _, rest = name.partition(":")
    if form == "engine":
        return QueryEngine(rest)
    if form != "footnote":
        return Server(name if rest.startswith("//") else rest)
    own = Config.load(rest)
    encoder = shared() if own.encoder == config.encoder else Encoder.from_settings(own.encoder)
    return Footnote(config=own, encoder=encoder, name=f"footnote:{Path(rest).stem}")


def passages_shown(shown: Sequence[Found], *, confidence: float | None = None) -> Reply:
    """The answer of a system that shows passages: each a statement that cites itself, the first the short answer."""
    return Reply(
        short=shown[0].quote,
        statements=tuple(Said(text=found.quote, citations=(found,)) for found in shown),
        confidence=confidence,
        calibrated=False,  # a cosine
    )


def encoder_name(encoder: Encoder) -> str:
    return f"{encoder.model_name}@{encoder.digest[:12]}"


def folder_bytes(folder: str | Path) -> int:
    """The bytes of all files in a folder and below."""
    return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())


def saved_bytes(save: Callable[[str], object]) -> int:
    """The bytes of what an index that lives in memory saves to a folder."""
    with tempfile.TemporaryDirectory(prefix="footnote-eval-") as folder:
        save(folder)
        return folder_bytes(folder)


def _place(given: Any, *, quote: str = "") -> Found:
    """The place of a hit or a citation."""
    return Found(doc_id=given.path, start=given.span.start, end=given.span.end, quote=quote)
