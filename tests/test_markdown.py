"""Front matter of Markdown: what it names, what of it is text, and what is not read."""

from __future__ import annotations

import pytest

from rag.documents.markdown import read

BODY = "# Opening\n\nThey met.\n"


def front(matter: str, rule: str = "---") -> bytes:
    return f"{rule}\n{matter}\n{rule}\n\n{BODY}".encode()


@pytest.mark.parametrize(
    ("matter", "found"),
    [
        ("date: 2025-03-12\nlastmod: 2025-03-14T10:00:00Z", ("2025-03-12", "2025-03-14", None, None)),
        ("published: 12 March 2025\nupdated: March 2025", ("2025-03-12", "2025-03", None, None)),
        ("author: By Anna Smith\nsource: Evening Post", (None, None, "Anna Smith", "Evening Post")),
        (
            "authors:\n- name: Anna Smith\n- Omar\npublisher: {name: Post}",
            (None, None, "Anna Smith, Omar", "Post"),
        ),
        ("date: 03/12/2025\nsource: https://post.example/x", (None, None, None, None)),
    ],
)
def test_front_matter_names_days_authors_and_outlet(matter: str, found: tuple[str | None, ...]) -> None:
    extract = read(front(matter))
    assert (extract.date, extract.updated, extract.author, extract.outlet) == found
    assert (extract.text, extract.gaps) == (BODY, ())


def test_front_matter_in_toml_is_read_too() -> None:
    extract = read(front('title = "The talks"\ndate = 2025-03-12T10:00:00Z', "+++"))
    assert (extract.title, extract.date, extract.text) == ("The talks", "2025-03-12", BODY)


def test_sentences_of_front_matter_lead_the_text_unless_it_says_them_itself() -> None:
    extract = read(front("description: The envoys ate rye.\nsummary: They met.\nsubtitle: In Riyadh"))
    assert extract.text == f"In Riyadh\n\nThe envoys ate rye.\n\n{BODY}"
    assert [extract.text[start:end] for start, end in extract.headings] == ["# Opening"]
    assert extract.title == "Opening"


def test_what_of_front_matter_is_not_read_is_a_gap() -> None:
    extract = read(front("title: The talks\ntags: [a, b]\nlayout: post\ndraft:"))
    assert extract.gaps == ("front matter not read: tags, layout",)


def test_front_matter_that_refers_to_itself_over_and_over_is_no_bomb() -> None:
    levels = "\n".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 500)}]" for n in range(4))
    extract = read(front(f"a: &a [{', '.join(['x'] * 500)}]\n{levels}\nauthor: *e\ndescription: *c"))
    assert extract.text.endswith(BODY)
    assert len(extract.text) < 10_000_000
