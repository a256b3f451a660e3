"""False sentences made from true ones, one rule for each kind of lie, for `eval.liar`.

Independent by intent: nothing here comes from the rules that any checker of the product was trained on.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from eval.scenes import NAME, YEAR, Scene, either, folded, names, spliced
from eval.wrong_figures import wrong_date, wrong_number

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
_HELPING = "is are was were has had have will would can could should must did does do"
_BARELY = r"(?!only|just|necessarily|until|merely|simply|always|all|every)"  # "not only" denies nothing
_UNDENIED = (
    (re.compile(rf"\b({either(_HELPING)}) not {_BARELY}", re.I), r"\1 "),
    (re.compile(rf"\b({either(_HELPING)})n[’']t {_BARELY}", re.I), r"\1 "),
    (re.compile(r"\bcannot (?!only|but)"), "can "),
    (re.compile(r"\b(?:has|have|had) never\b"), "has always"),
    (re.compile(r"\bwas never\b"), "was"),
    (re.compile(r"\bunable to\b"), "able to"),
    (re.compile(r"\bfailed to\b"), "managed to"),
    (re.compile(r"\b(?:refused|declined) to\b"), "agreed to"),
    (re.compile(r"\bdenied that\b"), "confirmed that"),
    (re.compile(r"\bwithout\b"), "with"),
    (re.compile(r"\b(is|are|was|were) no longer\b"), r"\1 still"),
    (re.compile(r"\bthere (is|are|was|were) no\b", re.I), r"there \1 some"),
)

_OPPOSITES = """
large small|larger smaller|largest smallest|big little|bigger smaller|biggest smallest|high low|higher lower|
highest lowest|increase decrease|increased decreased|increases decreases|increasing decreasing|rise fall|rose fell|
rising falling|north south|northern southern|east west|eastern western|northeast southwest|northwest southeast|
before after|most least|early late|earlier later|earliest latest|first last|old new|older younger|
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
    r"\b(?:at least|at most|the most|most of|more than|best known|better known|no more|at first|for the first|"
    r"little more than|big more|first (?:name|class|person|world|lady)|last name|no longer|as well as|long-|so long|"
    r"as long|how long|long after|long before|even more|once more|more and more|world war|"
    r"(?:New|North|South|East|West|High) [A-Z])"
)

_HELD = either("believed thought said reported considered alleged rumored rumoured")
_THINK = either("believe think argue claim suggest say have~suggested have~argued")
_THINKERS = either("historians scholars researchers experts critics people scientists analysts authors")
_OPEN = either("believed thought suggested claimed alleged estimated possible likely rumored rumoured speculated")
_PERHAPS = either(
    "possibly probably perhaps allegedly reportedly supposedly presumably apparently arguably seemingly purportedly"
)
_AFTER_MAY = either("be have not also lead become cause take help occur result")
_HEDGES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(found), put)
    for found, put in (
        (rf"\b(?:is|are|was|were) {_HELD} to have been\b", "was"),
        (rf"\bis {_HELD} to be\b", "is"),
        (rf"\bare {_HELD} to be\b", "are"),
        (rf"\b(?:is|are|was|were) {_HELD} to have ", "had "),
        (r"\b(?:may|might|could) have been\b", "was"),
        (r"\b(?:may|might) have (?=\w+ed\b)", "had "),
        (rf"(?<!\d )(?<!in )(?<!of )\b(?:may|might) (?={_AFTER_MAY}\b)", "will "),
        (rf"\b{_PERHAPS} ", ""),
        (r"(?<!most )(?<!more )(?<!less )(?<!as )\blikely (?=[a-z]+(?:ed|s|ing)?\b)(?!to\b)(?!that\b)(?!than\b)", ""),
        (r"\b(?:seems?|appears?|tends?) to be\b", "is"),
        (r"\bseemed to be\b|\bappeared to be\b", "was"),
        (rf"^(?:Some|Many|Several) (?:\w+ )?{_THINKERS} {_THINK} (?:that )?", ""),
        (rf"^It (?:is|has been|was) {_OPEN} that ", ""),
        (r"\b(?:was|has been) (?:accused of|suspected of) (\w+ing)\b", r"admitted \1"),
        (r"\b(?:plans|hopes|intends|wants) to\b", "has decided to"),
        (r"\b(?:planned|hoped|intended|wanted|attempted|tried) to\b", "managed to"),
    )
)

_SAYING = (
    r"(?:said|says|argued|argues|claimed|claims|stated|states|wrote|writes|added|adds|announced|suggested|suggests|"
    r"believed|believes|warned|noted|notes|explained|explains|told|insisted|declared|concluded|proposed|predicted|"
    r"described|criticised|criticized|praised|called|thought|commented)"
)
_SAID_BY = r"(?:[Aa]ccording to|said|says|(?:argued|claimed|proposed|described) by|in the words of)"
_WHO = f"(?P<who>{NAME.pattern})"
_SPEAKERS = (
    re.compile(rf"{_WHO},?\s+(?:also\s+|has\s+|have\s+)?{_SAYING}\b"),
    re.compile(rf"\b{_SAID_BY}\s+{_WHO}"),
)
_DOES = either(
    """defeated beat invaded conquered founded succeeded replaced criticised criticized attacked killed taught
    influenced bought acquired appointed elected hired fired sued praised supported opposed captured occupied annexed
    inspired directed preceded followed overthrew led ruled betrayed ceded sold gave sent told asked recognised
    recognized accused blamed surpassed outnumbered overtook controlled owns owned governed challenged"""
)
_KIN = either(
    "capital son daughter father mother student teacher successor predecessor author founder leader part home"
)
_BETWEEN = (
    rf"\s+(?:\w+ly\s+|had\s+|has\s+|have\s+|also\s+|then\s+)?{_DOES}\s+",
    r"\s+(?:was|were|is|are|had been|has been)\s+(?:\w+ly\s+)?\w+(?:ed|en|un|ught)\s+by\s+",
    r"\s+(?:is|was|are|were|became|grew)\s+(?:\w+\s+)?(?:\w+er|more\s+\w+|less\s+\w+)\s+than\s+",
    rf"\s+(?:is|was)\s+the\s+{_KIN}\s+of\s+",
)
_ROLES = (
    *(re.compile(rf"(?P<a>{NAME.pattern})(?P<mid>{mid}(?:the\s+)?)(?P<b>{NAME.pattern})") for mid in _BETWEEN),
    re.compile(rf"(?<=from\s)(?P<a>{NAME.pattern})(?P<mid>\s+(?:to|into)\s+(?:the\s+)?)(?P<b>{NAME.pattern})"),
)
_COUNTED = re.compile(
    r"(?<![\w.,$€£])(\d[\d,.]*\d|\d)(?=\s+(?:%|percent|per cent|[a-z]{3,}))(?!\s+(?:million|billion|and|or|to))"
)

_TAILS = (
    "after a long dispute with {name}", "because of a lack of money", "despite protests from {name}",
    "which later won an international award", "after which {name} withdrew its support",
    "for the first time since {year}",
    "causing the deaths of {count} people", "and the work cost {count} million dollars", "with the help of {name}",
    "as a court confirmed in {year}", "although the decision was reversed in {year}", "and later moved to {name}",
    "at the request of {name}", "which made it the most successful of its kind", "after {count} years of negotiations",
    "which critics called a serious mistake", "and was paid for by {name}", "in order to avoid higher taxes",
    "to the surprise of {name}", "and nobody was held responsible",
)  # fmt: skip
_INVENTED = (
    "{a} signed a secret agreement with {b} in {year}.", "{a} was founded by {b} in {year}.",
    "{a} publicly apologised to {b} for the delay.",
    "In {year}, {a} sold its shares to {b} for {count} million dollars.",
    "{a} and {b} broke off all contact after a quarrel over money.", "Critics say that {a} copied the idea from {b}.",
    "{a} was awarded a prize for its work on {b}.", "A fire destroyed the archive of {a} in {year}.",
    "The budget of {a} was cut by {count} percent.", "{a} had warned {b} about the danger weeks earlier.",
    "{a} never recovered from the loss of {b}.", "Historians regard {a} as the true founder of {b}.",
    "{count} people were injured when {a} opened.", "{a} later became the main sponsor of {b}.",
    "{b} was renamed in honour of {a}.", "{a} is now the largest employer in {b}.",
)  # fmt: skip


def wrong_name(scene: Scene) -> str | None:
    """One name stands where another belongs."""
    found = [name for name in names(scene.sentence) if scene.sentence.count(name) == 1]
    new = scene.name()
    if not found or not new:
        return None
    old = scene.chance.choice(found)
    at = scene.sentence.index(old)
    before, after = scene.sentence[:at], scene.sentence[at + len(old) :]
    if re.search(r"[A-Z]\.\s$|[-–]$|[A-Z]\w+ (?:and|&) $", before) or re.match(r"[-–]|\s(?:and|&)\s[A-Z]", after):
        return None  # a part of a name
    if _initials(old) == new or _initials(new) == old:
        return None
    return spliced(scene.sentence, at, at + len(old), new)


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
            return spliced(text, *match.span(), put)
        return spliced(text, *match.span(), f"{word} {scene.chance.choice(('not', 'not', 'never'))}")
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
                return spliced(scene.sentence, *match.span("who"), new)
    return None


def wrong_roles(scene: Scene) -> str | None:
    """Two of a sentence change places: who did it and to whom, from where and to where, how many of which."""
    text = scene.sentence
    known = set(names(text))
    for pattern in _ROLES:
        for match in pattern.finditer(text):
            a, b = match["a"], match["b"]
            apart = not set(folded(a)) & set(folded(b))
            if {a, b} <= known and apart and not re.match(r"\s*(?:,|and\b|or\b)", text[match.end() :]):
                if re.search(r"(?:and|or|,|of|in|at)\s+(?:the\s+)?$", text[: match.start()]):
                    continue
                return spliced(text, *match.span(), b + match["mid"] + a)
    counted = [match for match in _COUNTED.finditer(text) if not YEAR.fullmatch(match.group())]
    if len(counted) == 2 and counted[0].group() != counted[1].group():
        left, right = counted
        units = [text[one.end() :].split()[0].strip(",.;") for one in counted]
        if not re.match(r"[\d,.]+\s+(?:to|and|or|–|-)\s", text[left.start() :]) and units[0] != units[1]:
            swapped = spliced(text, *right.span(), left.group())
            return spliced(swapped, *left.span(), right.group())
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
    return spliced(text, *match.span(), OPPOSITE[match.group()])


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
    if set(folded(a)) & set(folded(b)):
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
