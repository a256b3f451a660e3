"""What a user sees, and after how long, when the language model's endpoint does what it should not.

    python -m eval.llm_faults --json eval/results/llm/faults.json

Each fault of `tests/faulty_models.py` is served over HTTP by a scripted endpoint and met by `Assistant.ask`, with the
deadlines of the default settings times `--scale`. The search is over two short reports with the encoder of the tests;
the reader is the real one.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.provenance import provenance
from rag.assistant import Assistant
from rag.config import Config, ReaderSettings
from rag.generator import Generator

ROOT = Path(__file__).parent.parent
FINE = "Marco Rubio met Sergei Lavrov in Riyadh on February 18 [1]."
QUESTION = "Who met Sergei Lavrov in Riyadh?"
REPORTS = {
    "talks.txt": "Envoys meet in Riyadh\n\nMarco Rubio met Sergei Lavrov in Riyadh on February 18. The two men spoke "
    "for four hours.\n",
    "flood.txt": "The river Wenna broke through a wall in Ollerby. Solheim said that 62 boats were out that night.\n",
}
_SHORTENED = 170  # characters of a note in the table


def measure(*, scale: float) -> list[dict[str, Any]]:
    """One row for each fault: who answered, its first sentence, the notes and the seconds that it took."""
    sys.path.insert(0, str(ROOT / "tests"))  # the scripts of faults are those of the tests
    from conftest import StandInEncoder
    from faulty_models import FAULTS
    from llm_server import Endpoint, said

    rows = []
    with tempfile.TemporaryDirectory() as folder, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listened to: nothing answers there
        for name, text in REPORTS.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        config = Config(reader=ReaderSettings(threshold=0.0))
        index = Path(folder, "index")
        with Assistant.open(index, documents=folder, encoder=StandInEncoder(), config=config) as assistant:
            for fault in [None, *FAULTS]:  # the first one is no fault: it warms up, and is not told
                script = fault.script(1.0) if fault else (said(FINE),)
                with Endpoint(*script) as endpoint:
                    given = (fault or FAULTS[-1]).settings(endpoint.url, scale=scale)
                    if fault and fault.base_url == "closed":
                        given = given.model_copy(update={"base_url": f"http://127.0.0.1:{closed.getsockname()[1]}/v1"})
                    assistant._generator = Generator(given, prompts=config.prompts)
                    began = time.monotonic()
                    answer = assistant.ask(QUESTION)
                    seconds = time.monotonic() - began
                if fault:
                    rows.append({
                        "fault": fault.name, "seconds": round(seconds, 2), "limit": fault.limit,
                        "answered_by": answer.answered_by, "statements": [one.text for one in answer.statements],
                        "notes": [note.replace(given.base_url, "ENDPOINT") for note in answer.notes],
                        "requests": len(endpoint.requests),
                    })  # fmt: skip
                    print(f"{seconds:6.1f} s  {fault.name}", file=sys.stderr, flush=True)
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = ["| fault | after | answered by | what the answer says of it |", "|---|---:|---|---|"]
    for row in rows:
        note = " ".join(row["notes"]).removeprefix("The language model failed, so the reader answered: ") or "–"
        note = note if len(note) <= _SHORTENED else note[: _SHORTENED - 1] + "…"
        lines.append(f"| {row['fault']} | {row['seconds']:.1f} s | the {row['answered_by']} | {note} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table and write the figures; 1 where an answer took longer than 30 s of the default limits."""
    parser = argparse.ArgumentParser(prog="python -m eval.llm_faults", description=__doc__.split("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="factor of the default deadlines (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options = parser.parse_args(arguments)
    rows = measure(scale=options.scale)
    found = {"scale": options.scale, "faults": rows, **provenance()}
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(table(rows))
    return 1 if any(row["seconds"] > 30 * options.scale + 1 for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
