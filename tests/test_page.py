"""The page of a run shows its figures, marks what was cited and what is gold, and runs nothing of what it shows."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from eval import plots
from eval.page import caveats, page, reading
from eval.plots import Curve, Estimate
from eval.questions import excerpt
from eval.run import Run
from eval.suite import Gold, Question, Suite
from rag.types import Document

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)> https://foreign.example/ {{ 7 * 7 }}'
OPENING = "The two ministers met on Tuesday. "
TALKS = f"{OPENING}They spoke for two hours in the Almond Palace, an old residence. Nobody else was let in. "
TEXTS = {"talks.txt": TALKS, "disk:c.txt": f"A flood came. {HOSTILE} It left."}
PALACE = TALKS.index("the Almond Palace")
SENTENCE = (len(OPENING), TALKS.index(" Nobody"))
FIRST, SECOND = "footnote", "<b>bm25</b>"


def suite() -> Suite:
    documents = tuple(
        Document(text=text, path=path, title=f"{path} {HOSTILE}", sha256="0" * 64) for path, text in TEXTS.items()
    )
    gold = Gold(doc_id="talks.txt", start=PALACE, end=PALACE + len("the Almond Palace"))
    questions = (
        Question(id="q 1", question=f"Where? {HOSTILE}", answers=("the Almond Palace", HOSTILE), answerable=True,
                 evidence=(gold,), category="where"),
        Question(id="q2", question="Who paid?", answers=(), answerable=False, evidence=(), category="not-said"),
    )  # fmt: skip
    return Suite(name="tiny", documents=documents, questions=questions, digest="d1", total=2)


def row(question: str, outcome: str, **given: Any) -> dict[str, Any]:
    made = {
        "id": question, "category": "where" if question == "q 1" else "not-said", "answerable": question == "q 1",
        "refused": "refused" in outcome, "short": "", "confidence": None, "citations": [], "statements": [],
        "rank": None, "error": "", "outcome": outcome, "right": float(outcome in ("right", "rightly refused")),
        "f1": 0.0, "recall_at_k": 1.0, "citation_recall": None,
    }  # fmt: skip
    return made | given


def figure(value: float | None, low: float | None = None, high: float | None = None, n: int = 2) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": n}


def run() -> Run:
    cited = f"talks.txt:{SENTENCE[0]}:{SENTENCE[1]}"
    said = {"text": TALKS[slice(*SENTENCE)], "citations": [cited]}
    flood = f"disk:c.txt:{TEXTS['disk:c.txt'].index('<script>')}:{TEXTS['disk:c.txt'].index(' It left')}"
    rows = {
        FIRST: [
            row("q 1", "right", short="Almond Palace", confidence=0.9, citations=[cited], statements=[said], f1=1.0,
                rank=1),
            row("q2", "rightly refused"),
        ],
        SECOND: [
            row("q 1", "reader missed", short=HOSTILE, confidence=0.6, citations=[flood]),
            row("q2", "wrongly answered", short="He did", confidence=0.4, citations=[cited]),
        ],
    }  # fmt: skip
    summary = {
        FIRST: {"right": figure(1.0, 0.8125, 1.0), "f1": figure(0.75, 0.5, 0.9), "refused": figure(1)},
        SECOND: {"right": figure(0.0, 0.0, 0.125), "f1": figure(0.625, 0.4, 0.8), "refused": figure(0)},
    }
    kinds = {name: {"where": {"f1": figure(0.5, n=1)}, "not-said": {"f1": figure(1.0, n=1)}} for name in rows}
    paired = {"system": FIRST, "baseline": SECOND, "n": 2}
    return Run(
        about={
            "suite": "tiny", "suite_digest": "d1", "suite_gaps": [], "documents": 2, "questions": 2,
            "questions_in_suite": 2, "seed": None, "k": 10, "commit": "c0ffee" * 6, "dirty": False,
            "machine": "2 cores", "python": "3.11", "packages": {"numpy": "2.4"},
            "systems": [{"name": name, "rejected": [], "settings": {"a": HOSTILE}} for name in rows],
        },
        summary=summary,
        categories=kinds,
        rows=rows,
        timings={name: {"question_seconds_p50": 0.25, "seconds": [0.2, 0.3]} for name in rows},
        comparisons=[
            {**paired, "measure": "right", "difference": 1.0, "low": 0.5, "high": 1.0, "p": 0.0004, "detectable": 0.3},
            {**paired, "measure": "f1", "difference": -0.125, "low": -0.4, "high": 0.2, "p": 0.61, "detectable": 0.25},
        ],
    )  # fmt: skip


class Read(HTMLParser):
    """What a browser would make of a page: its tags with attributes, its text, and the text of its marks."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.marked = "", [("", "")]
        self._mark = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._mark = (dict(attrs)["class"] or "") if tag == "mark" else ""

    def handle_endtag(self, tag: str) -> None:
        self._mark = ""

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._mark:
            self.marked.append((self._mark, data))


def told(html: str) -> str:
    return " ".join(Read(html).text.split())


def test_the_page_shows_values_with_their_intervals_and_how_much_they_rest_on() -> None:
    html = page(run(), suite())
    assert '<td class="best">1.000<small>0.812 to 1.000</small></td>' in html
    assert '<td class="best">0.750<small>0.500 to 0.900</small></td>' in html
    assert '<td class="level">0.625<small>0.400 to 0.800</small></td>' in html
    assert '<th scope="row">F1</th><td>2</td>' in html
    assert "<td>250 ms</td>" in html


def test_trials_and_measures_that_nobody_named_are_shown_too() -> None:
    given = run()
    given.summary[FIRST]["new_{k}_measure"] = figure(0.125)
    held = {FIRST: {"order": {"value": 0.875, "n": 60}}}
    text = told(page(replace(given, robustness=held), suite()))
    assert "same answer: documents in another order" in text
    assert "0.875" in text
    assert "new 10 measure" in text


def test_a_difference_is_called_in_words() -> None:
    text = told(page(run(), suite()))
    assert "better, beyond chance" in text
    assert "+1.000" in text
    assert "< 0.001" in text
    assert "no difference shown; one below 0.25 could stay unseen" in text
    assert "−0.400 to 0.200" in text


def test_the_reading_names_who_leads_and_what_is_too_close() -> None:
    said = " ".join(reading(run()))
    assert f"<b>{FIRST} leads</b> beyond chance in being right" in said
    assert "<b>Too close to call:</b> answering in the right words (F1: footnote 0.75, " in said
    assert "Of 2 questions <b>footnote</b> gets 1 right and rightly refuses 1; the rest: nothing else." in said
    assert list(caveats(run())) == [
        "Differences below about 0.30 in being right and 0.25 in F1 are too small for this suite to show reliably.",
        f"{SECOND} never refuses.",
    ]


def test_interval_and_p_that_disagree_are_borderline() -> None:
    one = run().comparisons[1] | {"low": 0.01, "high": 0.4, "difference": 0.2}
    text = told(page(replace(run(), comparisons=[one]), suite()))
    assert "borderline: interval and p do not agree" in text


@pytest.mark.parametrize("outcome", ["right", "rightly refused", "reader missed", "wrongly answered"])
def test_each_answer_carries_its_outcome(outcome: str) -> None:
    html = page(run(), suite())
    ends = re.findall(r'<span data-system="\d".*?<span class="b o\d">([^<]+)</span>', html)
    assert sorted(ends) == sorted(["right", "reader missed", "rightly refused", "wrongly answered"])
    assert outcome in ends


def test_marks_are_exactly_the_cited_and_the_gold_text() -> None:
    marked = Read(page(run(), suite())).marked
    at = marked.index(("c", TALKS[SENTENCE[0] : PALACE]))
    assert marked[at + 1] == ("c g", "the Almond Palace")
    assert "".join(text for _, text in marked[at : at + 3]) == TALKS[slice(*SENTENCE)]
    assert ("g", "the Almond Palace") in marked
    assert ("c", HOSTILE) in marked


def test_an_excerpt_keeps_the_text_and_says_where_citations_end() -> None:
    text = "".join(f"word{i} " for i in range(400))
    start, end = text.index("word100 "), text.index("word105 ")
    gold = Gold(doc_id="d", start=text.index("word104 "), end=text.index("word107 "))
    pieces = excerpt(text, [(start, end, 3)], [gold])
    assert "".join(p.text for p in pieces if "c" in p.marks.split()) == text[start:end]
    assert "".join(p.text for p in pieces if "g" in p.marks.split()) == text[gold.start : gold.end]
    assert [p.text for p in pieces if p.marks == "c g"] == ["word104 "]
    assert [p.text for p in pieces if p.numbers] == ["word104 "]
    assert sum(p.skipped + len(p.text) for p in pieces) == len(text)
    shown = "".join(p.text for p in pieces)
    assert 180 <= shown.index("word100 ") <= 200
    assert excerpt(text, [(5, 5, 1), (0, len(text) + 1, 2)], []) == []


def test_a_long_citation_is_shown_at_both_ends_with_the_gold_inside() -> None:
    text = "".join(f"word{i} " for i in range(1000))
    gold = Gold(doc_id="d", start=text.index("word500 "), end=text.index("word502 "))
    pieces = excerpt(text, [(0, len(text), 1)], [gold])
    assert len("".join(p.text for p in pieces)) < 700
    assert sum(p.skipped + len(p.text) for p in pieces) == len(text)
    assert [p.text for p in pieces if p.marks == "c g"] == ["word500 word501 "]
    assert all(p.marks for p in pieces if p.text)


def test_an_excerpt_that_two_systems_cite_is_shown_once() -> None:
    both = run()
    both.rows[SECOND][0]["citations"] = both.rows[FIRST][0]["citations"]
    html = page(both, suite())
    assert html.count("the same place as") == 1
    (anchor,) = re.findall(r'<a href="#(e[\d-]+)">above', html)
    assert f'id="{anchor}"' in html


def test_nothing_hostile_runs_and_nothing_foreign_is_asked_for() -> None:
    html = page(run(), suite())
    read = Read(html)
    assert [tag for tag, _ in read.tags if tag in {"img", "iframe", "object", "base", "embed"}] == []
    assert [tag for tag, _ in read.tags].count("script") == 1
    assert not [name for _, attributes in read.tags for name in attributes if name.startswith("on")]
    for tag, attributes in read.tags:
        for name in attributes.keys() & {"href", "src", "action", "srcset", "style", "xlink:href"}:
            value = attributes[name] or ""
            assert value.startswith("#") or (tag, value) in {("link", "data:,"), ("svg", "position:absolute")}
    style, script = (re.search(f"<{tag}>(.*?)</{tag}>", html, re.S)[1] for tag in ("style", "script"))  # type: ignore[index]
    assert not re.search(r"url\(|@import|https?:", style)
    assert not re.search(r"https?:|innerHTML|eval\(|fetch", script)
    assert HOSTILE in read.text
    assert "<b>bm25</b>" in read.text
    policy = next(a["content"] for _, a in read.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert (policy or "").startswith(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src"
    )


def test_a_question_can_be_linked_to() -> None:
    html = page(run(), suite())
    assert 'id="q-q 1"' in html
    assert 'href="#q-q%201"' in html


def test_the_same_run_gives_the_same_page() -> None:
    assert page(run(), suite()) == page(run(), suite())


def test_results_of_before_still_give_a_page_that_claims_nothing() -> None:
    old = run()
    for rows in old.rows.values():
        for one in rows:
            for key in ("outcome", "right", "statements"):
                del one[key]
    summary = {name: {m: {"value": f["value"], "n": f["n"]} for m, f in found.items()}
               for name, found in old.summary.items()}  # fmt: skip
    old = replace(old, summary=summary, comparisons=[], timings={name: {} for name in old.rows})
    text = told(page(old, suite()))
    assert "These results hold no intervals: no difference here can be called real." in text
    assert "In front by value alone: being right" in text
    assert "95 % interval" not in text
    assert "leads" not in text
    assert "not judged" in text
    assert "Almond Palace" in text


def test_another_version_of_the_suite_is_told() -> None:
    assert "another version of the suite" not in page(run(), suite())
    assert "another version of the suite (d1)" in told(page(run(), replace(suite(), digest="d2")))


def test_one_system_alone_is_compared_with_none() -> None:
    alone = run()
    about = alone.about | {"systems": alone.about["systems"][:1]}
    text = told(page(replace(alone, about=about, comparisons=[]), suite()))
    assert "footnote reaches right place, or rightly refused 1.000 (0.812 to 1.000) and F1 0.750" in text
    assert "Compared" not in text


def points(svg: str) -> list[list[tuple[float, float]]]:
    lines = re.findall(r'<polyline class="line s\d" points="([^"]*)"', svg)
    return [[tuple(map(float, point.split(","))) for point in line.split()] for line in lines]  # type: ignore[misc]


def test_risk_over_coverage_is_drawn_where_it_was_reckoned() -> None:
    # Of 5 questions 4 are answered: right, wrong, right, right. Across 62 + 318 c; up from 226 over 212 units to 60 %.
    curve = Curve(name="a", style=0, points=[(0.2, 0.0), (0.4, 0.5), (0.6, 1 / 3), (0.8, 0.25)])
    svg = plots.risk_coverage([curve])
    assert points(svg) == [[(125.6, 226.0), (189.2, 49.3), (252.8, 108.2), (316.4, 137.7)]]
    assert "<desc>a answers 80 % of the questions, 25 % of them wrongly</desc>" in svg
    assert ">60 %</text>" in svg


def test_confidence_of_a_run_is_drawn() -> None:
    html = page(run(), suite())
    svg = re.search(r'<svg class="plot"[^>]*><title>Risk over coverage.*?</svg>', html)
    assert svg is not None
    # The first system answers one of two questions rightly; the second both wrongly, the surest first.
    assert points(svg[0]) == [[(221.0, 226.0)], [(221.0, 14.0), (380.0, 14.0)]]


def test_reliability_lies_on_the_diagonal_where_confidence_is_true() -> None:
    svg = plots.reliability([Curve(name="a", style=1, points=[(0.25, 0.25), (0.5, 1.0)], weights=[0.75, 0.25])])
    assert points(svg) == [[(141.5, 173.0), (221.0, 14.0)]]
    assert 'stroke-dasharray="7 3"' in svg


def test_time_is_drawn_as_steps_on_a_logarithmic_axis() -> None:
    svg = plots.latency([Curve(name="a", style=0, points=[(0.01, 0.5), (0.1, 1.0)])])
    assert points(svg) == [[(62.0, 226.0), (62.0, 226.0), (62.0, 120.0), (380.0, 120.0), (380.0, 14.0)]]
    assert "a: half of the questions within 10 ms" in svg


def test_outcomes_fill_the_bar_in_their_shares() -> None:
    svg = plots.outcome_bars([("a", [3, 0, 1])], ["right", "missed", "failed"])
    assert re.findall(r'<rect class="part o(\d)" x="([\d.]+)" y="21" width="([\d.]+)"', svg) == [
        ("0", "0.0", "300.0"),
        ("2", "300.0", "100.0"),
    ]
    assert "a: right, 3 of 4 (75 %)" in svg


def test_an_estimate_stands_on_its_interval() -> None:
    held = [("a", 0, Estimate(value=0.5, low=0.25, high=1.0)), ("b", 1, Estimate(value=None))]
    svg = plots.forest([("F1", held)])
    assert 'd="M187.0 29H352.0M187.0 26v6M352.0 26v6"' in svg
    assert 'transform="translate(242.0 29)"' in svg
    assert "b does not apply" in svg


def test_bars_of_a_category_are_as_long_as_their_values() -> None:
    svg = plots.category_bars([("<i>who</i>", 7, [Estimate(value=0.5)])], ["a"], "F1")
    assert 'class="bar s0" x="6.0" y="21" width="187.0"' in svg
    assert "&lt;i&gt;who&lt;/i&gt; <tspan>n 7</tspan>" in svg
    assert "<i>" not in svg


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.00006, "60 µs"), (0.0125, "12.5 ms"), (0.9999, "1 s"), (2.5, "2.5 s"), (120, "120 s")]
)
def test_times_are_told_in_fitting_units(seconds: float, text: str) -> None:
    assert plots.duration(seconds) == text
