"""The tree of errors is the one that is drawn, and each message names what was found and what to do."""

from __future__ import annotations

import re

import pytest

from rag import errors
from rag.errors import DocumentError, IndexMissing, RagError, UnsupportedFormat


def tree(kind: type[RagError]) -> dict[str, str]:
    """The name of each error below `kind`, and that of its parent."""
    found = {}
    for below in kind.__subclasses__():
        found |= {below.__name__: kind.__name__} | tree(below)
    return found


def drawn() -> dict[str, str]:
    found = {}
    above = [RagError.__name__]
    for indent, name in re.findall(r"^([│ ]*)[├└]── (\w+)", errors.__doc__ or "", re.MULTILINE):
        depth = len(indent) // 4 + 1
        found[name] = above[depth - 1]
        above[depth:] = [name]
    return found


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    assert drawn() == tree(RagError)
    assert RagError.__mro__[1] is Exception


def test_each_error_of_the_module_is_in_the_tree() -> None:
    classes = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert classes == {"RagError", *tree(RagError)}


def test_an_error_says_what_was_found_and_what_to_do() -> None:
    error = RagError("it was found.", remedy="Do this.")
    assert str(error) == "it was found. Do this."
    assert (error.message, error.remedy) == ("it was found.", "Do this.")
    assert str(RagError("it was found.")) == "it was found."


def test_a_document_error_names_the_path_and_its_reason_does_not() -> None:
    error = UnsupportedFormat("/news/a.exe", ".exe files are not supported.", remedy="Supported: .txt.")
    assert str(error) == "/news/a.exe: .exe files are not supported. Supported: .txt."
    assert error.reason == ".exe files are not supported. Supported: .txt."
    assert error.path == "/news/a.exe"
    with pytest.raises(DocumentError):
        raise error


def test_an_index_error_names_the_folder() -> None:
    error = IndexMissing("/indexes/news", "nothing has been indexed.", remedy="Run `rag index`.")
    assert str(error) == "/indexes/news: nothing has been indexed. Run `rag index`."
    assert error.folder == "/indexes/news"
