"""The command line: `rag index`, `ask`, `search`, `documents`, `remove`, `chat`, `eval` and `verify`.

Results go to stdout, everything else to stderr. What is heavy is imported by the command that needs it.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import terminal
from rag.errors import RagError, UnreadableDocument

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.index import Index
    from rag.types import IndexedDocument

DONE, FAULT, USAGE, REFUSED, PARTLY, INTERRUPTED = 0, 1, 2, 3, 4, 130

DEFAULT_INDEX = "indexes/default"

_KEPT = "What was indexed so far is kept whole; the same command goes on from there."
_EXITS = f"""exit codes:
  {DONE}    done; `ask` found an answer
  {FAULT}    an error: the message says what to do
  {USAGE}    the command line is not understood
  {REFUSED}    `ask`: the documents do not say
  {PARTLY}    done, but not everything: `index` rejected files, `remove` knew not all paths,
       `verify` found faults, in `eval` a system failed on questions
  {INTERRUPTED}  interrupted with Ctrl-C

Settings come from rag.toml in the current directory, or --config FILE, and from RAG_* variables.
With --json, stdout holds one JSON document and nothing else."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # any title can be shown in any locale
    # Nothing is sent anywhere; libraries read this when they are imported.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    parser = _parser()
    given = parser.parse_args(arguments)
    if not hasattr(given, "run"):
        parser.print_help(sys.stderr)
        return USAGE
    try:
        code: int = given.run(given)
        sys.stdout.flush()  # so that a closed pipe is noticed here
    except KeyboardInterrupt:
        _tell(f"interrupted. {given.interrupted}")
        return INTERRUPTED
    except RagError as error:
        _tell(str(error))
        return FAULT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT
    except OSError as error:
        if error.filename is None:
            raise
        _tell(f"{error.filename}: {error.strerror}.")
        return FAULT
    return code


# --- commands


def _index(given: argparse.Namespace) -> int:
    _check_existing(given.folders)
    with _open_index(given, create=True) as index, terminal.Meter("files") as meter:
        made = index.update(given.folders, progress=meter.files, sync=given.sync)
    if given.json:
        _print_json(terminal.report_as_dict(made))
    else:
        _print(terminal.report(made, index=str(index.folder)))
    return PARTLY if made.rejected else DONE


def _ask(given: argparse.Namespace) -> int:
    with closing(_open_assistant(given)) as assistant:
        within = _check_within(given.within, assistant.index.documents())
        found = assistant.ask(given.question, within=within)
    if given.json:
        _print_json(found.as_dict())
    else:
        _print(terminal.answer(found))
    return REFUSED if found.abstained else DONE


def _search(given: argparse.Namespace) -> int:
    from rag.types import hit_as_dict

    with _open_index(given) as index:
        listed = index.documents()
        within = _check_within(given.within, listed)
        found = index.search(given.query, k=given.k, within=within) if listed else []
    if given.json:
        _print_json([hit_as_dict(hit) for hit in found])
    else:
        _print(terminal.hits(found) if listed else _nothing(index))
    return DONE


def _documents(given: argparse.Namespace) -> int:
    with _open_index(given) as index:
        listed = index.documents()
    if given.json:
        _print_json([asdict(document) for document in listed])
    else:
        _print(terminal.documents(listed, width=terminal.columns()) if listed else _nothing(index))
    return DONE


def _remove(given: argparse.Namespace) -> int:
    removed: list[str] = []
    unknown: list[str] = []
    with _open_index(given) as index:
        for path in given.paths:
            gone = index.remove(path)
            removed += gone
            if not gone:
                unknown.append(path)
    if given.json:
        _print_json({"removed": removed, "unknown": unknown})
    else:
        for path in removed:
            _print(f"removed {terminal.shown(path)}")
    for path in unknown:
        _tell(f"{path}: no indexed document is there. `rag documents` lists them.")
    return FAULT if not removed else PARTLY if unknown else DONE


def _chat(given: argparse.Namespace) -> int:
    _check_existing(given.documents or ())
    _tell("starting the chat …")
    from ui.server import serve

    def ready(url: str) -> None:
        _print(f"Footnote answers at {url} (Ctrl-C stops it)")
        if given.open:
            import webbrowser

            webbrowser.open(url)

    if given.documents is None and not Path(given.index, "catalog.sqlite").exists():
        given.documents = []  # begin empty: documents can be added in the chat
    with closing(_open_assistant(given)) as assistant:
        if given.documents and assistant.report is not None:
            _print(terminal.report(assistant.report, index=str(assistant.index.folder)))
        serve(assistant, host=given.host, port=given.port, ready=ready)
    return DONE


def _eval(given: argparse.Namespace) -> int:
    from eval.report import table
    from eval.run import run_suite
    from eval.suite import known_suites
    from eval.systems import SYSTEMS
    from rag.config import Config

    if given.suite is None:
        names = {"suites": known_suites(), "systems": list(SYSTEMS)}
        if given.json:
            _print_json(names)
        else:
            _print("\n".join(f"{kind}: {', '.join(listed)}" for kind, listed in names.items()))
        return DONE
    config = Config.load(given.config)
    with terminal.Meter("questions") as meter:
        run, file = run_suite(
            given.suite, systems=given.systems, limit=given.limit, out=given.out, config=config,
            progress=meter.questions,
        )  # fmt: skip
    if given.json:
        _print_json(run.as_dict())
    else:
        _print(table(run).rstrip("\n"))
    _tell(f"results written to {file}")
    return PARTLY if any(run.value(system, "failed") for system in run.systems) else DONE


def _verify(given: argparse.Namespace) -> int:
    with _open_index(given) as index:
        found = index.verify()
    if given.json:
        _print_json(asdict(found) | {"ok": found.ok})
    else:
        _print(terminal.verification(found, index=str(index.folder)))
    return DONE if found.ok else PARTLY


# --- what several of them need


def _open_index(given: argparse.Namespace, *, create: bool = False) -> Index:
    from rag.config import Config
    from rag.index import Index

    return Index.open(given.index, config=Config.load(given.config), create=create)


def _open_assistant(given: argparse.Namespace) -> Assistant:
    from rag.assistant import Assistant
    from rag.config import Config

    config = Config.load(given.config)
    _check_existing(given.documents or ())
    with terminal.Meter("files") as meter:
        return Assistant.open(given.index, documents=given.documents, config=config, progress=meter.files)


def _check_existing(paths: Sequence[str]) -> None:
    """Refuse a mistyped path before any work, and before it makes an empty index."""
    for path in paths:
        if not path:
            raise UnreadableDocument("''", "an empty name is no file or folder.", remedy="Check the path.")
        if not Path(path).expanduser().exists():
            raise UnreadableDocument(path, "there is no such file or folder.", remedy="Check the path.")


def _check_within(paths: Sequence[str] | None, documents: Sequence[IndexedDocument]) -> Sequence[str] | None:
    """Refuse a path that holds no indexed document: it would pass for a question without an answer."""
    for path in paths or ():
        root = Path(path).expanduser().resolve()
        if not any(d.path == path or Path(d.path).is_relative_to(root) for d in documents):
            raise UnreadableDocument(
                path, "no indexed document is there.", remedy="`rag documents` lists what --within can name."
            )
    return paths


def _nothing(index: Index) -> str:
    return f"Nothing is indexed yet in {terminal.shown(str(index.folder))}. Add documents: rag index FOLDER"


def _print(text: str) -> None:
    print(terminal.plain(text), flush=True)


def _print_json(value: Any) -> None:
    escaped = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    print(json.dumps(value, ensure_ascii=escaped, indent=2), flush=True)


def _tell(text: str) -> None:
    print(terminal.plain(f"rag: {text}"), file=sys.stderr, flush=True)


# --- the parser


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rag",
        description="Ask your own documents; every sentence of the answer points to the place that says so.",
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"Footnote {metadata.version('footnote')}")
    parser.add_argument("--config", metavar="FILE", help="settings (default: rag.toml in the current directory)")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_index_commands(commands)
    _add_question_commands(commands)
    _add_eval(commands)
    return parser


def _add_index_commands(commands: Any) -> None:
    index = _command(commands, "index", _index, "FOLDER...", "index files and folders; what is unchanged is left alone")
    index.set_defaults(interrupted=_KEPT)
    index.add_argument("folders", nargs="+", metavar="FOLDER", help="folder or file to index")
    index.add_argument("--sync", action="store_true", help="remove documents whose file is gone from a FOLDER")
    _command(commands, "documents", _documents, "", "list what is indexed")
    remove = _command(commands, "remove", _remove, "PATH...", "take documents out of the index; the files stay")
    remove.add_argument("paths", nargs="+", metavar="PATH", help="indexed file, or folder with all below it")
    _command(commands, "verify", _verify, "", "check that catalog, passages and vectors fit each other")


def _add_question_commands(commands: Any) -> None:
    ask = _command(commands, "ask", _ask, "QUESTION", "answer one question with its sources")
    ask.add_argument("question", metavar="QUESTION", help='such as "Who met in Riyadh?"')
    search = _command(commands, "search", _search, "QUERY", "list the passages that fit a query best")
    search.add_argument("query", metavar="QUERY", help="words or a question")
    search.add_argument("-k", type=_number(1), default=10, metavar="N", help="passages to list (default: 10)")
    for command in (ask, search):
        command.add_argument("--within", nargs="+", metavar="PATH", help="only in these indexed files or folders")
    chat = _command(commands, "chat", _chat, "", "serve the chat to a browser on this machine", json=False)
    chat.add_argument("--host", metavar="HOST", help="address to serve on (default: 127.0.0.1)")
    chat.add_argument("--port", type=_number(0, 65535), metavar="N", help="port, 0 for any free one (default: 7860)")
    chat.add_argument("--open", action="store_true", help="open the page in the browser")
    for command in (ask, chat):
        command.set_defaults(interrupted=_KEPT)
        command.add_argument("--documents", nargs="+", metavar="FOLDER", help="index these files or folders first")


def _add_eval(commands: Any) -> None:
    command = _command(commands, "eval", _eval, "[SUITE]", "measure systems on a suite of questions", index=False)
    command.set_defaults(interrupted="No results were written.")
    command.add_argument(
        "suite", nargs="?", metavar="SUITE", help="name or folder of a suite; without: list what there is"
    )
    command.add_argument(
        "--systems", type=lambda text: tuple(text.split(",")), default=("footnote",), metavar="A,B",
        help="what to measure (default: footnote)",
    )  # fmt: skip
    command.add_argument("--limit", type=_number(1), metavar="N", help="ask only N questions, drawn with a fixed seed")
    command.add_argument("--out", metavar="FILE", help="results file (default: eval-runs/SUITE.json)")


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], takes: str, says: str,
    *, index: bool = True, json: bool = True,
) -> argparse.ArgumentParser:  # fmt: skip
    """Add a command with the options that most of them share."""
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=says, description=f"{says[0].upper()}{says[1:]}.", allow_abbrev=False,
        usage=" ".join(("rag", name, *takes.split(), "[options]")),
    )  # fmt: skip
    command.set_defaults(run=run, interrupted="The index is whole.")
    # Without a default of its own, so that one given before the command's name stands.
    command.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help="settings (default: rag.toml)")
    if index:
        command.add_argument(
            "--index", default=DEFAULT_INDEX, metavar="DIR",
            help=f"folder of the index (default: {DEFAULT_INDEX} in the current directory)",
        )  # fmt: skip
    if json:
        command.add_argument("--json", action="store_true", help="print one JSON document for scripts")
    return command


def _number(least: int, most: int | None = None) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
            limits = f"of at least {least}" if most is None else f"from {least} to {most}"
            raise argparse.ArgumentTypeError(f"{text!r} is not a number {limits}")
        return int(text)

    return number
