"""Questions and answers to statements, and sentences to other statements that they carry."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.training.rewording import (
    REWORDINGS,
    abbreviated,
    active,
    cut,
    mirrored,
    moved,
    named,
    passive,
    reworded,
    rounded,
    shortened,
    split,
    together,
    trimmed,
)
from rag.training.statements import statement, tidy
from rag.training.verbs import bare_of_past, bare_of_present, bare_verbs, participle, past, present

SAID = "US Secretary of State Marco Rubio met his counterpart in Riyadh on Tuesday."


@pytest.mark.parametrize(
    ("question", "answer", "made"),
    [
        ("Who wrote Patriarcha?", "Robert Filmer", "Robert Filmer wrote Patriarcha."),
        ("Who was the king of Spain?", "Philip", "The king of Spain was Philip."),
        ("Who was killed in Riyadh?", "a guard", "A guard was killed in Riyadh."),
        ("Who was Norfolk Island colonised by?", "sailors", "Norfolk Island was colonised by sailors."),
        ("Who did Frick remove from the police?", "Jews", "Frick removed Jews from the police."),
        ("When did Rubio meet Lavrov?", "Tuesday", "Rubio met Lavrov on Tuesday."),
        ("When was the German Empire founded?", "1871", "The German Empire was founded in 1871."),
        ("When did dinosaurs die out?", "66 million years ago", "Dinosaurs died out 66 million years ago."),
        ("In what year was the tower built?", "1417", "The tower was built in 1417."),
        ("What year did IBM hire him?", "in 1946", "IBM hired him in 1946."),
        ("Where are the Saores based?", "Buffalo", "The Saores are based in Buffalo."),
        ("Where is the school?", "in the Bronx", "The school is in the Bronx."),
        ("Why was Neuman rejected?", "age", "Neuman was rejected because of age."),
        ("What does ATSB stand for?", "Safety Bureau", "ATSB stands for Safety Bureau."),
        ("What was the population of Valencia?", "739,014", "The population of Valencia was 739,014."),
        ("Which studio produced it?", "Paramount", "Paramount produced it."),
        ("What kind of progression did it propose?", "a linear", "It proposed a linear progression."),
        ("How many people died in the fire?", "12", "12 people died in the fire."),
        ("How many people did the fire kill?", "12", "The fire killed 12 people."),
        ("How many shares are there?", "62,217", "There are 62,217 shares."),
        ("Burke attacked Whigs who hated what?", "reform", "Burke attacked Whigs who hated reform."),
        ("What can cause fires?", "lightning", "Lightning can cause fires."),
    ],
)  # fmt: skip
def test_a_question_and_its_answer_make_a_statement(question: str, answer: str, made: str) -> None:
    assert statement(question, answer) == made


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Did Rubio meet Lavrov?", "yes"),
        ("Whose leg?", "Walding"),
        ("What happened with this push?", "was defeated"),
        ("Who was struck?", "he"),
        ("What did it do?", "withdrew support"),
        ("Who signed?", "the minister (of war"),
        ("What do critics claim people have?", "limited visibility"),
        ("", ""),
    ],
)
def test_where_no_rule_clearly_applies_there_is_no_statement(question: str, answer: str) -> None:
    assert statement(question, answer) == ""


@pytest.mark.parametrize(
    ("sentence", "made"),
    [
        ('"The talks are over," said Yuri Ushakov, an aide.', 'Yuri Ushakov said: "The talks are over."'),
        ('"We will not take part," Lavrov said, "and nobody has asked us."',
         'Lavrov said: "We will not take part, and nobody has asked us."'),
        ('Zelensky said "we will accept no deal without us".', '"We will accept no deal without us," said Zelensky.'),
    ],
)  # fmt: skip
def test_a_quotation_moves_with_its_speaker(sentence: str, made: str) -> None:
    found = {moved(sentence, random.Random(i)) for i in range(12)}
    assert made in found
    assert all("Ushakov" in one or "Lavrov" in one or "Zelensky" in one for one in found)


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=30))
def test_a_statement_of_any_text_is_one_plain_line_that_ends_in_a_full_stop(question: str, answer: str) -> None:
    made = statement(question, answer)
    assert not made or (made.endswith(".") and "\n" not in made and "?" not in made.split(tidy(answer))[0])


@settings(deadline=None)
@given(st.sampled_from(sorted(bare_verbs() - {"be"})))
def test_the_forms_of_a_verb_lead_back_to_it(bare: str) -> None:
    if past(bare) in bare_of_past():
        assert past(bare_of_past()[past(bare)]) == past(bare)
    assert present(bare_of_present()[present(bare)]) == present(bare)


def test_verbs_are_inflected_as_english_does() -> None:
    assert [past(verb) for verb in ("meet", "visit", "stop", "carry", "agree", "play")] == [
        "met", "visited", "stopped", "carried", "agreed", "played",
    ]  # fmt: skip
    assert [present(verb) for verb in ("go", "have", "watch", "carry", "play")] == [
        "goes", "has", "watches", "carries", "plays",
    ]  # fmt: skip
    assert participle("write") == "written"


CHANCE = random.Random(1)


@pytest.mark.parametrize(
    ("found", "made"),
    [
        (cut("The old house (built in 1910) was sold.", CHANCE), "The old house was sold."),
        (cut("In May, the house was sold to a bank.", CHANCE), "The house was sold to a bank."),
        (moved("In May the two met, Ushakov said.", CHANCE), None),
        (moved("Ushakov said that the talks were over by noon.", random.Random(2)), None),
        (split("The bank bought the old house and opened it a year later.", random.Random(3)), None),
        (reworded("More than 40 soldiers were there.", CHANCE), None),
        (passive("Rubio met Lavrov in Riyadh.", CHANCE), "Lavrov was met by Rubio in Riyadh."),
        (active("Samsung was sued by Apple in 2011.", CHANCE), "Apple sued Samsung in 2011."),
        (abbreviated("Then the European Central Bank cut rates.", CHANCE), "Then the ECB cut rates."),
        (rounded("Nearly 158 people died.", CHANCE), ""),
        (mirrored("Rubio met Lavrov in Riyadh.", CHANCE), "Lavrov met Rubio in Riyadh."),
        (shortened("In Riyadh, Marco Rubio met the prince.", CHANCE), "In Riyadh, Rubio met the prince."),
        (trimmed("The talks between both ended in Riyadh on 3 June.", CHANCE), "The talks between both ended."),
        (named("He left at noon.", "Marco Rubio met the prince.", ""), "Marco Rubio left at noon."),
        (together("Rubio left at noon.", "The talks went on."), "Rubio left at noon, and the talks went on."),
    ],
)
def test_a_sentence_in_other_words(found: str, made: str | None) -> None:
    assert found if made is None else found == made


def test_an_amount_is_rounded_down_and_never_up() -> None:
    found = {rounded("At least 158 people died.", random.Random(i)) for i in range(20)}
    assert found == {"", "More than 150 people died.", "Over 150 people died."}


def test_an_attribution_moves_and_stays_with_its_speaker() -> None:
    found = {moved("Yuri Ushakov said that the talks were over by noon.", random.Random(i)) for i in range(9)}
    assert found == {
        "The talks were over by noon, Yuri Ushakov said.",
        "According to Yuri Ushakov, the talks were over by noon.",
    }


@settings(deadline=None)
@given(st.text(max_size=120), st.integers(0, 9))
def test_any_text_can_be_reworded_without_an_error(text: str, seed: int) -> None:
    chance = random.Random(seed)
    for rewording in REWORDINGS:
        assert rewording(text, chance) != text or not text
