"""True statements made false: each kind of change changes one thing, and nothing where there is nothing to change."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.training.changes import KINDS, Around, changed
from rag.training.naming import listed, names

NEAR = (
    "US Secretary of State Marco Rubio met Sergei Lavrov in Riyadh on 18 February 2025. Volodymyr Zelensky stayed in "
    "Ankara with 40 aides and left on 3 March."
)
AROUND = Around(near=NEAR, passage=f"{NEAR} The talks cost $12 million, Ushakov said.", far=["Smith", "London"])


def variants(kind: str, text: str, around: Around = AROUND) -> set[str]:
    found = (changed(kind, text, around, random.Random(seed)) for seed in range(60))
    return {one.text for one in found if one}


@pytest.mark.parametrize(
    ("kind", "text", "one_of_them"),
    [
        ("name", "Zelensky stayed in Ankara.", "Zelensky stayed in Riyadh."),
        ("number", "He came with 40 aides.", "He came with 18 aides."),
        ("date", "They met on 18 February 2025.", "They met on 18 March 2025."),
        ("negation", "Zelensky stayed in Ankara.", "Zelensky did not stay in Ankara."),
        ("negation", "The talks were held in Ankara.", "The talks were not held in Ankara."),
        ("negation", "He did not meet Lavrov.", "He met Lavrov."),
        ("negation", "They cannot leave.", "They can leave."),
        ("hedge", "The talks may be held in Ankara.", "The talks is held in Ankara."),
        ("hedge", "He reportedly left on Monday.", "He left on Monday."),
        ("hedge", "He plans to leave on Monday.", "He will leave on Monday."),
        ("speaker", "According to Ushakov, the talks were long.", "According to Sergei Lavrov, the talks were long."),
        ("roles", "Rubio invited Zelensky to the talks.", "Zelensky invited Rubio to the talks."),
        ("verb", "Zelensky stayed in Ankara.", "Zelensky left in Ankara."),
        ("opposite", "The price increased after the talks.", "The price decreased after the talks."),
    ],
)
def test_a_statement_is_changed_in_one_thing(kind: str, text: str, one_of_them: str) -> None:
    found = variants(kind, text)
    assert one_of_them in found
    assert text not in found


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("name", "they left."),
        ("number", "Zelensky stayed in Ankara."),
        ("date", "Zelensky stayed in Ankara."),
        ("hedge", "Zelensky stayed in Ankara."),
        ("speaker", "Zelensky stayed in Ankara."),
        ("roles", "Rubio met Zelensky."),
        ("roles", "Zelensky is known as Ushakov."),
        ("opposite", "Zelensky stayed in Ankara."),
        ("verb", "Zelensky is in Ankara."),
    ],
)
def test_what_a_statement_does_not_hold_cannot_be_changed(kind: str, text: str) -> None:
    assert variants(kind, text) == set()


def test_a_name_never_becomes_another_form_of_itself() -> None:
    found = variants("name", "Marco Rubio left for Moscow.")
    assert found
    assert not any("Rubio left" in one and "Moscow" in one for one in found)


def test_a_name_of_the_same_list_takes_no_place_for_what_holds_of_one_holds_of_the_other() -> None:
    near = "Poland, Hungary and Austria voted against it, and Germany for it."
    around = Around(near=near, passage=near, far=[])
    assert variants("name", "Hungary voted against it.", around) == {"Germany voted against it."}
    assert listed("Poland", "Austria", near)
    assert not listed("Poland", "Germany", near)


def test_names_are_those_within_sentences_and_those_known_elsewhere() -> None:
    assert names("However, the army left Riyadh for King Khalid Airport.") == ["Riyadh", "King Khalid Airport"]
    assert names("Rubio left.") == []
    assert names("Rubio left.", "They say that Rubio left.") == ["Rubio"]


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.text(max_size=80), st.text(max_size=80), st.integers(0, 99))
def test_any_text_can_be_changed_without_an_error_and_never_into_itself(
    kind: str, text: str, near: str, seed: int
) -> None:
    around = Around(near=near, passage=near, far=["Smith"])
    found = changed(kind, text, around, random.Random(seed))
    assert found is None or found.text.lower() != text.lower()


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 99))
def test_a_seed_always_makes_the_same_change(kind: str, seed: int) -> None:
    text = "Rubio reportedly told Zelensky on 3 March that 40 aides were not enough, Ushakov said."
    assert changed(kind, text, AROUND, random.Random(seed)) == changed(kind, text, AROUND, random.Random(seed))


def test_a_long_row_of_capitals_costs_no_time() -> None:
    assert not listed("Ab", "Yz", "Ab " + "ABCDEFGHIJKLMNOPQRST-" * 3 + " said of Yz")
