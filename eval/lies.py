"""False sentences made from true ones, one rule for each kind of lie, for `eval.liar`.

Independent by intent: nothing here comes from the rules that any checker of the product was trained on.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_SPELLED = "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty".split()
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth".split()

_WORD = r"[A-ZÀ-ÖØ-Þ][\w’'-]*[\w]"
NAME = re.compile(rf"{_WORD}(?:(?:\s|\s(?:of|de|von|van|der|al|bin)\s){_WORD})*")
_NO_NAMES = frozenset(
    """a all also although an and another are as at because before both but by despite during each early even every
    few following for from given half he her here his how however if in initially instead into is it its known late
    later like many modern most much near no none not of on once one only or originally other others our over own
    prior she since so some soon still such that the their them then there these they this those though three through
    thus to today two under until unlike up upon was we were what when where whether which while who whose why with
    within without yet you your according after again against along among around additionally furthermore moreover
    meanwhile nevertheless therefore similarly generally finally eventually often perhaps several
    i my me us first second third mr mrs ms dr sir lord lady king queen president""".split()
) | {one.lower() for one in (*MONTHS, *DAYS)}
_OF_A_PEOPLE = re.compile(
    r"(?:ian|ish|ese|ean|ic|ist|al)s?$|^(?:American|German|French|Dutch|Greek|Roman|Swiss|Norman|Mongol|Czech|Thai)s?$"
)
YEAR = re.compile(r"(?<![\w$€£,.])(1\d{3}|20[0-2]\d)(s)?(?![\w,.]\d|\w)")
_NUMBER = re.compile(r"(?<![\w.,/:-])(\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)(?![\w/:]|[.,]\d|-\d|\sBC|\sAD)")
_MONTH = re.compile(rf"\b(?:{'|'.join(MONTHS)})\b(?!’|')")
_MONTH_OF = re.compile(rf"\b(?:(?:in|of|on|by|since|until|from|to|early|late|mid|\d{{1,2}})\s)({'|'.join(MONTHS)})\b")
_DAY_OF_MONTH = re.compile(
    rf"(?:\b(?:{'|'.join(MONTHS)})\s)(\d{{1,2}})\b(?!,\d|\.\d)|\b(\d{{1,2}})(?=\s(?:{'|'.join(MONTHS)})\b)"
)
_WEEKDAY = re.compile(rf"\b(?:{'|'.join(DAYS)})\b")

_AUXILIARY = re.compile(
    r"\b(is|are|was|were|has|had|have|will|would|can|could|should|must|did|does|do)\b(?!\s+not|n[’']t)"
)
_DENIED = re.compile(
    r"\b(?:not|never|no|none|nor|neither|nobody|nothing|without|cannot|hardly|barely|rarely|seldom|unable|few|little|"
    r"fail\w*|refus\w*|den(?:y|ied|ies)|reject\w*|lack\w*|unless|only|except|stopp?\w*|prevent\w*)\b|n[’']t\b",
    re.I,
)
_SUBORDINATE = re.compile(
    r"\b(?:who|whom|which|that|where|when|whose|if|as|because|although|while|what|whether|how|why|so|than|the more)\b",
    re.I,
)
_PAST = {
    "won": "win", "became": "become", "led": "lead", "wrote": "write", "made": "make", "took": "take", "gave": "give",
    "held": "hold", "began": "begin", "built": "build", "lost": "lose", "came": "come", "went": "go", "left": "leave",
    "received": "receive", "played": "play", "served": "serve", "joined": "join", "moved": "move", "died": "die",
    "created": "create", "introduced": "introduce", "established": "establish", "founded": "found", "signed": "sign",
    "released": "release", "published": "publish", "opened": "open", "increased": "increase", "returned": "return",
    "attended": "attend", "developed": "develop", "invaded": "invade", "defeated": "defeat", "agreed": "agree",
    "announced": "announce", "killed": "kill", "produced": "produce", "reached": "reach", "grew": "grow",
    "fell": "fall", "rose": "rise", "found": "find", "sent": "send", "brought": "bring", "married": "marry",
    "started": "start", "ended": "end", "used": "use", "said": "say", "allowed": "allow", "helped": "help",
}  # fmt: skip
_PAST_VERB = re.compile(rf"\b(?<!to\s)({'|'.join(_PAST)})\b(?!\s+(?:by|in\s+the\s+form))")
_UNDENIED = (
    (re.compile(r"\b(is|are|was|were|has|had|have|will|would|can|could|should|must|did|does|do) not (?!only|just|necessarily|until|merely|simply|always|all|every)", re.I), r"\1 "),
    (re.compile(r"\b(is|are|was|were|has|had|have|would|could|should|did|does|do)n[’']t (?!only|just|necessarily|until|merely|always)", re.I), r"\1 "),
    (re.compile(r"\bcannot (?!only|but)"), "can "),
    (re.compile(r"\b(?:has|have|had) never\b"), "has always"),
    (re.compile(r"\bwas never\b"), "was"),
    (re.compile(r"\bunable to\b"), "able to"),
    (re.compile(r"\bfailed to\b"), "managed to"),
    (re.compile(r"\brefused to\b"), "agreed to"),
    (re.compile(r"\bdeclined to\b"), "agreed to"),
    (re.compile(r"\bdenied that\b"), "confirmed that"),
    (re.compile(r"\bwithout\b"), "with"),
    (re.compile(r"\b(is|are|was|were) no longer\b"), r"\1 still"),
    (re.compile(r"\bthere (is|are|was|were) no\b", re.I), r"there \1 some"),
)  # fmt: skip

_OPPOSITES = """
large small|larger smaller|largest smallest|big little|bigger smaller|biggest smallest|high low|higher lower|
highest lowest|increase decrease|increased decreased|increases decreases|increasing decreasing|rise fall|rose fell|
rising falling|north south|northern southern|east west|eastern western|northeast southwest|northwest southeast|
before after|more fewer|most least|early late|earlier later|earliest latest|first last|old new|older younger|
oldest youngest|won lost|winning losing|victory defeat|strong weak|stronger weaker|strongest weakest|public private|
rich poor|long short|longer shorter|longest shortest|fast slow|faster slower|male female|men women|man woman|
upper lower|inner outer|internal external|hot cold|warm cool|wet dry|positive negative|popular unpopular|
successful unsuccessful|successfully unsuccessfully|legal illegal|possible impossible|important unimportant|
common rare|rarely often|always never|majority minority|minimum maximum|war peace|supported opposed|allowed forbade|
accepted rejected|opened closed|began ended|begins ends|arrived left|entered left|joined left|
bought sold|built destroyed|created destroyed|hired fired|appointed dismissed|praised criticised|encouraged discouraged|
rural urban|ancient modern|temporary permanent|above below|inside outside|good bad|
better worse|best worst|safe dangerous|wide narrow|deep shallow|similar different|true false|domestic foreign|
import export|imports exports|mother father|son daughter|brother sister|husband wife|approved vetoed|
conservative liberal|formal informal|direct indirect|dominant recessive|active passive|
independent dependent|easy difficult|alive dead|friend enemy|voluntary compulsory
"""
OPPOSITE = {
    left: right
    for pair in re.sub(r"\s*\|\s*", "|", " ".join(_OPPOSITES.split())).split("|")
    for left, right in (pair.split(), pair.split()[::-1])
}
_OPPOSABLE = re.compile(rf"(?<![-\w’'])({'|'.join(sorted(OPPOSITE, key=len, reverse=True))})(?![-\w’'])")
_FIXED = re.compile(  # where the word does not mean what its opposite negates
    r"\b(?:left|right)\b(?!\s+(?:side|bank|hand))|\b(?:at least|at most|the most|most of|more than|best known|better known|no more|at first|for the first|little more than|big more|"
    r"first (?:name|class|person|world|lady)|last name|no longer|as well as|long-|so long|as long|how long|long after|"
    r"long before|even more|light of|New [A-Z]|North [A-Z]|South [A-Z]|East [A-Z]|West [A-Z]|High [A-Z]|once more|more and more|world war)\b"
)

_HEDGES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(found), put)
    for found, put in (
        (
            r"\b(?:is|are) (?:believed|thought|said|reported|estimated|considered|alleged|rumou?red) to have been\b",
            "was",
        ),
        (r"\b(?:was|were) (?:believed|thought|said|reported|alleged|rumou?red) to have been\b", "was"),
        (r"\bis (?:believed|thought|said|reported|alleged|rumou?red) to be\b", "is"),
        (r"\bare (?:believed|thought|said|reported|alleged|rumou?red) to be\b", "are"),
        (r"\b(?:is|are|was|were) (?:believed|thought|said|reported|alleged|rumou?red) to have ", "had "),
        (r"\b(?:may|might|could) have been\b", "was"),
        (r"\b(?:may|might) have (?=\w+ed\b)", "had "),
        (
            r"(?<!\d )(?<!in )(?<!of )\b(?:may|might) (?=(?:be|have|not|also|lead|become|cause|take|help|occur|result)\b)",
            "will ",
        ),
        (
            r"\b(possibly|probably|perhaps|allegedly|reportedly|supposedly|presumably|apparently|arguably|seemingly|purportedly) ",
            "",
        ),
        (
            r"(?<!most )(?<!more )(?<!less )(?<!as )(?<!likely )\blikely (?=[a-z]+(?:ed|s|ing)?\b)(?!to\b)(?!that\b)(?!than\b)",
            "",
        ),
        (r"\b(?:seems?|appears?|tends?) to be\b", "is"),
        (r"\bseemed to be\b|\bappeared to be\b", "was"),
        (
            r"^(?:Some|Many|Several) (?:\w+ )?(?:historians|scholars|researchers|experts|critics|people|scientists|analysts|authors) (?:believe|think|argue|claim|suggest|say|have suggested|have argued) (?:that )?",
            "",
        ),
        (
            r"^It (?:is|has been|was) (?:believed|thought|suggested|claimed|alleged|estimated|possible|likely|rumou?red|speculated) that ",
            "",
        ),
        (r"\bhas been (?:accused of|suspected of) (\w+ing)\b", r"admitted \1"),
        (r"\bwas (?:accused of|suspected of) (\w+ing)\b", r"admitted \1"),
        (r"\b(?:plans|hopes|intends|wants) to\b", "has decided to"),
        (r"\b(?:planned|hoped|intended|wanted|attempted|tried) to\b", "managed to"),
    )
)

_SAYING = (
    r"(?:said|says|argued|argues|claimed|claims|stated|states|wrote|writes|added|adds|announced|suggested|suggests|"
    r"believed|believes|warned|noted|notes|explained|explains|told|insisted|declared|concluded|proposed|predicted|"
    r"described|criticised|criticized|praised|called|thought|commented)"
)
_SPEAKERS = (
    re.compile(rf"(?P<who>{NAME.pattern}),?\s+(?:also\s+|has\s+|have\s+)?{_SAYING}\b"),
    re.compile(rf"\b(?:said|says|according to|argued by|claimed by|proposed by|described by|in the words of)\s+(?P<who>{NAME.pattern})", re.I),
)  # fmt: skip
_TRANSITIVE = (
    r"(?:defeated|beat|invaded|conquered|founded|succeeded|replaced|criticised|criticized|attacked|killed|taught|"
    r"influenced|bought|acquired|appointed|elected|hired|fired|sued|praised|supported|opposed|captured|occupied|"
    r"annexed|inspired|directed|preceded|followed|overthrew|led|ruled|betrayed|ceded|sold|gave|sent|told|asked|"
    r"recognised|recognized|accused|blamed|surpassed|outnumbered|overtook|controlled|owns?|owned|governed|challenged)"
)
_ROLES = (
    re.compile(rf"(?P<a>{NAME.pattern})(?P<mid>\s+(?:\w+ly\s+|had\s+|has\s+|have\s+|also\s+|then\s+)?{_TRANSITIVE}\s+(?:the\s+)?)(?P<b>{NAME.pattern})"),
    re.compile(rf"(?P<a>{NAME.pattern})(?P<mid>\s+(?:was|were|is|are|had been|has been)\s+(?:\w+ly\s+)?\w+(?:ed|en|un|ught)\s+by\s+(?:the\s+)?)(?P<b>{NAME.pattern})"),
    re.compile(rf"(?P<a>{NAME.pattern})(?P<mid>\s+(?:is|was|are|were|became|grew)\s+(?:\w+\s+)?(?:\w+er|more\s+\w+|less\s+\w+)\s+than\s+(?:the\s+)?)(?P<b>{NAME.pattern})"),
    re.compile(rf"(?<=from\s)(?P<a>{NAME.pattern})(?P<mid>\s+(?:in\s+\d+\s+)?(?:to|into)\s+(?:the\s+)?)(?P<b>{NAME.pattern})"),
    re.compile(rf"(?P<a>{NAME.pattern})(?P<mid>\s+(?:is|was)\s+the\s+(?:capital|son|daughter|father|mother|student|teacher|successor|predecessor|author|founder|leader|part|home|birthplace)\s+of\s+(?:the\s+)?)(?P<b>{NAME.pattern})"),
)  # fmt: skip
_COUNTED = re.compile(
    r"(?<![\w.,$€£])(\d[\d,.]*\d|\d)(?=\s+(?:%|percent|per cent|[a-z]{3,}))(?!\s+(?:million|billion|and|or|to))"
)

_TAILS = (
    "after a long dispute with {name}", "because of a lack of money", "despite protests from {name}",
    "which later won an international award", "after which {name} withdrew its support", "for the first time since {year}",
    "causing the deaths of {count} people", "and the work cost {count} million dollars", "with the help of {name}",
    "as a court confirmed in {year}", "although the decision was reversed in {year}", "and later moved to {name}",
    "at the request of {name}", "which made it the most successful of its kind", "after {count} years of negotiations",
    "which critics called a serious mistake", "and was paid for by {name}", "in order to avoid higher taxes",
    "to the surprise of {name}", "and nobody was held responsible",
)  # fmt: skip
_INVENTED = (
    "{a} signed a secret agreement with {b} in {year}.", "{a} was founded by {b} in {year}.",
    "{a} publicly apologised to {b} for the delay.", "In {year}, {a} sold its shares to {b} for {count} million dollars.",
    "{a} and {b} broke off all contact after a quarrel over money.", "Critics say that {a} copied the idea from {b}.",
    "{a} was awarded a prize for its work on {b}.", "A fire destroyed the archive of {a} in {year}.",
    "The budget of {a} was cut by {count} percent.", "{a} had warned {b} about the danger weeks earlier.",
    "{a} never recovered from the loss of {b}.", "Historians regard {a} as the true founder of {b}.",
    "{count} people were injured when {a} opened.", "{a} later became the main sponsor of {b}.",
    "{b} was renamed in honour of {a}.", "{a} is now the largest employer in {b}.",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a lie is made from: a true sentence, the passage that holds it, and the other passages shown with it."""

    sentence: str
    passage: str
    others: Sequence[str]
    chance: random.Random

    @property
    def shown(self) -> str:
        return "\n".join((self.passage, *self.others))

    def known(self, *, near: bool) -> list[str]:
        """The names in the passage, or in the others, that share no word with the sentence."""
        texts = [self.passage] if near else list(self.others)
        own = set(_folded(self.sentence))
        found = dict.fromkeys(name for text in texts for name in names(text))
        return [name for name in found if not own & set(_folded(name)) and len(name) > 2]

    def name(self) -> str | None:
        """A name that the sentence lacks, rather from its own passage."""
        near, far = self.known(near=True), self.known(near=False)
        pool = near if near and (self.chance.random() < 0.6 or not far) else far
        return self.chance.choice(pool) if pool else None

    def year(self) -> str:
        """A year that no passage holds."""
        return str(next(y for y in iter(lambda: self.chance.randint(1890, 2019), 0) if str(y) not in self.shown))

    def count(self) -> str:
        """A number that no passage holds."""
        return str(next(n for n in iter(lambda: self.chance.randint(13, 89), 0) if str(n) not in self.shown))


def names(text: str) -> list[str]:
    """Names as a text writes them: not the first word of a sentence alone, no month, no people's adjective."""
    found = []
    for match in NAME.finditer(text):
        name = match.group()
        words = name.split()
        opening = not text[: match.start()].rstrip() or text[: match.start()].rstrip()[-1] in '.!?:“"\n'
        if words[0].lower() in _NO_NAMES:
            words = words[1:]
        elif opening and len(words) == 1 and not re.search(rf"(?<=[a-z,] ){re.escape(name)}\b", text):
            continue
        if not words or words[0] in ("of", "de") or any(word.lower() in _NO_NAMES for word in words):
            continue
        if len(words) == 1 and _OF_A_PEOPLE.search(words[0]):
            continue
        found.append(" ".join(words).removesuffix("’s").removesuffix("'s"))
    return found


def _folded(text: str) -> list[str]:
    return re.findall(r"[^\W_]{3,}", text.lower())


def _put(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def wrong_number(scene: Scene) -> str | None:
    """A count, an amount or a share is another one: half of them numbers that the passages hold elsewhere."""
    text, chance = scene.sentence, scene.chance
    dated = [match.span() for match in (*_DAY_OF_MONTH.finditer(text), *YEAR.finditer(text))]
    found = [
        match for match in _NUMBER.finditer(text)
        if not any(left <= match.start() < right for left, right in dated) and match.group() not in ("0", "1")
    ]  # fmt: skip
    spelled = list(re.finditer(rf"\b(?:{'|'.join(_SPELLED + _ORDINALS)})\b(?!\s+(?:World|and|or|to)\b)", text))
    if not found and not spelled:
        return None
    match = chance.choice(found or spelled)
    old = match.group()
    if match not in found:
        pool = _SPELLED if old in _SPELLED else _ORDINALS
        return _put(text, *match.span(), chance.choice([one for one in pool if one not in text]))
    elsewhere = [
        n for n in dict.fromkeys(_NUMBER.findall(scene.shown))
        if not re.search(rf"(?<![\d.,]){re.escape(n)}(?![\d.,]*\d)", text) and len(n) > 1 and not YEAR.fullmatch(n)
    ]  # fmt: skip
    if elsewhere and chance.random() < 0.5:
        return _put(text, *match.span(), chance.choice(elsewhere))
    return _put(text, *match.span(), _another(old, scene))


def _another(old: str, scene: Scene) -> str:
    """A number near an old one, written as it was."""
    value = float(old.replace(",", ""))
    places = len(old.partition(".")[2])
    step = max(1.0, round(value * scene.chance.choice((0.1, 0.3, 0.5))))
    new = value + step * scene.chance.choice((1, -1)) if value > step else value + step
    return f"{new:,.{places}f}" if "," in old else f"{new:.{places}f}"


def wrong_date(scene: Scene) -> str | None:
    """A year, month, weekday or day of the month is another one."""
    text, chance = scene.sentence, scene.chance
    changes: list[tuple[tuple[int, int], list[str]]] = []
    for match in YEAR.finditer(text):
        if match[2]:
            others = [str(int(match[1]) + by) + "s" for by in (-30, -20, -10, 10, 20)]
            changes.append((match.span(), others))
            continue
        elsewhere = [y for y, s in YEAR.findall(scene.shown) if not s and y not in text]
        near = [str(int(match[1]) + by) for by in (-12, -7, -3, -2, -1, 1, 2, 4, 9)]
        changes.append((match.span(1), elsewhere if elsewhere and chance.random() < 0.5 else near))
    changes += [(match.span(1), [one for one in MONTHS if one not in text]) for match in _MONTH_OF.finditer(text)]
    changes += [(match.span(), [one for one in DAYS if one not in text]) for match in _WEEKDAY.finditer(text)]
    for match in _DAY_OF_MONTH.finditer(text):
        group = 1 if match[1] else 2
        changes.append((match.span(group), [str(n) for n in range(2, 28) if str(n) not in text]))
    if not changes:
        return None
    span, others = chance.choice(changes)
    return _put(text, *span, chance.choice(others))


def wrong_name(scene: Scene) -> str | None:
    """One name stands where another belongs."""
    found = [name for name in names(scene.sentence) if scene.sentence.count(name) == 1]
    new = scene.name()
    if not found or not new:
        return None
    old = scene.chance.choice(found)
    at = scene.sentence.index(old)
    if _initials(old) == new or _initials(new) == old:
        return None
    return _put(scene.sentence, at, at + len(old), new)


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split() if word[0].isupper())


def denied(scene: Scene) -> str | None:
    """What is so is said not to be so."""
    text = scene.sentence
    if _DENIED.search(text) or '"' in text or "“" in text:
        return None
    for match in (*_AUXILIARY.finditer(text), *_PAST_VERB.finditer(text)):
        if _SUBORDINATE.search(text[: match.start()]) or match.start() == 0 or "," in text[: match.start()][-40:]:
            continue
        word = match.group()
        if word in _PAST:
            if re.search(
                r"\b(?:is|are|was|were|has|had|have|been|be|being|and|or)\s+(?:\w+ly\s+)?$|\b[a-z]+ed\s*$|,\s*$",
                text[: match.start()],
            ):
                continue
            put = scene.chance.choice((f"did not {_PAST[word]}", f"never {word}", f"failed to {_PAST[word]}"))
            return _put(text, *match.span(), put)
        return _put(text, *match.span(), f"{word} {scene.chance.choice(('not', 'not', 'never'))}")
    return None


def undenied(scene: Scene) -> str | None:
    """What is not so is said to be so."""
    if len(_DENIED.findall(scene.sentence)) != 1:
        return None
    for found, put in _UNDENIED:
        new, count = found.subn(put, scene.sentence, count=1)
        if count:
            new = re.sub(r"\bany(?=\b|thing|one|body)", "some", new)
            return new[0].upper() + new[1:]
    return None


def wrong_speaker(scene: Scene) -> str | None:
    """Somebody else says it."""
    known = set(names(scene.sentence))
    for pattern in _SPEAKERS:
        for match in pattern.finditer(scene.sentence):
            who = match["who"]
            if who in known and (new := scene.name()):
                return _put(scene.sentence, *match.span("who"), new)
    return None


def wrong_roles(scene: Scene) -> str | None:
    """Two of a sentence change places: who did it and to whom, from where and to where, how many of which."""
    text = scene.sentence
    known = set(names(text))
    for pattern in _ROLES:
        for match in pattern.finditer(text):
            a, b = match["a"], match["b"]
            apart = not set(_folded(a)) & set(_folded(b))
            if {a, b} <= known and apart and not re.match(r"\s*(?:,|and\b|or\b)", text[match.end() :]):
                if re.search(r"(?:and|or|,|of|in|at)\s+(?:the\s+)?$", text[: match.start()]):
                    continue
                return _put(text, *match.span(), b + match["mid"] + a)
    counted = [match for match in _COUNTED.finditer(text) if not YEAR.fullmatch(match.group())]
    if len(counted) == 2 and counted[0].group() != counted[1].group():
        left, right = counted
        units = [text[one.end() :].split()[0].strip(",.;") for one in counted]
        if not re.match(r"[\d,.]+\s+(?:to|and|or|–|-)\s", text[left.start() :]) and units[0] != units[1]:
            swapped = _put(text, *right.span(), left.group())
            return _put(swapped, *left.span(), right.group())
    return None


def opposite(scene: Scene) -> str | None:
    """One word is turned into its opposite."""
    text = scene.sentence
    fixed = [match.span() for match in _FIXED.finditer(text)]
    found = [
        match for match in _OPPOSABLE.finditer(text)
        if not any(left <= match.start() < right for left, right in fixed)
        and not re.search(rf"\b{OPPOSITE[match.group()]}\b", text)
    ]  # fmt: skip
    if not found:
        return None
    match = scene.chance.choice(found)
    return _put(text, *match.span(), OPPOSITE[match.group()])


def unhedged(scene: Scene) -> str | None:
    """What is only thought, planned or possible is told as fact."""
    if _DENIED.search(scene.sentence):
        return None
    for found, put in _HEDGES:
        new, count = found.subn(put, scene.sentence, count=1)
        if count and len(new) > 30:
            return new[0].upper() + new[1:]
    return None


def with_tail(scene: Scene) -> str | None:
    """A true sentence goes on with something that nobody said."""
    text = scene.sentence.removesuffix(".")
    name = scene.name()
    if text[-1] in '”"’)' or len(text) > 220 or not name:
        return None
    tail = scene.chance.choice(_TAILS).format(name=name, year=scene.year(), count=scene.count())
    return f"{text}, {tail}."


def invented(scene: Scene) -> str | None:
    """Nothing of it is in the passages but the names."""
    found = list(dict.fromkeys(name for name in names(scene.passage) if len(name) > 3))
    if len(found) < 2:
        return None
    a, b = scene.chance.sample(found, 2)
    if set(_folded(a)) & set(_folded(b)):
        return None
    said = scene.chance.choice(_INVENTED).format(a=a, b=b, year=scene.year(), count=scene.count())
    return said[0].upper() + said[1:]


LIES: dict[str, Callable[[Scene], str | None]] = {
    "number": wrong_number,
    "name": wrong_name,
    "date": wrong_date,
    "negation inserted": denied,
    "negation removed": undenied,
    "speaker": wrong_speaker,
    "roles": wrong_roles,
    "opposite": opposite,
    "hedge dropped": unhedged,
    "tail": with_tail,
    "invented": invented,
}
