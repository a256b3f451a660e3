"""Follow-ups completed from the turns before."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.conversation import complete, last_question
from rag.types import Turn
from rag.words import words

USHAKOV = Turn(question="Who is Yuri Ushakov?", answer="Yuri Ushakov is an aide to Vladimir Putin. [1]")


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("What did he say?", "What did Yuri Ushakov say?"),
        ("And what is his job?", "And what is Yuri Ushakov’s job?"),
        ("Who is Sergei Lavrov?", "Who is Sergei Lavrov?"),
        ("What did Lavrov say about the price of oil?", "What did Lavrov say about the price of oil?"),
        ("And in March?", "Who is Yuri Ushakov? And in March?"),
        ("How many were there?", "Who is Yuri Ushakov? How many were there?"),
        ("What did that cost?", "Who is Yuri Ushakov? What did that cost?"),
        ("Was there a flood this year?", "Was there a flood this year?"),
        ("Did the minister say that prices rose?", "Did the minister say that prices rose?"),
    ],
)
def test_a_follow_up_is_read_with_what_it_leaves_open(question: str, read: str) -> None:
    assert complete(question, [USHAKOV]) == read


REFUSED = Turn(question="What did Macron say in Paris?", answer="The documents do not say: they do not mention Macron.")
TALKS = Turn(
    question="Who met in Riyadh?",
    answer="Secretary of State Marco Rubio and Sergei Lavrov met, according to the State Department. [1]",
)


@pytest.mark.parametrize(
    ("turns", "question", "read"),
    [
        ([USHAKOV], "What did Rubio say after he met Lavrov?", "What did Rubio say after he met Lavrov?"),
        ([USHAKOV], "What did Zelensky tell his counterpart?", "What did Zelensky tell his counterpart?"),
        ([USHAKOV], "Did they meet her in Riyadh?", "Did they meet Yuri Ushakov in Riyadh?"),
        ([TALKS], "What did he say?", "What did Marco Rubio say?"),
        ([Turn(question="Who runs Carrow Lines?", answer="Owen Brandt does.")], "Is he ill?", "Is Owen Brandt ill?"),
        ([Turn(question="Does Ana Lisk stay?")], "When does her term end?", "When does Ana Lisk’s term end?"),
        ([USHAKOV, Turn(question="What did Rubio say in Riyadh?")], "Where did he go?", "Where did Rubio go?"),
        ([Turn(question="Who is Émile Zola?")], "What did he write?", "What did Émile Zola write?"),
        ([REFUSED], "And Rubio?", "What did Rubio say in Paris?"),
        ([REFUSED], "What about Sergei Lavrov?", "What did Sergei Lavrov say in Paris?"),
        ([REFUSED], "And who is Dmitry Peskov?", "And who is Dmitry Peskov?"),
        ([REFUSED], "And in Berlin?", "What did Macron say in Paris? And in Berlin?"),
        ([Turn(question="who met in riyadh")], "and in march", "who met in riyadh? and in march"),
        ([Turn(question="who met in riyadh? and in march")], "and in april", "who met in riyadh? and in april"),
        ([USHAKOV], "Who rebuilt the bridge that collapsed?", "Who rebuilt the bridge that collapsed?"),
        ([USHAKOV], "How long did it take to clear the port?", "How long did it take to clear the port?"),
    ],
)
def test_who_and_what_is_meant(turns: list[Turn], question: str, read: str) -> None:
    assert complete(question, turns) == read


@pytest.mark.parametrize(
    ("question", "last"),
    [
        ("Who met in Riyadh? When will they meet again?", "When will they meet again?"),
        ("When will they meet? And in March?", "When will they meet? And in March?"),
        ("who met in riyadh", "who met in riyadh"),
        ("Who?!", "Who?!"),
        ("", ""),
    ],
)
def test_what_is_asked_last(question: str, last: str) -> None:
    assert last_question(question) == last


def test_a_further_follow_up_takes_the_place_of_the_one_before() -> None:
    turns: list[Turn] = [Turn(question="Who met in Riyadh?")]
    for month in ("April", "May", "June"):
        read = complete(f"And in {month}?", turns)
        assert read == f"Who met in Riyadh? And in {month}?"
        turns.append(Turn(question=read))


def test_a_first_question_stays_as_it_is() -> None:
    assert complete("What did he say?", []) == "What did he say?"


def test_the_person_named_last_is_meant() -> None:
    turns = [USHAKOV, Turn(question="Who is Marco Rubio?")]
    assert complete("Whom did he meet?", turns) == "Whom did Marco Rubio meet?"


def test_without_a_name_in_the_turns_a_pronoun_is_left() -> None:
    alone = "Did he pay the whole price of the harbour repair?"
    assert complete(alone, [Turn(question="what is the price?")]) == alone


FINE = Turn(question="Did the captain pay the fine?", answer="The captain paid on Friday. [1]")
UNPAID = Turn(question="Did the captain pay the fine?", answer="The captain refused. [1]")
WALKOUT = Turn(question="When did the dockers walk out?", answer="They walked out on Monday. [1]")
PRICES = Turn(question="What was inflation in Norland in March?", answer="Inflation was 2.9 percent. [1]")


@pytest.mark.parametrize(
    ("turn", "question", "read"),
    [
        (FINE, "Why?", "Why did the captain pay the fine?"),
        (FINE, "and when exactly?", "When did the captain pay the fine?"),
        (FINE, "In which town?", "In which town did the captain pay the fine?"),
        (UNPAID, "Why not?", "Why didn't the captain pay the fine?"),
        (UNPAID, "Why?", "Did the captain pay the fine? Why?"),
        (WALKOUT, "Why?", "Why did the dockers walk out?"),
        (WALKOUT, "How many?", "When did the dockers walk out? How many?"),
        (PRICES, "Why?", "What was inflation in Norland in March? Why?"),
        (PRICES, "And in February?", "What was inflation in Norland in February?"),
        (PRICES, "in february?", "What was inflation in Norland in February?"),
        (PRICES, "And in Sudland?", "What was inflation in Norland in March? And in Sudland?"),
        (PRICES, "What about 2024?", "What was inflation in Norland in March? What about 2024?"),
        (Turn(question="Who won in Ostby?"), "And in Vestby?", "Who won in Vestby?"),
        (Turn(question="Who won in Ostby?"), "What about Vestby?", "Who won in Ostby? What about Vestby?"),
        (Turn(question="Will it rain? Why?"), "Where?", "Where will it rain?"),
    ],
)
def test_a_bare_follow_up_changes_what_it_changes_and_no_more(turn: Turn, question: str, read: str) -> None:
    assert complete(question, [turn]) == read


COUPLE = Turn(question="When will Lindqvar and Dalgan meet?", answer="The documents do not say: no passage is close.")
VASK = Turn(
    question="Who spoke in Dravena?",
    answer="Lena Vask, the foreign minister, spoke. “He knows me,” she said. [1]\nTomas Reiku said he was sorry. [2]",
)


@pytest.mark.parametrize(
    ("turn", "question", "read"),
    [
        (VASK, "What did she say?", "What did Lena Vask say?"),
        (VASK, "What did he say?", "What did Tomas Reiku say?"),
        (VASK, "How old is the foreign minister?", "How old is Lena Vask?"),
        (VASK, "And the finance minister?", "Who spoke in Dravena? And the finance minister?"),
        (COUPLE, "Who advises him?", "When will Lindqvar and Dalgan meet? Who advises him?"),
        (COUPLE, "What did the latter say?", "What did Dalgan say?"),
        (COUPLE, "Is the former a doctor?", "Is Lindqvar a doctor?"),
        (COUPLE, "Did the former minister resign?", "Did the former minister resign?"),
        (Turn(question="Where is Ms. Selim?"), "How old is she?", "How old is Ms. Selim?"),
        (Turn(question="Where is Ms. Selim?"), "How old is he?", "How old is he?"),
        (Turn(question="What did Sykes say?"), "What did Calloway tell him?", "What did Calloway tell Sykes?"),
        (
            Turn(question="What did Sykes say?"),
            "Did Calloway ask Vane to help him?",
            "Did Calloway ask Vane to help him?",
        ),
        (
            Turn(question="What is the name of the tram driver?", answer="The documents do not say: none is named."),
            "How old is she?",
            "What is the name of the tram driver? How old is she?",
        ),
        (
            Turn(question="Who runs the port?", answer="In Port Lorne the harbour is run by Owen Brandt. [1]"),
            "How old is he?",
            "How old is Owen Brandt?",
        ),
        (
            Turn(question="Who signed?", answer="It was signed by Karim Selim and Silas Brook. [1]"),
            "What did he say?",
            "Who signed? What did he say?",
        ),
    ],
)
def test_a_name_stands_for_a_person_only_where_no_other_is_as_near(turn: Turn, question: str, read: str) -> None:
    assert complete(question, [turn]) == read


MARKET = Turn(question="Was the Monday market in Brackford called off?", answer="It was. [1]")
OFFER = Turn(question="Did the company accept the offer?", answer="It did. [1]")
SHIP = Turn(question="Which vessel ran aground?", answer="The Lady Annis ran aground. [1]")
TEAM = Turn(question="Who leads Velmark’s team?")
STEPS = Turn(question="In what steps do wages go up?")
FROST = Turn(question="Who is Delia Frost?", answer="Delia Frost is a fruit importer. [1]")
BRIDGES = Turn(question="Which bridge fell?", answer="The Abbey Bridge fell. [1]\nThe Mill Bridge stands. [2]")


@pytest.mark.parametrize(
    ("turn", "question", "read"),
    [
        (MARKET, "Since when has it been held?", "Since when has the Monday market in Brackford been held?"),
        (MARKET, "Is it true that it rained?", "Is it true that it rained?"),
        (OFFER, "When was it made?", "Did the company accept the offer? When was it made?"),
        (SHIP, "Who owns it?", "Who owns the Lady Annis?"),
        (SHIP, "When did the ship leave port?", "When did the Lady Annis leave port?"),
        (BRIDGES, "When was it built?", "Which bridge fell? When was it built?"),
        (MARKET, "Who else was there?", "Was the Monday market in Brackford called off? Who else was there?"),
        (MARKET, "What happened the same day?", f"{MARKET.question} What happened the same day?"),
        (TEAM, "And the other side?", "Who leads Velmark’s team? And the other side?"),
        (STEPS, "When is the second one due?", "In what steps do wages go up? When is the second one due?"),
        (FROST, "How much does the firm want?", "Who is Delia Frost? How much does the firm want?"),
    ],
)
def test_a_thing_is_named_only_where_no_other_is_as_near(turn: Turn, question: str, read: str) -> None:
    assert complete(question, [turn]) == read


@pytest.mark.parametrize(
    "question",
    [
        "What is the population of Norland?",
        "What is the main interest rate in Norland now?",
        "Did Theodora Lisk say whether she wants another term?",
        "Why did the bank cut its rate?",
        "Which teams won their match?",
        "How many people say they were hurt?",
        "By the way, who won the cup?",
        "how old is hanna corrigan",
    ],
)
@pytest.mark.parametrize("turn", [MARKET, PRICES, VASK, COUPLE])
def test_a_question_about_something_else_is_left_as_it_is(turn: Turn, question: str) -> None:
    assert complete(question, [turn]) == question


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("New question: how fast was it?", "how fast was it?"),
        ("Something else – who won?", "who won?"),
        ("On another topic, what did he say?", "what did he say?"),
        ("Another question", "Another question"),
    ],
)
def test_who_announces_a_new_subject_is_believed(question: str, read: str) -> None:
    assert complete(question, [VASK]) == read


def test_after_a_change_of_subject_follow_ups_mean_the_new_one() -> None:
    turns = [VASK, Turn(question="Who won in Ostby?", answer="Ana Lisk won. [1]")]
    assert complete("And in Vestby?", turns) == "Who won in Vestby?"
    assert complete("How old is she?", turns) == "How old is Ana Lisk?"


_PIECES = st.sampled_from(
    "Who what did does is was he she it they the minister Lena Vask Dravena and or in March other one why not ? . : “ "
    "’s him her its there that New question firm 2024 é 東京".split(" ")
)
_TEXTS = st.lists(_PIECES, max_size=12).map(" ".join)


@given(_TEXTS, st.lists(st.tuples(_TEXTS, _TEXTS), max_size=3))
@settings(max_examples=150, deadline=None)
def test_completing_adds_no_word_that_was_not_said(question: str, turns: list[tuple[str, str]]) -> None:
    history = [Turn(question=asked, answer=answer) for asked, answer in turns]
    said = {word for text in [question, *(one for turn in turns for one in turn)] for word in words(text)}
    assert set(words(complete(question, history))) <= said | {"s", "t", "didn", "isn", "wasn", "doesn", "the"}
