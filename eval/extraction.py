"""How much of real files Footnote reads, beside markitdown and llama-index's SimpleDirectoryReader, in one run.

    python -m eval.extraction ../shared/data/files --peers PYTHON --json eval/results/files/extraction.json

`PYTHON` is one that has the peers (`pip install "markitdown[all]" llama-index-readers-file docx2txt EbookLib html2text
nbconvert`), for they need other versions of pandas than Footnote has. Each file is read by every system in turn, who
begins changes, and each system has a process of its own, which is started again where a file breaks it.

What is read is compared, as words, with the file's text found by another route (`eval.reference`). A file that a system
fails on counts as read with nothing in it. Files without a reference, encrypted ones for example, and files without a
word are listed and not counted. Words that the reference does not have are not all wrong: it has no dates of mails,
fields of a contact, attachments other than texts, or text in pictures, which a reader may rightly give.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from eval.extractors import SYSTEMS, Extraction, Extractor
from eval.provenance import provenance
from eval.reference import ROUTES, NoReference, Reference, reference, tools

FILES = "../shared/data/files"
DEFAULT = "footnote,markitdown,simple"
ROUNDS = 3
WORST = 5  # files named per format
LOST = 20  # words named per file
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|[^\W_{_IDEOGRAPHS}]+")
_BROKEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad]\s*\n\s*(?=[^\W\d_])")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
MEASURES = {
    "recall": "recall of the reference's words",
    "f1": "F1: recall, and the share of the words given that the reference has, together",
    "order": "share of the reference's adjacent words that stay adjacent",
    "extra": "share of the words given that the reference does not have",
}

Words = Sequence[str]


class Score(NamedTuple):
    """What one system's text holds of a reference, each from 0 to 1; None where there is nothing to take a share of."""

    recall: float
    f1: float
    order: float | None
    extra: float | None


def words(text: str) -> list[str]:
    """Runs of letters and digits, case folded; each Han character and kana counts as a word, for nothing parts them.

    A word broken at the end of a line is one word, and what is not seen is no part of a word (Unicode's compatibility
    forms, such as ligatures, are their plain letters).
    """
    plain = _UNSEEN.sub("", _BROKEN.sub("", unicodedata.normalize("NFKC", text)))
    return _WORD.findall(plain.casefold())


def score(given: Words, wanted: Words) -> Score:
    """Words and adjacent pairs count as often as they stand there; `wanted` must hold a word."""
    have, want = Counter(given), Counter(wanted)
    shared = (have & want).total()
    pairs, kept = Counter(pairwise(wanted)), Counter(pairwise(given))
    return Score(
        recall=shared / want.total(),
        f1=2 * shared / (want.total() + have.total()),
        order=(pairs & kept).total() / pairs.total() if pairs else None,
        extra=1 - shared / have.total() if have else None,
    )


def lost(given: Words, wanted: Words) -> Counter[str]:
    return Counter(wanted) - Counter(given)


def measure(
    files: Sequence[Path],
    folder: Path,
    extractors: Sequence[Extractor],
    *,
    rounds: int = ROUNDS,
    progress: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """A record for each file: its format, pages, words and, for each system, scores, median seconds and failure."""
    records = []
    for turn, path in enumerate(files):
        name = path.relative_to(folder).as_posix()
        if progress:
            progress(f"{turn + 1} of {len(files)}: {name}")
        found: Reference | None = None
        why = None
        try:
            found = reference(path)
        except NoReference as error:
            why = str(error)
        shift = turn % len(extractors)
        read = {one.name: one.read(path, rounds=rounds) for one in [*extractors[shift:], *extractors[:shift]]}
        records.append(_record(name, found, why, {one.name: read[one.name] for one in extractors}))
    return records


def _record(name: str, found: Reference | None, why: str | None, given: Mapping[str, Extraction]) -> dict[str, Any]:
    texts = {} if found is None else {"": found.text} | ({} if found.main is None else {", main text": found.main})
    wanted = {label: words(text) for label, text in texts.items()}
    record: dict[str, Any] = {
        "file": name,
        "format": Path(name).suffix.lower(),
        "pages": found.pages if found else None,
        "words": {label: len(one) for label, one in wanted.items()},
        "no_reference": why or ("" if any(wanted.values()) else "there is no word in it") or None,
        "systems": {},
    }
    for system, one in given.items():
        own = words(one.text)
        record["systems"][system] = {
            "error": one.error,
            "words": len(own),
            "seconds": round(statistics.median(one.seconds), 5) if one.seconds else None,
            "scores": {label: score(own, text)._asdict() for label, text in wanted.items() if text},
            "lost": {label: dict(lost(own, text).most_common(LOST)) for label, text in wanted.items()},
        }
    return record


def summary(records: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Per format, and per page's main text: files counted, words, and of each system the means, failures and times."""
    found: dict[str, dict[str, Any]] = {}
    for suffix in sorted({record["format"] for record in records}):
        of_format = [record for record in records if record["format"] == suffix]
        for label in ("", ", main text"):
            counted = [record for record in of_format if record["words"].get(label)]
            if counted:
                found[suffix + label] = {
                    "files": len(counted),
                    "words": sum(record["words"][label] for record in counted),
                    "systems": {name: _means(counted, name, label) for name in counted[0]["systems"]},
                }
    return found


def _means(records: Sequence[dict[str, Any]], system: str, label: str) -> dict[str, Any]:
    own = [record["systems"][system] for record in records]
    scores = [one["scores"][label] for one in own]
    everybody = [r for r in records if all(one["seconds"] is not None for one in r["systems"].values())]
    pages = sum(record["pages"] or 1 for record in everybody)
    seconds = sum(record["systems"][system]["seconds"] for record in everybody)
    wanted = sum(record["words"][label] for record in records)
    return {
        "failed": sum(one["error"] is not None for one in own),
        **{name: _mean(one[name] for one in scores) for name in MEASURES},
        "recall_of_all_words": sum(
            one["recall"] * record["words"][label] for one, record in zip(scores, records, strict=True)
        ) / wanted,
        "median_seconds": _median(one["seconds"] for one in own),
        "pages_per_second": pages / seconds if seconds else None,
        "files_in_pages_per_second": len(everybody),
    }  # fmt: skip


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def table(found: Mapping[str, dict[str, Any]]) -> str:
    """A table for each measure, in which formats on which Footnote is behind are marked; then times."""
    systems = list(next(iter(found.values()))["systems"]) if found else []
    parts = []
    for name, title in MEASURES.items():
        rows = []
        for label, one in found.items():
            values = {system: one["systems"][system][name] for system in systems}
            failed = {system: one["systems"][system]["failed"] for system in systems}
            cells = [_cell(values[system], failed[system] if name == "recall" else 0) for system in systems]
            rows.append([label, str(one["files"]), *cells, "behind" if name != "extra" and behind(values) else ""])
        note = " (files failed)" if name == "recall" else ""
        parts.append(f"{title}{note}\n{_aligned([['', 'files', *systems, ''], *rows])}")
    rows = []
    for label, one in found.items():
        if not label.endswith("main text"):
            times = [one["systems"][system] for system in systems]
            cells = [_milliseconds(time["median_seconds"]) for time in times]
            rows.append([label, *cells, *(_rate(time["pages_per_second"]) for time in times)])
    heads = ["", *(f"{system} ms" for system in systems), *(f"{system} /s" for system in systems)]
    title = "median milliseconds per file; pages (.pdf), slides (.pptx) or files per second where all of them read"
    parts.append(f"{title}\n{_aligned([heads, *rows])}")
    return "\n\n".join(parts)


def markdown(found: Mapping[str, dict[str, Any]]) -> str:
    """Recall, F1 and pages, slides or files per second of each system, for the README."""
    systems = list(next(iter(found.values()))["systems"]) if found else []
    lines = [f"| | files | {' | '.join(systems)} |", "|---|---:|" + "---|" * len(systems)]
    for label, one in found.items():
        cells = [
            f"{_cell(own['recall'], own['failed'])} · {own['f1']:.3f} · {_rate(own['pages_per_second'])}"
            for own in one["systems"].values()
        ]
        lines.append(f"| {label} | {one['files']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def behind(values: Mapping[str, float | None]) -> bool:
    """Whether another system has more than Footnote, by a thousandth or more."""
    own = values.get("footnote")
    return own is not None and any(other is not None and other - own >= 0.001 for other in values.values())


def _cell(value: float | None, failed: int) -> str:
    shown = "–" if value is None else f"{value:.3f}"
    return f"{shown} ({failed})" if failed else shown


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{1000 * value:,.1f}"


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) if not column else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths, strict=True))]  # fmt: skip
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def misses(records: Sequence[dict[str, Any]]) -> str:
    """Per format the files of which Footnote misses most, with the words it misses and what the others have of them."""
    lines = []
    for suffix in sorted({record["format"] for record in records}):
        of_format = [record for record in records if record["format"] == suffix and record["words"].get("")]
        worst = sorted(of_format, key=lambda record: record["systems"]["footnote"]["scores"][""]["recall"])
        for record in worst[:WORST]:
            own = record["systems"]["footnote"]
            if own["scores"][""]["recall"] < 1:
                shown = ", ".join(
                    f"{name} {one['scores']['']['recall']:.3f}" for name, one in record["systems"].items()
                )
                lines.append(f"{record['file']}: {shown}")
                lines.append(f"    {own['error'] or 'misses ' + ' '.join(list(own['lost'][''])[:15])}")
    return "\n".join(lines)


def listed(folder: Path, only: Sequence[str]) -> list[Path]:
    """The files that the folder's index.jsonl names, or else all below it, of the suffixes given, sorted."""
    index = folder / "index.jsonl"
    if index.exists():
        names = [json.loads(line)["file"] for line in index.read_text(encoding="utf-8").splitlines()]
        found = [folder / name for name in names]
    else:
        found = [path for path in folder.rglob("*") if path.is_file()]
    wanted = {f".{one.lstrip('.')}" for one in only}
    return sorted(path for path in found if not wanted or path.suffix.lower() in wanted)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the files with every system, print the tables, and write `--json` where given."""
    parser = argparse.ArgumentParser(prog="python -m eval.extraction", description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(FILES), help=f"folder of files; default: {FILES}")
    parser.add_argument("--systems", default=DEFAULT, help=f"of {', '.join(SYSTEMS)}; default: {DEFAULT}")
    parser.add_argument("--peers", metavar="PYTHON", default=sys.executable, help="a Python that has the others")
    parser.add_argument("--only", default="", metavar="pdf,docx", help="formats; default: all")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help="how often each file is read; the median time counts"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args(arguments)
    files = listed(options.folder, [one for one in options.only.split(",") if one])
    if not files:
        print(f"no such files in {options.folder}", file=sys.stderr)
        return 1
    systems = [one for one in options.systems.split(",") if one]
    if unknown := [one for one in systems if one not in SYSTEMS]:
        parser.error(f"no such system: {', '.join(unknown)}")
    pythons = {name: options.peers if name in ("markitdown", "simple") else sys.executable for name in systems}
    extractors = [Extractor(name, python=python) for name, python in pythons.items()]
    try:
        versions = {one.name: one.versions() for one in extractors} | {"reference": tools()}
        records = measure(files, options.folder, extractors, rounds=options.rounds, progress=_told)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        for one in extractors:
            one.close()
    report(records, versions, rounds=options.rounds, out=options.json)
    return 0


def report(
    records: Sequence[dict[str, Any]], versions: Mapping[str, Mapping[str, str]], *, rounds: int, out: Path | None
) -> None:
    """Print the tables, where Footnote misses most, what was not counted, and what made the figures."""
    found = summary(records)
    print(table(found))
    print(f"\nfiles of which Footnote misses most, with each system's recall\n{misses(records)}")
    without = [record for record in records if record["no_reference"]]
    print(f"\nnot counted: {len(without)} of {len(records)} files")
    for record in without:
        failed = ", ".join(name for name, one in record["systems"].items() if one["error"])
        print(f"  {record['file']}: {record['no_reference']}; no text from: {failed or 'nobody'}")
    about = provenance()
    print(f"\n{len(records)} files, {rounds} rounds; commit {about['commit'][:10]}")
    print(f"{about['machine']}; Python {about['python']}")
    for name, packages in versions.items():
        print(f"{name}: {', '.join(f'{package} {version}' for package, version in packages.items())}")
    if out:
        routes = {suffix: route for suffix, (route, _) in ROUTES.items()}
        result = {"formats": found, "files": records, "rounds": rounds, "references": routes,
                  "versions": versions, **about}  # fmt: skip
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _told(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text[:100]}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
