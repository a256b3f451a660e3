"""What the command line takes: every command with its options, and the exit codes. Nothing heavy is imported."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

DONE, FAULT, USAGE, REFUSED, PARTLY, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 4, 130, 143

DEFAULT_INDEX = "indexes/default"

_KEPT = "What was indexed so far is kept whole; the same command goes on from there."
_UNFINISHED = "The answers so far are kept; the same command goes on from there."
_EXITS = f"""exit codes:
  {DONE}    done; `ask` found an answer
  {FAULT}    an error: the message says what to do; `doctor`: something is missing
  {USAGE}    the command line is not understood
  {REFUSED}    `ask`: the documents do not say
  {PARTLY}    done, but not everything: `index` rejected files, `remove` knew not all paths,
       `verify` found faults or could not mend all, `calibrate` found no threshold;
       in `eval` a system failed on questions, or a figure is not what was asked for
  {INTERRUPTED}  interrupted with Ctrl-C
  {TERMINATED}  ended by SIGTERM

Settings come from rag.toml in the current directory, or --config FILE, and from RAG_* variables.
With --json, stdout holds one JSON document and nothing else."""


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog="rag",
        description="Ask your own documents; every sentence of the answer points to the place that says so.",
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action="version", version=f"Footnote {metadata.version('footnote')}")
    whole.add_argument("--config", metavar="FILE", help="settings (default: rag.toml in the current directory)")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")
    _add_index_commands(commands)
    _add_question_commands(commands)
    _add_suite_commands(commands)
    return whole


def completed(given: argparse.Namespace) -> argparse.Namespace:
    """Take a question that stands last behind `--within PATH` or `--documents FOLDER` out of their values.

    Ends as argparse does where there is none.
    """
    asked = getattr(given, "asked", None)
    if asked and getattr(given, asked) is None:
        many = [one for one in (given.within, getattr(given, "documents", None)) if one and len(one) > 1]
        values = next((one for one in many if not Path(one[-1]).exists()), None)
        if values:
            setattr(given, asked, values.pop())
        else:
            given.wrong(f"the following arguments are required: {asked.upper()}")
    return given


def _add_index_commands(commands: Any) -> None:
    index = _command(commands, "index", "FOLDER...", "index files and folders; what is unchanged is left alone")
    index.set_defaults(interrupted=_KEPT)
    index.add_argument("folders", nargs="+", metavar="FOLDER", help="folder or file to index")
    index.add_argument("--sync", action="store_true", help="remove documents whose file is gone from a FOLDER")
    index.add_argument(
        "--watch", action="store_true", help="then go on as files are added, changed and removed (as --sync)"
    )
    index.set_defaults(refuse=index.error)
    rebuild = _command(commands, "rebuild", "", "embed anew what is indexed, after a change of the encoder")
    rebuild.set_defaults(interrupted="The index answers as before; the same command goes on where it was.")
    _command(commands, "documents", "", "list what is indexed")
    remove = _command(commands, "remove", "PATH...", "take documents out of the index; the files stay")
    remove.add_argument("paths", nargs="+", metavar="PATH", help="indexed file, or folder with all below it")
    verify = _command(commands, "verify", "", "check that catalog, passages and vectors fit each other")
    verify.add_argument("--repair", action="store_true", help="mend what can be mended")
    doctor = _command(
        commands, "doctor", "", "see whether everything is there, and whether the language model answers", index=False
    )
    doctor.set_defaults(interrupted="Nothing was changed.")


def _add_question_commands(commands: Any) -> None:
    ask = _command(commands, "ask", "QUESTION", "answer one question with its sources")
    ask.add_argument("question", nargs="?", metavar="QUESTION", help='such as "Who met in Riyadh?"')
    search = _command(commands, "search", "QUERY", "list the passages that fit a query best")
    search.add_argument("query", nargs="?", metavar="QUERY", help="words or a question")
    search.add_argument("-k", type=_number(1), default=10, metavar="N", help="passages to list (default: 10)")
    for command, asked in ((ask, "question"), (search, "query")):
        command.set_defaults(asked=asked, wrong=command.error)
        command.add_argument("--within", nargs="+", metavar="PATH", help="only in these indexed files or folders")
    chat = _add_chat(commands)
    for command in (ask, chat):
        command.set_defaults(interrupted=_KEPT)
        command.add_argument("--documents", nargs="+", metavar="FOLDER", help="index these files or folders first")


def _add_chat(commands: Any) -> argparse.ArgumentParser:
    chat = _command(commands, "chat", "", "serve the chat to browsers, here or elsewhere", index=False, json=False)
    chat.add_argument(
        "--index",
        metavar="DIR",
        help=f"folder of the index (default: {DEFAULT_INDEX} in the current directory, with those beside it)",
    )
    chat.add_argument("--collections", metavar="FOLDER", help="every index directly below it can be switched to")
    chat.add_argument("--host", metavar="HOST", help="address to serve on (default: 127.0.0.1)")
    chat.add_argument("--port", type=_number(0, 65535), metavar="N", help="port, 0 for any free one (default: 7860)")
    chat.add_argument(
        "--auth", metavar="FILE", help="who may log in: lines of name:password in a file that only you can read"
    )
    chat.add_argument(
        "--url", metavar="URL", help="address behind a reverse proxy, such as https://example.org/footnote"
    )
    chat.add_argument("--open", action="store_true", help="open the page in the browser")
    return chat


def _add_suite_commands(commands: Any) -> None:
    measure = _command(commands, "eval", "[SUITE]", "measure systems on a suite of questions", index=False)
    measure.add_argument(
        "suite",
        nargs="?",
        metavar="SUITE",
        help="name or folder of a suite, or the file or folder of a known benchmark; without: list what there is",
    )
    measure.add_argument(
        "--systems", type=lambda text: tuple(text.split(",")), default=("footnote",), metavar="A,B",
        help="what to measure (default: footnote)",
    )  # fmt: skip
    measure.add_argument(
        "--out", metavar="FILE", help="results file (default: eval-runs/SUITE.json); the report stands beside it"
    )
    measure.add_argument("--baseline", metavar="RUN", help="earlier results file to compare with, question by question")
    measure.add_argument(
        "--fail-under", action="append", default=[], metavar="M=VALUE",
        help=f"end with {PARTLY} where the first system's measure is lower, as in citation_precision=0.9",
    )  # fmt: skip
    measure.add_argument(
        "--robustness", action="store_true",
        help="also ask with documents in another order, doubled, added, deleted, and questions worded differently",
    )  # fmt: skip
    _add_authoring_commands(commands)
    calibrate = _command(
        commands, "calibrate", "SUITE", "find the confidence from which answers are right often enough", index=False
    )
    calibrate.add_argument("suite", metavar="SUITE", help="name or folder of a suite of your own questions")
    calibrate.add_argument(
        "--precision", type=_share, default=0.9, metavar="P", help="share of answers to be right (default: 0.9)"
    )
    for command in (measure, calibrate):
        command.set_defaults(interrupted=_UNFINISHED if command is measure else "No results were written.")
        command.add_argument(
            "--limit", type=_number(1), metavar="N", help="ask only N questions, drawn with a fixed seed"
        )


def _add_authoring_commands(commands: Any) -> None:
    """`rag eval new` and `rag eval add`: names of two words, see `rag.cli`."""
    new = _command(commands, "eval new", "SUITE --documents FOLDER", "begin a suite over your documents", index=False)
    new.add_argument("suite", metavar="SUITE", help="folder to make")
    new.add_argument("--documents", required=True, metavar="FOLDER", help="documents that are copied into it")
    add = _command(commands, "eval add", "SUITE QUESTION", "add a question with its answer to a suite", index=False)
    add.add_argument("suite", metavar="SUITE", help="folder of the suite")
    add.add_argument("question", metavar="QUESTION", help="as people would ask it")
    add.add_argument(
        "--answer", action="append", default=[], metavar="TEXT", help="short answer; again for each other wording"
    )
    add.add_argument(
        "--quote", nargs="+", action="append", default=[], metavar="DOCUMENT TEXT [N]",
        help="words of a document that say so, exactly as they stand there; N where they stand there several times: "
             "which, or all; without --quote: the documents do not answer it",
    )  # fmt: skip
    add.add_argument("--category", default="", metavar="NAME", help="kind of question, such as when or said-by")
    new.set_defaults(interrupted="The suite is not whole: remove its folder before you make it again.")
    add.set_defaults(interrupted="The suite is as it was.")


def _command(
    commands: Any, name: str, takes: str, says: str,
    *, index: bool = True, json: bool = True,
) -> argparse.ArgumentParser:  # fmt: skip
    """Add a command with the options that most of them share."""
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=says, description=f"{says[0].upper()}{says[1:]}.", allow_abbrev=False,
        usage=" ".join(("rag", name, *takes.split(), "[options]")),
    )  # fmt: skip
    command.set_defaults(command=name, interrupted="The index is whole.")
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


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share above 0 and up to 1")
    return share
