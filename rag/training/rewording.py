"""Statements that source sentences carry by themselves: verbatim, cut, moved, joined, or in other words."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from rag.training.verbs import bare_of_participle, bare_of_past, is_finite, participle, past
from rag.words import MONTHS

FIRST_NAMES = Path(__file__).parent / "first_names.txt"  # common ones, to know a person by
SAID = (
    "said|says|told reporters|added|announced|stated|noted|explained|reported|confirmed|argued|claimed|warned|insisted"
)
_WHO = r"[A-Z][\w.’' -]{2,50}?"
_SAID_THAT = re.compile(
    rf"^(?P<who>{_WHO}) (?P<verb>{SAID}) (?:that )?"
    r"(?P<what>(?:the|an?|it|he|she|they|his|her|their|its|there|this|these|no|some|many|[A-Z]\w+)\b.{15,})$"
)
_WHAT_SAID = re.compile(
    rf"^(?P<what>[A-Z][^\"“”]{{15,}}), (?:(?P<who>{_WHO}) (?P<verb>{SAID})|(?P<verb2>{SAID}) (?P<who2>{_WHO}))$"
)
_ACCORDING = re.compile(r"^According to (?P<who>[^,]{3,60}), (?P<what>.{15,})$")
_SPEECH = r"[\"“](?P<speech>[^\"“”]{12,}?)[,.]?[\"”]"
_MORE_SPEECH = r"(?: [\"“](?P<more>[^\"“”]{8,}?)\.?[\"”])?"
_SPEECH_SAID = re.compile(
    rf"^{_SPEECH},? (?:(?P<who>{_WHO}) (?:{SAID})|(?:{SAID}) (?P<who2>{_WHO}))"
    rf"(?:, [^\"“”]{{3,80}}?)?[,.]?{_MORE_SPEECH}$"
)
_SAID_SPEECH = re.compile(rf"^(?P<who>{_WHO})(?:, [^,\"“”]{{3,60}},)? (?:{SAID})[,:]? {_SPEECH}$")
_BRACKET = re.compile(r"\s*\([^()]*\)|\s*\[[^\[\]]*\]")
_RELATIVE = re.compile(r", (?:which|who|whose|where|including|such as|known as|according to)\b[^,.;()\"]{3,}, ")
_TRAILING = re.compile(
    r"(?:, (?:which|who|whose|where|when|while|although|though|but|and|with|including|such as|making|leading|as|so|"
    r"after|before|because|since|despite|even)\b|;| because | although | whereas | while )"
)
_LEADING = re.compile(
    r"^(?P<lead>(?:In|On|At|During|After|Before|Since|By|From|Throughout|Following|Under|Within|Around|Between|Until|"
    r"As of|However|Moreover|Furthermore|Additionally|Meanwhile|Today|Later|Then|Thus|Therefore|Also|Finally|"
    r"Eventually|Initially|Originally|Recently|Currently|Subsequently|Nevertheless|Similarly|"
    r"Consequently)\b[^,.;]{0,60}), "
    r"(?P<rest>(?:the|an?|it|he|she|they|his|her|their|its|there|this|these|[A-Z]\w+)\b.+)$"
)
_MOVABLE = re.compile(r"(?:In|On|At|During|Since|By|Throughout|Around|Until|Between|From)\b")
_CONJUNCT = re.compile(r",? and (?=(?:was|were|is|are|has|had|have|\w+ed|became|took|made|went|began|won|led)\b)")
_PRONOUN = re.compile(r"^(?P<word>He|She|It|They|His|Her|Its|Their)\b")
_NAME = re.compile(
    r"^(?:(?:The|In \w+,) )?(?P<name>[A-Z][\w’'-]+(?: (?:of|de|van|von|al-)?\s?[A-Z][\w’'.-]+)+)"
    r"(?=(?:'s|’s|,|\s+[a-z(]))"
)
_SYNONYMS = (
    ("more than", "over"), ("over (?=\\d)", "more than "), ("around (?=\\d)", "about "), ("about (?=\\d)", "around "),
    ("approximately", "about"), ("roughly", "about"), ("(?<=\\d)%", " percent"), ("(?<=\\d) percent\\b", "%"),
    ("per cent", "percent"), ("United States", "US"), ("United Kingdom", "UK"), ("because of", "due to"),
    ("due to", "because of"), ("also ", ""), ("however, ", ""), ("began", "started"), ("started", "began"),
    ("ended", "finished"), ("nearly", "almost"), ("almost", "nearly"), ("large", "big"), ("purchased", "bought"),
    ("bought", "purchased"), ("received", "got"), ("children", "kids"), ("in order to", "to"), ("died", "passed away"),
    ("although", "though"), ("whereas", "while"), ("located in", "in"), ("film", "movie"), ("movie", "film"),
    ("such as", "like"), ("several", "a number of"), ("many", "numerous"), ("numerous", "many"), ("said", "stated"),
    ("stated", "said"), ("announced", "said"), ("told reporters", "said"), ("show", "indicate"),
    ("shows", "indicates"), ("showed", "indicated"), ("obtained", "gained"), ("built", "constructed"),
    ("constructed", "built"), ("help", "assist"), ("helped", "assisted"), ("used", "employed"), ("use", "employ"),
    ("required", "needed"), ("requires", "needs"), ("important", "significant"), ("primarily", "mainly"),
    ("mainly", "chiefly"), ("mostly", "mainly"), ("often", "frequently"), ("frequently", "often"),
    ("usually", "generally"),
    ("near", "close to"), ("within", "inside"), ("throughout", "across"), ("until", "till"),
    ("in the United States", "in America"),
    ("was founded", "was established"), ("was established", "was founded"), ("founded", "established"),
    ("established", "founded"), ("demanded", "called for"), ("called for", "demanded"), ("talks", "negotiations"),
    ("negotiations", "talks"), ("agreement", "deal"), ("soldiers", "troops"), ("troops", "soldiers"),
    ("attempted", "tried"),
    ("tried", "attempted"), ("wounded", "injured"), ("injured", "hurt"), ("ceasefire", "truce"),
    ("rejected", "turned down"),
    ("refused", "declined"), ("selected", "chosen"), ("as well as", "and"), ("assistance", "help"), ("area", "region"),
    ("created", "made"), ("developed", "created"), ("released", "issued"), ("published", "released"),
    ("capital city", "capital"),
    ("major", "main"), ("huge", "enormous"), ("begins", "starts"), ("starts", "begins"), ("ends", "finishes"),
    ("country", "nation"), ("nation", "country"), ("countries", "nations"), ("company", "firm"), ("firm", "company"),
    ("companies", "firms"), ("employees", "workers"), ("workers", "employees"), ("physicians", "doctors"),
    ("doctors", "physicians"), ("lawyer", "attorney"), ("attorney", "lawyer"), ("students", "pupils"),
    ("pupils", "students"), ("illness", "disease"), ("disease", "illness"), ("cars", "automobiles"),
    ("provided", "supplied"), ("supplied", "provided"), ("led by", "headed by"), ("headed by", "led by"),
    ("took part in", "participated in"), ("participated in", "took part in"), ("carried out", "conducted"),
    ("conducted", "carried out"), ("set up", "established"), ("every year", "annually"), ("annually", "every year"),
    ("each year", "every year"), ("per year", "a year"), ("rose", "increased"), ("increased", "rose"),
    ("fell", "dropped"), ("dropped", "fell"), ("decreased", "fell"), ("grew", "increased"), ("lived", "resided"),
    ("known as", "called"), ("called", "known as"), ("named", "called"), ("quickly", "fast"), ("difficult", "hard"),
    ("whole", "full"), ("comprises", "consists of"), ("composed of", "made up of"), ("made up of", "composed of"),
    ("contains", "holds"), ("currently", "at present"), ("at present", "currently"), ("formerly", "previously"),
    ("previously", "formerly"), ("afterwards", "later"), ("murdered", "killed"), ("famous", "well known"),
    ("well-known", "famous"), ("renowned", "famous"), ("wealthy", "rich"), ("taught", "instructed"),
    ("occurred", "took place"), ("took place", "happened"), ("happened", "occurred"), ("gave", "provided"),
    ("choose", "select"), ("chose", "selected"), ("vital", "essential"), ("essential", "vital"), ("aid", "help"),
    ("task", "job"), ("goal", "aim"), ("aim", "goal"), ("method", "way"), ("forbade", "banned"), ("banned", "forbade"),
    ("strike", "walkout"), ("clashes", "fighting"), ("heads", "leads"), ("vote", "ballot"), ("probe", "investigation"),
    ("investigation", "inquiry"), ("criticised", "condemned"), ("called off", "cancelled"), ("cancelled", "called off"),
    ("postponed", "put off"), ("put off", "postponed"), ("visited", "paid a visit to"), ("met", "held talks with"),
)  # fmt: skip
_COMPILED = [
    (re.compile((r"\b" if one[0].isalpha() else "") + one + (r"\b" if one[-1].isalpha() else "")), other)
    for one, other in _SYNONYMS
]
_ACTIVE = re.compile(
    r"(?P<who>(?:The |the )?[A-Z][\w’-]+(?: (?:of )?[A-Z][\w’-]+){0,3}) (?P<verb>[a-z]+) "
    r"(?P<whom>(?:(?:the|a|an) (?:[a-z-]+ )?[\w-]+|[A-Z][\w’-]+(?: [A-Z][\w’-]+){0,3}))"
    r"(?P<rest>(?: (?:in|on|at|after|before|during|with|for|from)\b.*)?)$"
)
_NO_PASSIVE = frozenset(
    "become be have cost remain seem resemble lack contain include say state begin come go live last stay".split()
)
_PASSIVE = re.compile(
    r"(?P<whom>(?:The|A|An) (?:[a-z-]+ )?[\w-]+|(?:The )?[A-Z][\w’-]+(?: (?:of )?[A-Z][\w’-]+){0,3}) (?:was|were) "
    r"(?P<verb>[a-z]+) by (?P<who>(?:the )?[A-Z][\w’-]+(?: (?:of )?[A-Z][\w’-]+){0,3})"
    r"(?P<rest>(?: (?:in|on|at|after|before|during|with|for|from)\b.*)?)$"
)
_AMOUNT = re.compile(
    r"(?:[Aa]t least |[Mm]ore than |[Oo]ver )?(?<![\w.,$€£-])"
    r"(?P<number>\d{2,3}(?:,\d{3})*)(?= [a-z])(?! (?:percent|million))"
)
_NOT_EXACT = re.compile(
    r"\b(?:than|nearly|almost|about|around|up to|under|below|least|most|many as|over|of|to|and|between|approximately|"
    r"roughly|January|February|March|April|May|June|July|August|September|October|November|December) $",
    re.IGNORECASE,
)
_LONG_NAME = re.compile(r"(?<=\bthe )(?:[A-Z][a-z]+ (?:(?:of|for|and|on) )?){2,4}[A-Z][a-z]+\b(?! [A-Z(])")
_CAPITAL = r"[A-Z][\w’-]+(?: [A-Z][\w’-]+){0,2}"
_PAIR = re.compile(
    rf"(?:(?<=^)|(?<=[a-z] ))(?P<one>{_CAPITAL}) (?P<by>and|met|married|or) (?P<other>{_CAPITAL})"
    r"(?=[ .](?!and|or|[A-Z]))"
)
_LAST_PHRASE = re.compile(
    r" (?:in|at|during|since|until|before|after|on (?=(?:\w+day|January|February|March|April|May|June|July|August|"
    r"September|October|November|December|\d)))\b[^,;:()]{3,45}\.$"
)
_FULL_NAME = re.compile(r"\b(?P<first>[A-Z][a-z]+) (?:[A-Z]\.? )?(?P<last>[A-Z][a-z]+)\b(?! [A-Z])")
_OF_THE_TITLE = ("They", "Their", "It", "Its")  # pronouns that often stand for something else than the last subject
SHORTEST = 5  # words of a statement

Rewording = Callable[[str, random.Random], str]


def cut(sentence: str, chance: random.Random) -> str:
    """The sentence without a bracket, a relative clause, what leads in or what trails."""
    found = [
        _plain(_BRACKET.sub("", sentence)), _plain(_RELATIVE.sub(" ", sentence)), _without_lead(sentence),
        _without_tail(sentence),
    ]  # fmt: skip
    return _chosen(found, sentence, chance)


def moved(sentence: str, chance: random.Random) -> str:
    """The sentence with its attribution or leading adverbial at the other end."""
    body = sentence.rstrip(".")
    found = []
    if match := _SAID_THAT.match(body):
        who, what = match["who"], match["what"]
        found += [f"{_upper(what)}, {who} {match['verb']}.", f"According to {who}, {_lower(what)}."]
    if match := _WHAT_SAID.match(body):
        who, verb = match["who"] or match["who2"], match["verb"] or match["verb2"]
        found += [f"{who} {verb} that {_lower(match['what'])}.", f"According to {who}, {_lower(match['what'])}."]
    if match := _ACCORDING.match(body):
        found += [
            f"{_upper(match['what'])}, according to {match['who']}.",
            f"{_upper(match['who'])} said that {_lower(match['what'])}.",
        ]
    if match := _SPEECH_SAID.match(body):
        found += _spoken(match["who"] or match["who2"], match["speech"], match["more"])
    if match := _SAID_SPEECH.match(body):
        who, speech = match["who"], match["speech"]
        found += [f'"{_upper(speech)}," {who} said.', f'"{_upper(speech)}," said {who}.']
    if (match := _LEADING.match(body)) and _MOVABLE.match(match["lead"]):
        found.append(f"{_upper(match['rest'])} {_lower(match['lead'])}.")
    return _chosen(found, sentence, chance)


def _spoken(who: str, speech: str, more: str | None) -> list[str]:
    """What was said, behind who said it; of a speech in two parts, the first alone and both."""
    found = [f'{who} said: "{_upper(speech)}."', f'{who} said "{speech}".']
    return [*found, f'{who} said: "{_upper(speech)}{"," if more[0].islower() else "."} {more}."'] if more else found


def split(sentence: str, chance: random.Random) -> str:
    """One of two predicates that "and" joins, with their common subject."""
    parts = _CONJUNCT.split(sentence.rstrip("."))
    if len(parts) != 2 or '"' in sentence:
        return ""
    words = parts[0].split()
    at = next((i for i, word in enumerate(words) if is_finite(word)), -1)
    found = [f"{parts[0]}."]
    if 0 < at < 7 and "," not in " ".join(words[:at]):
        found.append(f"{' '.join(words[:at])} {parts[1]}.")
    return _chosen([one for one in found if _is_sentence(one)], sentence, chance)


def reworded(sentence: str, chance: random.Random) -> str:
    """The sentence with one to three phrases replaced by others that say the same."""
    fitting = [(one, other) for one, other in _COMPILED if one.search(sentence)]
    chance.shuffle(fitting)
    found = sentence
    for one, other in fitting[: chance.randint(1, 3)]:
        found = one.sub(other, found, count=1)
    return _upper(re.sub(r"  +", " ", found)) if found != sentence else ""


def passive(sentence: str, chance: random.Random) -> str:
    """ "Rubio met Lavrov in Riyadh" as "Lavrov was met by Rubio in Riyadh"."""
    match = _ACTIVE.match(sentence.rstrip("."))
    bare = bare_of_past().get(match["verb"]) if match else None
    if not match or not bare or bare in _NO_PASSIVE:
        return ""
    return f"{_upper(match['whom'])} was {participle(bare)} by {_lower(match['who'])}{match['rest']}."


def active(sentence: str, chance: random.Random) -> str:
    """ "Lavrov was met by Rubio in Riyadh" as "Rubio met Lavrov in Riyadh"."""
    match = _PASSIVE.match(sentence.rstrip("."))
    bare = bare_of_participle().get(match["verb"]) if match else None
    if not match or not bare:
        return ""
    return f"{_upper(match['who'])} {past(bare)} {_lower(match['whom'])}{match['rest']}."


def rounded(sentence: str, chance: random.Random) -> str:
    """ "At least 158 people died" as "More than 150 people died"."""
    for match in _AMOUNT.finditer(sentence):
        number = int(match["number"].replace(",", ""))
        step = 10 ** (len(str(number)) - chance.choice((1, 2)))
        lower = (number - 1) // step * step
        if number >= 20 and lower >= 0.7 * number and not _NOT_EXACT.search(sentence[: match.start()]):
            text = f"{chance.choice(('more than', 'over'))} {lower:{',' if ',' in match['number'] else ''}}"
            return _upper(sentence[: match.start()] + text + sentence[match.end() :])
    return ""


def abbreviated(sentence: str, chance: random.Random) -> str:
    """ "the European Central Bank" as "the ECB"."""
    match = _LONG_NAME.search(sentence)
    if not match:
        return ""
    initials = "".join(word[0] for word in match.group().split() if word[0].isupper())
    return sentence[: match.start()] + initials + sentence[match.end() :]


def mirrored(sentence: str, chance: random.Random) -> str:
    """ "Rubio and Lavrov" as "Lavrov and Rubio", "Rubio met Lavrov" as "Lavrov met Rubio"."""
    match = _PAIR.search(sentence)
    if not match or match["one"] == match["other"] or "'" in match.group():
        return ""
    return f"{sentence[: match.start()]}{match['other']} {match['by']} {match['one']}{sentence[match.end() :]}"


def shortened(sentence: str, chance: random.Random) -> str:
    """The sentence with a person's first names left out."""
    fitting = [match for match in _FULL_NAME.finditer(sentence) if match["first"] in _first_names()]
    if not fitting:
        return ""
    match = chance.choice(fitting)
    return _upper(sentence[: match.start()] + match["last"] + sentence[match.end() :])


@cache
def _first_names() -> frozenset[str]:
    return frozenset(FIRST_NAMES.read_text(encoding="utf-8").split())


def trimmed(sentence: str, chance: random.Random) -> str:
    """The sentence without the time or place at its end."""
    match = _LAST_PHRASE.search(sentence)
    head = sentence[: match.start()] if match else ""
    return f"{head}." if match and _is_sentence(head) and head.count('"') % 2 == 0 and "(" not in head else ""


def named(sentence: str, before: str, title: str) -> str:
    """The sentence with the pronoun that opens it replaced by the name that opens the sentence before."""
    pronoun = _PRONOUN.match(sentence)
    name = _NAME.match(before)
    if not pronoun or (pronoun["word"] in _OF_THE_TITLE and not (name and name["name"] in title)):
        return ""
    if not name or len(re.findall(r"[A-Z][a-z]+ [A-Z][a-z]+", before)) > 2:
        return ""
    own = pronoun["word"] in ("His", "Her", "Its")
    if own and pronoun["word"] == "Her" and is_finite(sentence.split()[1]):
        return ""
    return f"{name['name']}{'’s' if own else ''}{sentence[pronoun.end() :]}"


def together(one: str, other: str) -> str:
    """Two sentences as one."""
    if len(one.split()) + len(other.split()) > 45 or one[-1:] != "." or other[:1] in '"“(':
        return ""
    return f"{one[:-1]}, and {_lower(other)}"


REWORDINGS: Sequence[Rewording] = (
    passive,
    active,
    rounded,
    abbreviated,
    mirrored,
    moved,
    shortened,
    trimmed,
    cut,
    split,
    reworded,
)


def _without_lead(sentence: str) -> str:
    match = _LEADING.match(sentence)
    return _upper(match["rest"]) if match else ""


def _without_tail(sentence: str) -> str:
    for match in _TRAILING.finditer(sentence):
        head = sentence[: match.start()]
        if _is_sentence(head) and head.count('"') % 2 == 0 and head.count("(") == head.count(")"):
            return head.rstrip(",; ") + "."
    return ""


def _is_sentence(text: str) -> bool:
    words = text.rstrip(".").split()
    return len(words) >= SHORTEST and any(is_finite(word) for word in words[1:-1]) and not re.match(
        r"(?:If|When|While|Although|Though|As|Because|Since|After|Before|Unless|Once|Despite|Whereas|Given)\b", text
    )  # fmt: skip


def _chosen(found: Sequence[str], sentence: str, chance: random.Random) -> str:
    fitting = [one for one in found if one and one != sentence and len(one.split()) >= SHORTEST]
    return chance.choice(fitting) if fitting else ""


def _plain(text: str) -> str:
    return re.sub(r"\s+([,.;:])", r"\1", re.sub(r"\s+", " ", text)).strip()


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    """With a small letter where the first word is no name."""
    first = text.split(" ", 1)[0]
    keep = first not in _SMALL and first not in MONTHS
    return text if keep else text[:1].lower() + text[1:]


_SMALL = frozenset(
    """The A An It He She They His Her Their Its There This These Those No Some Many In On At During Since By Throughout
    Around Until Between From We You Most Several All Both Each Every Two Three Four Five""".split()
)
