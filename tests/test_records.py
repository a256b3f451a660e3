"""JSON: the records of news dumps, whatever they call their fields, and all else as lines with their paths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rag import documents
from rag.documents.extract import Extract, Rejected
from rag.documents.records import read

TEXT = "Envoys met in Riyadh on Tuesday. They agreed to appoint teams and named no date."


def dump(value: Any) -> Extract:
    return read(json.dumps(value).encode())


def lines(*values: Any) -> Extract:
    return read("\n".join(value if isinstance(value, str) else json.dumps(value) for value in values).encode())


def members(extract: Extract) -> list[Extract]:
    contents = [member.content for member in extract.members]
    assert all(isinstance(content, Extract) for content in contents)
    return [content for content in contents if isinstance(content, Extract)]


def said(extract: Extract) -> tuple[str | None, ...]:
    return (extract.title, extract.date, extract.updated, extract.author, extract.outlet)


NEWS_API = {
    "source": {"id": None, "name": "Evening Post"}, "author": "Anna Smith", "title": "Talks open", "content": TEXT,
    "url": "https://post.example/1", "publishedAt": "2025-03-12T08:00:00Z",
}  # fmt: skip
RECORDS: list[tuple[Any, tuple[str | None, ...]]] = [
    ({"articles": [NEWS_API]}, ("Talks open", "2025-03-12", None, "Anna Smith", "Evening Post")),
    (
        [{"authors": ["Anna Smith", "Omar"], "date_modify": "2025-03-14 10:00:00",
          "date_publish": "2025-03-12 08:00:00", "maintext": TEXT, "source_domain": "post.example",
          "title": "Talks open"}],
        ("Talks open", "2025-03-12", "2025-03-14", "Anna Smith, Omar", "post.example"),
    ),
    (
        {"response": {"results": [{"webTitle": "Talks open", "webPublicationDate": "2025-03-12T08:00:00Z",
                                   "fields": {"bodyText": TEXT, "byline": "By Anna Smith"}}]}},
        ("Talks open", "2025-03-12", None, "Anna Smith", None),
    ),
    (
        {"response": {"docs": [{"abstract": TEXT, "headline": {"main": "Talks open"}, "source": "The Post",
                                "byline": {"original": "By Anna Smith"}, "pub_date": "2025-03-12T08:00:00+0000"}]}},
        ("Talks open", "2025-03-12", None, "Anna Smith", "The Post"),
    ),
    (
        {"hits": {"hits": [{"_id": "a", "_source": {"headline": "Talks open", "text": TEXT, "created": 1741737600}}]}},
        ("Talks open", "2025-03-12", None, None, None),
    ),
    (
        [{"id": 7, "date": "2025-03-12T08:00:00", "modified": "2025-03-14T08:00:00",
          "title": {"rendered": "Talks open"}, "content": {"rendered": f"<p>{TEXT}</p>"}}],
        ("Talks open", "2025-03-12", "2025-03-14", None, None),
    ),
    (
        {"a1": {"headline": "Talks open", "body": [TEXT]}, "a2": {"headline": "Bread", "body": [TEXT]}},
        ("Talks open", None, None, None, None),
    ),
    (
        [{"title": "Talks open", "text": TEXT, "date": {"$date": "2025-03-12T08:00:00Z"}}],
        ("Talks open", "2025-03-12", None, None, None),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), RECORDS)
def test_records_are_found_in_dumps_of_many_shapes(value: Any, expected: tuple[str | None, ...]) -> None:
    extract = dump(value)
    record = members(extract)[0]
    assert said(record) == expected
    assert record.text == f"Talks open\n\n{TEXT}"
    assert [record.text[start:end] for start, end in record.headings] == ["Talks open"]
    assert extract.members[0].name == "0001 Talks open"
    assert extract.text == ""


def test_a_file_of_one_record_is_that_document() -> None:
    extract = dump(NEWS_API)
    assert (extract.title, extract.text, extract.members) == ("Talks open", f"Talks open\n\n{TEXT}", ())


def test_what_a_record_says_beside_its_text_is_kept_and_what_programs_need_is_a_gap() -> None:
    record = {
        **NEWS_API,
        "description": "The hall was cold, and no one of the envoys stayed for the dinner.",
        "summary": TEXT,
        "section": "World",
        "tags": ["peace", "grain"],
        "covid": 12,
        "place": {"city": "Riyadh", "map_url": "https://map.example"},
        "quotes": [{"who": "Lesk", "words": "Never"}, {"who": "Omar", "words": "Soon"}],
        "date_download": "2025-04-01",
        "lead": None,
    }
    extract = dump(record)
    assert extract.text.split("\n\n") == [
        "Talks open",
        TEXT,
        "description: The hall was cold, and no one of the envoys stayed for the dinner.",
        "section: World",
        "tags: peace, grain",
        "covid: 12",
        "place.city: Riyadh",
        "quotes[0] | who: Lesk | words: Never\nquotes[1] | who: Omar | words: Soon",
    ]
    assert extract.gaps == ("fields not read, which are for programs: url (1), map_url (1), date_download (1)",)


def test_what_stands_around_records_is_text_where_it_is_prose_and_else_a_gap() -> None:
    extract = dump({"status": "ok", "note": "All reports of March, checked twice by hand.", "articles": [NEWS_API]})
    assert extract.text == "note: All reports of March, checked twice by hand."
    assert "around its records, not read: status: ok" in extract.gaps


def test_a_record_without_text_among_others_keeps_its_title() -> None:
    first, second = members(dump([NEWS_API, {"title": "Bread", "content": None, "source": "Crumbs"}]))
    assert (first.title, second.title, second.text, second.outlet) == ("Talks open", "Bread", "Bread", "Crumbs")


def test_each_line_is_a_record_and_a_broken_one_a_gap_with_its_number() -> None:
    extract = lines({"title": "One", "text": TEXT}, '{"title": "Two", "te', "", {"title": "Three\u2028", "text": TEXT})
    assert [member.name for member in extract.members] == ["0001 One", "0002 Three"]
    assert len(extract.gaps) == 1
    assert extract.gaps[0].startswith("line 2: not read: ")


def test_a_line_as_deep_as_a_bomb_costs_that_line() -> None:
    extract = lines({"title": "One", "text": TEXT}, "[" * 100_000, {"title": "Three", "text": TEXT})
    assert [record.title for record in members(extract)] == ["One", "Three"]
    assert extract.gaps == ("line 2: not read: it is nested too deep",)


def test_json_without_records_is_lines_with_their_paths() -> None:
    value = {
        "company": {"name": "Acme", "open": True, "site": "https://acme.example", "none": None},
        "offices": [{"city": "Oslo", "staff": 12}, {"city": "Bergen", "staff": 3}],
        "grid": [[1, 2], [3]],
        "notes": [{"said": {"by": "Lesk"}}],
    }
    extract = dump(value)
    assert extract.text.split("\n\n") == [
        "company.name: Acme",
        "company.open: true",
        "company.site: https://acme.example",
        "offices[0] | city: Oslo | staff: 12\noffices[1] | city: Bergen | staff: 3",
        "grid[0]: 1, 2",
        "grid[1]: 3",
        "notes[0].said.by: Lesk",
    ]
    assert (extract.members, extract.gaps) == ((), ())


def test_numbers_stay_as_written_and_repeated_keys_lose_nothing() -> None:
    extract = read(b'{"a": 1, "a": 2, "big": 123456789012345678901234567890, "f": 1.10, "n": NaN}')
    assert extract.text.split("\n\n") == [
        "a: 1", "a (2): 2", "big: 123456789012345678901234567890", "f: 1.10", "n: NaN",
    ]  # fmt: skip
    many = "9" * 10_000
    assert read(f'{{"a": {many}}}'.encode()).text == f"a: {many}"


def test_what_is_nested_deep_is_a_gap_and_a_bomb_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extract = read(b'{"rye": 1, "a":' + b'{"a":' * 200 + b"1" + b"}" * 201)
    assert (extract.text, extract.gaps) == ("rye: 1", ("values nested more than 50 deep not read: 1",))
    monkeypatch.setitem(documents._READERS, ".json", "records:read")
    (tmp_path / "bomb.json").write_bytes(b"[" * 1_000_000)
    with pytest.raises(documents.UnreadableDocument, match="nested too deep"):
        documents.load(tmp_path / "bomb.json")


@pytest.mark.parametrize("data", [b'{"a": [1, 2', b"They met.", b'{"a": 1}\n{"b"\n{"c"\n{"d"\n'])
def test_json_that_is_damaged_or_cut_short_is_rejected(data: bytes) -> None:
    with pytest.raises(Rejected, match=r"its JSON is damaged or cut short \(.*line \d+ column \d+"):
        read(data)


def test_settings_and_chats_are_no_records() -> None:
    package = {"name": "mill", "description": "A tool for grain.", "scripts": {"run": "mill"}}
    chat = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    assert dump(package).text == "name: mill\n\ndescription: A tool for grain.\n\nscripts.run: mill"
    assert dump(chat).text == "messages[0] | role: user | content: Hi\nmessages[1] | role: assistant | content: Hello"
