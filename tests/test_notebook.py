"""Notebooks: text, code and what the code put out, each under the number of its cell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rag.documents.extract import Extract, Rejected
from rag.documents.notebook import read


def cell(kind: str, source: Any, *outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, **({"outputs": list(outputs)} if kind == "code" else {}), **more}


def notebook(*cells: dict[str, Any], **metadata: Any) -> Extract:
    return read(json.dumps({"cells": list(cells), "metadata": metadata, "nbformat": 4}).encode())


def by_part(extract: Extract) -> dict[str, str]:
    starts = [start for start, _ in extract.parts]
    return {
        name: extract.text[start:end].strip()
        for (start, name), end in zip(extract.parts, [*starts[1:], None], strict=True)
    }


STREAM = {"output_type": "stream", "name": "stdout", "text": ["rye 12\n", "oats 7\n"]}


def test_cells_and_their_outputs_are_parts() -> None:
    extract = notebook(
        cell("markdown", ["# Grain\n", "\n", "Of *two* kinds."]),
        cell(
            "code",
            "# no heading\nprint(grain)",
            STREAM,
            {"output_type": "execute_result", "data": {"text/plain": "19"}},
        ),
        cell("raw", ""),
        cell("raw", "The end."),
    )
    assert by_part(extract) == {
        "cell 1": "# Grain\n\nOf *two* kinds.",
        "cell 2": "# no heading\nprint(grain)\n\nrye 12\noats 7\n\n19",
        "cell 4": "The end.",
    }
    assert [extract.text[start:end] for start, end in extract.headings] == ["# Grain"]
    assert (extract.title, extract.gaps) == ("Grain", ())


def test_metadata_name_title_authors_and_day() -> None:
    extract = notebook(
        cell("raw", "x"), title="Grain", authors=[{"name": "Anna Smith"}, {"name": "Omar"}], date="2025-03-12"
    )
    assert (extract.title, extract.author, extract.date) == ("Grain", "Anna Smith, Omar", "2025-03-12")


def test_a_table_is_rows_and_a_picture_a_gap() -> None:
    table = "<table><tr><th>grain</th><th>sacks</th></tr><tr><td>rye</td><td>12</td></tr></table>"
    frame = {"output_type": "execute_result", "data": {"text/html": table, "text/plain": "grain sacks rye 12"}}
    chart = {"output_type": "display_data", "data": {"image/png": "aGk=", "text/plain": "<Figure size 640x480>"}}
    extract = notebook(cell("code", "grain", frame, chart))
    assert extract.text == "grain\n\ngrain | sacks\nrye | 12"
    assert extract.gaps == ("cell 1: picture not read",)


def test_an_error_is_read_without_the_colours_of_a_terminal() -> None:
    error = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "x",
        "traceback": ["\x1b[0;31mValueError\x1b[0m: no rye"],
    }
    assert notebook(cell("code", "1", error)).text == "1\n\nValueError: no rye"


def test_a_bar_that_was_drawn_over_and_over_is_read_once() -> None:
    bar = {"output_type": "stream", "text": " 10%\r 50%\r100%\ndone\r\n"}
    assert notebook(cell("code", "1", bar)).text == "1\n\n100%\ndone"


def test_a_long_output_is_cut_and_says_so() -> None:
    extract = notebook(cell("code", "1", {"output_type": "stream", "text": "rye\n" * 10_000}), cell("raw", "oats"))
    assert by_part(extract)["cell 1"] == ("1\n\n" + "rye\n" * 5_000).strip()
    assert by_part(extract)["cell 2"] == "oats"
    assert extract.gaps == ("cell 1: output beyond 20,000 characters not read",)


def test_pictures_pasted_into_text_are_gaps() -> None:
    assert notebook(cell("markdown", "x", attachments={"a.png": {}})).gaps == ("cell 1: pictures not read: 1",)


def test_an_older_notebook_is_read() -> None:
    outputs = [{"output_type": "pyout", "text": ["19"]}, {"output_type": "display_data", "png": "aGk="}]
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Grain"]},
        {"cell_type": "code", "input": ["1"], "outputs": outputs},
    ]
    extract = read(json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}).encode())
    assert by_part(extract) == {"cell 1": "## Grain", "cell 2": "1\n\n19"}
    assert extract.title == "Grain"
    assert extract.gaps == ("cell 2: picture not read",)


@pytest.mark.parametrize(
    ("data", "reason"), [(b'{"a": 1}', "no notebook"), (b"[1]", "no notebook"), (b'{"cells": [', "JSON is damaged")]
)
def test_what_is_no_notebook_is_rejected(data: bytes, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        read(data)


def test_cells_of_odd_shapes_do_no_harm() -> None:
    odd = {"cells": [None, 3, {"source": None, "outputs": {}}, {"source": [1, "rye"], "outputs": [None, {"data": 3}]}]}
    assert read(json.dumps(odd).encode()).text == "rye"
