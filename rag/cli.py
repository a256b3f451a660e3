"""The command line: what each `rag` command does.

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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import terminal
from rag.errors import RagError, SuiteError, UnreadableDocument
from rag.parser import DEFAULT_INDEX, DONE, FAULT, INTERRUPTED, PARTLY, REFUSED, TERMINATED, USAGE, completed, parser
from rag.stopping import Stopping

if TYPE_CHECKING:
    from eval.authoring import Quote
    from rag.assistant import Assistant
    from rag.index import Index
    from rag.types import IndexedDocument, UpdateReport

FEW = 50  # answers; the share of right ones is within some 14 points then


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # any title can be shown in any locale
    # Nothing is sent anywhere; libraries read this when they are imported.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    whole = parser()
    given = completed(whole.parse_args(_of_two_words(sys.argv[1:] if arguments is None else arguments)))
    if not hasattr(given, "command"):
        whole.print_help(sys.stderr)
        return USAGE
    stopping = Stopping()
    try:
        with stopping:
            code: int = _COMMANDS[given.command](given)
            sys.stdout.flush()  # so that a closed pipe is noticed here
    except KeyboardInterrupt:
        _tell(f"{'terminated' if stopping.terminated else 'interrupted'}. {given.interrupted}")
        return TERMINATED if stopping.terminated else INTERRUPTED
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
    if given.watch and given.json:
        given.refuse("--watch prints a report for each change, not one JSON document")
    _check_existing(given.folders)
    with _open_index(given, create=True) as index, terminal.Meter("files") as meter:
        if given.watch:
            from rag.upkeep import watch

            _tell(f"watching {', '.join(given.folders)} (Ctrl-C stops it)")
            watch(index, given.folders, told=lambda made: _report(given, made, index.folder), progress=meter.files)
            return DONE
        made = index.update(given.folders, progress=meter.files, sync=given.sync)
    _report(given, made, index.folder)
    return PARTLY if made.rejected else DONE


def _rebuild(given: argparse.Namespace) -> int:
    from rag.config import Config
    from rag.upkeep import rebuild

    with terminal.Meter("files") as meter:
        made = rebuild(given.index, config=Config.load(given.config), progress=meter.files)
    if given.json:
        _print_json(terminal.report_as_dict(made))
    else:
        _print(terminal.rebuilt(made, index=given.index))
    return DONE


def _report(given: argparse.Namespace, made: UpdateReport, folder: Path) -> None:
    if given.json:
        _print_json(terminal.report_as_dict(made))
    else:
        _print(terminal.report(made, index=str(folder)))


def _ask(given: argparse.Namespace) -> int:
    with closing(_open_assistant(given)) as assistant:
        if given.within:
            _check_within(given.within, assistant.index.documents())
        found = assistant.ask(given.question, within=given.within)
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
    from rag.config import Config
    from rag.database import CATALOG
    from ui.collections import Collections
    from ui.server import check_address, serve

    settings = Config.load(given.config).chat
    options = {"host": given.host, "port": given.port, "auth": given.auth, "url": given.url}
    for warning in check_address(settings, **options):
        _tell(warning)

    def ready(url: str) -> None:
        _print(f"Footnote answers at {url} (Ctrl-C stops it)")
        if given.open:
            import webbrowser

            webbrowser.open(url)

    given.index, folder = _first_index(given, settings.collections)
    if given.documents is None and not Path(given.index, CATALOG).exists():
        given.documents = []  # begin empty: documents can be added in the chat
    with closing(_open_assistant(given)) as assistant:
        if given.documents and assistant.report is not None:
            _print(terminal.report(assistant.report, index=str(assistant.index.folder)))
        serve(Collections(assistant, folder=folder), ready=ready, **options)
    return DONE


def _first_index(given: argparse.Namespace, configured: str) -> tuple[str, Path | None]:
    """The index that a chat begins with, and the folder whose others it can switch to, if there is one.

    Where the folder has no index of the usual name, it is the first that it has.
    """
    from rag.database import CATALOG

    named = given.collections or configured or (None if given.index else str(Path(DEFAULT_INDEX).parent))
    folder = Path(named).expanduser() if named else None
    if given.index or folder is None:
        return given.index, folder
    usual = folder / Path(DEFAULT_INDEX).name
    others = sorted(catalog.parent for catalog in folder.glob(f"*/{CATALOG}"))
    first = usual if given.documents or usual in others or not others else others[0]
    return str(first), folder


def _eval(given: argparse.Namespace) -> int:
    from eval import page as pages
    from eval.expected import below, deviations, expected, floor
    from eval.report import table
    from eval.run import Run, run_suite
    from eval.suite import Suite, known_suites
    from eval.systems import FORMS, SYSTEMS
    from rag.config import Config

    if given.suite is None:
        names = {"suites": known_suites(), "systems": [*SYSTEMS, *FORMS]}
        if given.json:
            _print_json(names)
        else:
            _print("\n".join(f"{kind}: {', '.join(listed)}" for kind, listed in names.items()))
        return DONE
    suite, wanted, floors = Suite.load(given.suite), expected(given.suite), dict(map(floor, given.fail_under))
    if given.out and Path(given.out).suffix == ".html":
        raise SuiteError("--out names the results, which are JSON.", remedy="The page stands beside them by itself.")
    baseline = Run.load(given.baseline) if given.baseline else None
    with terminal.Meter("questions") as meter:
        run, file = run_suite(
            suite, systems=given.systems, limit=given.limit, out=given.out, baseline=baseline,
            robust=given.robustness, config=Config.load(given.config), progress=meter.questions,
        )  # fmt: skip
    page = file.with_suffix(".html")
    page.write_text(pages.page(run, suite), encoding="utf-8")
    if given.json:
        _print_json(run.as_dict())
    else:
        _print("\n".join([table(run), *pages.caveats(run)]).rstrip("\n"))
    _tell(f"results written to {file}, the report to {page}")
    amiss = [*below(run, floors), *deviations(run, wanted)]
    for line in amiss:
        _tell(line)
    return PARTLY if amiss or any(run.value(system, "failed") for system in run.systems) else DONE


def _eval_new(given: argparse.Namespace) -> int:
    from eval.authoring import scaffold

    _check_existing([given.documents])
    made, rejected = scaffold(given.documents, given.suite)
    if given.json:
        _print_json({"suite": str(made), "rejected": rejected})
    else:
        _print(f"made the suite {terminal.shown(str(made))}")
    for path, reason in rejected:
        _tell(f"{terminal.shown(path)} was left out: {reason}")
    _tell(f"add questions: rag eval add {given.suite} QUESTION --answer TEXT --quote DOCUMENT TEXT")
    return PARTLY if rejected else DONE


def _eval_add(given: argparse.Namespace) -> int:
    from eval.authoring import add

    quotes = [_quoted(words) for words in given.quote]
    made = add(given.suite, given.question, answers=given.answer, evidence=quotes, category=given.category)
    if given.json:
        _print_json(asdict(made))
    else:
        places = ", ".join(f"{gold.doc_id}:{gold.start}:{gold.end}" for gold in made.evidence)
        _print(f"added {made.id}: {made.question} ({places or 'not answered by the documents'})")
    return DONE


def _quoted(words: Sequence[str]) -> Quote:
    """What --quote was given: a document, its words, and which of the places that say so, or all."""
    from eval.authoring import ALL, Quote

    document, text, which = (*words, "", "")[:3]
    if not text or len(words) > 3 or not (which in ("", "all") or which.isdecimal()):
        raise SuiteError(
            "--quote takes a document, words of it, and at most a number or all.",
            remedy='Such as --quote report.txt "in Riyadh" 2',
        )
    return Quote(document, text, nth=None if not which else ALL if which == "all" else int(which))


def _verify(given: argparse.Namespace) -> int:
    if given.repair:
        return _repair(given)
    with _open_index(given, check=False) as index:
        found = index.verify()
    if given.json:
        _print_json(asdict(found) | {"ok": found.ok})
    else:
        _print(terminal.verification(found, index=str(index.folder)))
    return DONE if found.ok else PARTLY


def _repair(given: argparse.Namespace) -> int:
    from rag.config import Config
    from rag.upkeep import repair

    made = repair(given.index, config=Config.load(given.config))
    if given.json:
        _print_json(asdict(made))
    else:
        _print(terminal.repaired(made, index=given.index))
    nothing = made.salvaged == 0 and not made.restored
    return DONE if made.verification.ok and not made.lost and not nothing else PARTLY


def _doctor(given: argparse.Namespace) -> int:
    from rag import doctor
    from rag.config import Config

    found = doctor.examine(Config.load(given.config))
    if given.json:
        _print_json(found.as_dict())
    else:
        _print(doctor.told(found))
    return DONE if found.ok else FAULT


def _calibrate(given: argparse.Namespace) -> int:
    from eval.confidence import figures, judged, threshold_for
    from eval.run import evaluate
    from eval.suite import Suite
    from eval.systems import build
    from rag.config import Config, LLMSettings

    config = Config.load(given.config)
    everything = config.model_copy(
        update={"reader": config.reader.model_copy(update={"threshold": 0.0}), "llm": LLMSettings()}
    )
    suite = Suite.load(given.suite)
    with terminal.Meter("questions") as meter:
        run = evaluate(suite, build(("footnote",), config=everything), limit=given.limit, progress=meter.questions)
    asked = run.rows["footnote"]
    rows = [row for row in asked if not row["error"]]
    if failed := len(asked) - len(rows):
        _tell(f"{failed} of {len(asked)} questions failed and are left out.")
    if all(row["refused"] for row in rows):
        raise SuiteError(
            "no question was answered: each failed, or names what the documents do not hold.",
            remedy="Give a suite with questions that its documents answer.",
        )
    confidences, right = judged(rows)
    if len(right) < FEW:
        _tell(f"{len(right)} answers are few: a threshold that holds for other questions takes {FEW} or more.")
    threshold = threshold_for(confidences, right, precision=given.precision)
    answered = confidences >= threshold
    found = {
        "threshold": threshold,
        "answered": round(float(answered.sum()) / len(rows), 4),
        "precision": round(float(right[answered].mean()), 4) if answered.any() else None,
        **figures(confidences, right, asked=len(rows)),
    }
    if given.json:
        _print_json(found)
    else:
        _print(terminal.calibration(found))
    return DONE if answered.any() else PARTLY


# --- what several of them need


def _of_two_words(arguments: Sequence[str]) -> list[str]:
    """`eval new` and `eval add` are commands of their own: their words are joined into one."""
    given = list(arguments)
    at = 2 if given[:1] == ["--config"] else 1 if given[:1] and given[0].startswith("--config=") else 0
    if " ".join(given[at : at + 2]) in _COMMANDS:
        given[at : at + 2] = [" ".join(given[at : at + 2])]
    return given


def _open_index(given: argparse.Namespace, *, create: bool = False, check: bool = True) -> Index:
    from rag.config import Config

    config = Config.load(given.config)
    if not create:
        _check_index(given.index)
    from rag.index import Index

    return Index.open(given.index, config=config, create=create, check=check)


def _open_assistant(given: argparse.Namespace) -> Assistant:
    from rag.config import Config

    config = Config.load(given.config)
    if given.documents is None:
        _check_index(given.index)
    else:
        _check_existing(given.documents)
    from rag.assistant import Assistant

    with terminal.Meter("files") as meter:
        return Assistant.open(given.index, documents=given.documents, config=config, progress=meter.files)


def _check_index(folder: str) -> None:
    """Say at once where there is none: what opens it takes seconds to import."""
    from rag.database import existing

    existing(Path(os.path.realpath(os.path.expanduser(folder))))


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
    print(terminal.escaped(json.dumps(value, ensure_ascii=escaped, indent=2)), flush=True)


def _tell(text: str) -> None:
    print(terminal.plain(f"rag: {text}"), file=sys.stderr, flush=True)


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "ask": _ask,
    "calibrate": _calibrate,
    "chat": _chat,
    "doctor": _doctor,
    "documents": _documents,
    "eval": _eval,
    "eval add": _eval_add,
    "eval new": _eval_new,
    "index": _index,
    "rebuild": _rebuild,
    "remove": _remove,
    "search": _search,
    "verify": _verify,
}
