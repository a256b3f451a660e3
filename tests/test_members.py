"""Documents within files: each at a path below the file's, whatever it is named; what is too much becomes a gap."""

from __future__ import annotations

import hashlib
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import documents
from rag.documents import Loaded, load
from rag.documents.extract import Extract, Member, Rejected
from rag.errors import EmptyDocument, UnreadableDocument
from rag.types import Box

Unfold = Callable[[Extract | Rejected], Loaded]


@pytest.fixture
def unfold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unfold:
    """Loads a file whose reader gives this Extract, or raises this."""
    module = ModuleType("rag.documents.given")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(documents._READERS, ".given", "given:read")
    path = tmp_path / "file.given"
    path.write_bytes(b"the file")

    def loaded(given: Extract | Rejected) -> Loaded:
        def read(data: bytes) -> Extract:
            if isinstance(given, Rejected):
                raise given
            return given

        monkeypatch.setattr(module, "read", read, raising=False)
        return load(path)

    return loaded


def names(loaded: Loaded) -> list[str]:
    """Paths below the file's."""
    return [document.path.partition("/file.given")[2] for document in loaded.documents]


FILE = hashlib.sha256(b"the file").hexdigest()


def test_a_member_of_bytes_is_read_by_its_suffix_and_goes_by_its_own_hash(unfold: Unfold) -> None:
    page = b"<title>The annex</title><p>They parted.</p>"
    loaded = unfold(Extract(text="They met.", members=(Member("annex.HTML", page), Member("note.txt", b"No date."))))
    assert names(loaded) == ["", "/annex.HTML", "/note.txt"]
    assert [document.text for document in loaded.documents] == ["They met.", "They parted.", "No date."]
    assert [document.title for document in loaded.documents] == ["file", "The annex", "note"]
    assert [document.sha256 for document in loaded.documents] == [
        FILE,
        hashlib.sha256(page).hexdigest(),
        hashlib.sha256(b"No date.").hexdigest(),
    ]
    assert loaded.sha256 == FILE
    assert loaded.documents[0].gaps == ()


def test_a_member_that_is_an_extract_goes_by_the_hash_of_the_file_and_keeps_all_it_says(unfold: Unfold) -> None:
    mail = Extract(
        text="One\r\nTwo",
        title="Re: talks",
        date="2025-03-12",
        author="Anna Smith",
        outlet="Example News",
        updated="2025-03-13",
        pages=(0, 5),
        parts=((5, "slide\u2028 2"),),
        boxes=(Box(5, 8, 1.5, 2.0, 3.0, 4.0),),
        headings=((5, 8),),
        gaps=("pictures not read: 1",),
    )
    (document,) = unfold(Extract(text=" ", members=(Member("1", mail),))).documents
    assert (document.text, document.title, document.date, document.author) == (
        "One\nTwo",
        "Re: talks",
        "2025-03-12",
        "Anna Smith",
    )
    assert (document.outlet, document.updated, document.sha256) == ("Example News", "2025-03-13", FILE)
    assert (document.pages, document.parts, document.headings) == ((0, 4), ((4, "slide 2"),), ((4, 7),))
    assert (document.boxes, document.gaps) == ((Box(4, 7, 1.5, 2.0, 3.0, 4.0),), ("pictures not read: 1",))
    assert document.path.endswith("/file.given/1")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\boot.txt", "boot.txt"),
        ("/absolute.txt", "absolute.txt"),
        ("C:\\x\\a.txt", "a.txt"),
        (".txt", "txt"),
        ("a\0b.txt", "a_b.txt"),
        ("a\nb\tc.txt", "a b c.txt"),
        ("\u202etxt.exe\u202c.txt", "txt.exe_.txt"),
        ("a.txt\u200b\u202e", "a.txt"),
        ("a.txt. . ", "a.txt"),
        ("\ud800a.txt", "a.txt"),
        ("x" * 300 + ".txt", "x" * 116 + ".txt"),
        ("CON.txt", "CON.txt"),
        ("a.b.c.txt", "a.b.c.txt"),
    ],
)
def test_a_name_is_one_step_of_a_path_and_can_be_shown(unfold: Unfold, name: str, path: str) -> None:
    loaded = unfold(Extract(text="", members=(Member(name, Extract(text="They met.")),)))
    assert names(loaded) == [f"/{path}"]


@pytest.mark.parametrize("name", ["", " ", "..", ".", "/", "a/", "\0", "\u200b\u200e", "...", "\\"])
def test_a_name_that_names_nothing_is_replaced(unfold: Unfold, name: str) -> None:
    assert names(unfold(Extract(text="", members=(Member(name, Extract(text="x")),)))) == ["/unnamed"]


def test_members_of_one_name_stand_apart(unfold: Unfold) -> None:
    given = ("a.txt", "A.TXT", "x/a.txt", "a (2).txt", "", "..")
    loaded = unfold(Extract(text="", members=tuple(Member(name, Extract(text="x")) for name in given)))
    assert names(loaded) == ["/a.txt", "/A (2).TXT", "/a (3).txt", "/a (2) (2).txt", "/unnamed", "/unnamed (2)"]


@given(st.lists(st.text(max_size=400), min_size=1, max_size=6))
def test_whatever_they_are_named_their_paths_differ_and_can_be_shown(given: list[str]) -> None:
    taken: set[str] = set()
    made = [documents._member_name(name, taken) for name in given]
    assert len({name.casefold() for name in made}) == len(made)
    for name in made:
        assert 0 < len(name) <= documents._LONGEST_NAME + 5
        assert Path(name).name == name
        assert not {"/", "\\"} & set(name)
        assert not [c for c in name if unicodedata.category(c)[0] == "C"]


def test_a_member_that_cannot_be_read_is_a_gap_and_the_others_are_read(unfold: Unfold) -> None:
    members = (
        Member("photo.png", b"\x89PNG"),
        Member("noise.txt", b"\0\1\2" * 50),
        Member("broken.docx", b"no zip"),
        Member("empty.txt", b""),
        Member("blank.txt", b" \n"),
        Member("good.txt", b"They met."),
        Member("nothing", Extract(text="", gaps=("a page: damaged",))),
    )
    loaded = unfold(Extract(text="Letter", gaps=("its own",), members=members))
    assert names(loaded) == ["", "/good.txt"]
    own, *gaps = loaded.documents[0].gaps
    assert own == "its own"
    assert [gap.partition(":")[0] for gap in gaps] == [
        "photo.png",
        "noise.txt",
        "broken.docx",
        "empty.txt",
        "blank.txt",
        "nothing",
    ]
    assert gaps[0] == "photo.png: .png files are not supported."
    assert gaps[1] == "noise.txt: it holds binary data, not text"
    assert gaps[3:] == ["empty.txt: it is empty", "blank.txt: it holds no text", "nothing: a page: damaged"]


def test_a_file_without_text_of_its_own_tells_its_gaps_with_its_first_document(unfold: Unfold) -> None:
    loaded = unfold(Extract(text="", gaps=("its own",), members=(Member("a.png", b"x"), Member("b.txt", b"They met."))))
    assert names(loaded) == ["/b.txt"]
    assert loaded.documents[0].gaps == ("its own", "a.png: .png files are not supported.")


def test_a_file_none_of_whose_members_can_be_read_says_why(unfold: Unfold) -> None:
    members = tuple(Member(f"{number}.png", b"x") for number in range(9))
    with pytest.raises(EmptyDocument) as caught:
        unfold(Extract(text="", members=members))
    reasons = "; ".join(f"{number}.png: .png files are not supported." for number in range(3))
    assert caught.value.reason == f"it holds no text; {reasons}; and 6 more"


def nested(depth: int) -> Extract:
    extract = Extract(text="level 0")
    for level in range(1, depth + 1):
        extract = Extract(
            text=f"level {level}", members=(Member("m", extract), Member("n", Extract(text=f"leaf {level}")))
        )
    return extract


def test_members_of_members_are_read_to_a_depth_and_the_rest_is_a_gap(unfold: Unfold) -> None:
    loaded = unfold(nested(8))
    assert "/m/m/m/m/m" in names(loaded)
    assert "/m/m/m/m/n" in names(loaded)
    assert max(name.count("/") for name in names(loaded)) == 5
    deepest = next(document for document in loaded.documents if document.path.endswith("/m/m/m/m/m"))
    assert deepest.text == "level 3"
    assert loaded.documents[0].gaps == ("m: m: m: m: m: documents nested more than 5 deep not read: 2",)


def test_as_many_members_are_read_as_one_file_may_have(unfold: Unfold, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_MOST_MEMBERS", 5)
    inner = Extract(text="mail", members=tuple(Member(f"{n}.txt", b"x") for n in range(3)))
    loaded = unfold(Extract(text="box", members=(Member("a", inner), Member("b", inner), Member("c", inner))))
    assert len(loaded.documents) == 6
    assert names(loaded) == ["", "/a", "/a/0.txt", "/a/1.txt", "/a/2.txt", "/b"]
    told = " ".join(gap for document in loaded.documents for gap in document.gaps)
    assert told.count("documents beyond the first 5 not read: 3") == 1
    assert told.count("documents beyond the first 5 not read: 1") == 1


def test_more_text_than_one_file_may_give_is_refused_or_a_gap(unfold: Unfold, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_MOST_CHARACTERS", 2_000_000)
    with pytest.raises(UnreadableDocument, match="a file with more than 2 million characters is not read whole"):
        unfold(Extract(text="x" * 2_000_001))
    half, rest = "x" * 1_500_000, "y" * 400_000
    members = (Member("a", Extract(text=half)), Member("b", Extract(text=half)), Member("c", Extract(text=rest)))
    loaded = unfold(Extract(text="box", members=members))
    assert names(loaded) == ["", "/a", "/c"]
    assert loaded.documents[0].gaps == ("b: a file with more than 2 million characters is not read whole",)


def test_gaps_are_short_lines_that_show_all_they_hold_and_not_too_many(unfold: Unfold) -> None:
    hostile = "a\nb\x1b[31m\u202ec\u200bd\ue000" + "x" * 1000
    loaded = unfold(Extract(text="They met.", gaps=(hostile, *(f"gap {n}" for n in range(1500)))))
    gaps = loaded.documents[0].gaps
    assert gaps[0].startswith("a b\\x1b[31m\\u202ec\\u200bd\\ue000xxx")
    assert gaps[0].endswith("…")
    assert len(gaps[0]) < 400
    assert (len(gaps), gaps[-2:]) == (1001, ("gap 998", "and 501 more"))


def test_a_reason_is_a_short_line_that_shows_all_it_holds(unfold: Unfold) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        unfold(Rejected(UnreadableDocument, "no \u202esheet\n\x07named\0 " + "x" * 1000))
    assert caught.value.reason.startswith("no \\u202esheet \\x07named\\x00 xxx")
    assert len(caught.value.reason) < 400
