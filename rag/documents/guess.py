"""Which encoding bytes are in that name none: the one in which they read most like a language written in it.

A naive Bayes model: the probability of each letter in each language, by its rank in the language's letters, times what
neighbours cost that no orthography puts together, such as a capital within a word.
"""

from __future__ import annotations

import codecs
import functools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

Model = dict[str, float]  # natural logarithms of the probabilities of characters


class Guess(NamedTuple):
    """A codec of Python's, the calibrated probability that it is right, and how well it fits.

    `fit` is the mean logarithm of the probability of characters beyond ASCII: text of any kind is above `NO_TEXT`.
    """

    encoding: str
    confidence: float
    fit: float


NO_TEXT = -9.0
_PIECES, _LONGEST_PIECE = 12, 500  # what is looked at: so many pieces of so many bytes
_TEMPER = 2.0  # letters are not independent: without it the confidence is too high
_DECLARED = 12.0  # how far a declared encoding is believed

# Logarithms of how much rarer files of an encoding are than those of the first.
_EIGHT_BIT = {
    "cp1252": 0.0, "utf-8": 0.0, "cp1250": -1.5, "cp1251": -1.5, "cp932": -1.5, "gb18030": -1.5, "cp1253": -2.0,
    "cp1254": -2.0, "cp1255": -2.0, "cp1256": -2.0, "cp949": -2.0, "big5hkscs": -2.0, "iso8859-15": -2.0,
    "cp1257": -2.5, "cp874": -2.5, "euc_jp": -2.5, "iso8859-2": -2.5, "koi8-r": -2.5, "koi8-u": -3.0,
    "iso8859-5": -3.5, "iso8859-6": -3.5, "iso8859-7": -3.5, "iso8859-8": -3.5, "cp866": -3.5, "mac-roman": -4.0,
    "cp850": -4.0, "cp852": -4.0, "cp437": -4.5, "mac-cyrillic": -5.0, "utf-16-le": -5.0, "utf-16-be": -6.0,
}  # fmt: skip
_UNITS = {"utf-16": 2, "utf-32": 4}  # bytes that one replacement stands for
_WITH_NULLS = {"utf-16-le": 0.0, "utf-16-be": -1.0, "utf-32-le": -2.0, "utf-32-be": -2.0}

# Letters beyond ASCII from the most frequent on, and their share among all letters.
_ALPHABETS = (
    (0.002, "éèïñöüçàâêäëôáíóúîû"),  # English
    (0.035, "éèàêçâîôùûïëœæ"),  # French
    (0.02, "üäößéèàç"),  # German
    (0.025, "óíáéñúüç"),  # Spanish
    (0.04, "ãçáéíóõêâúàôü"),  # Portuguese
    (0.01, "èàùòéìó"),  # Italian
    (0.003, "ëéïöüèó"),  # Dutch
    (0.025, "åøæéöäü"),  # Danish, Norwegian
    (0.04, "äöåéü"),  # Swedish, Finnish
    (0.1, "áíðþéóöúæý"),  # Icelandic
    (0.14, "íáéěřčžýšůúťňďó"),  # Czech
    (0.12, "áíéčžýšľúťôňäďóĺŕ"),  # Slovak
    (0.07, "łęóąśżćńź"),  # Polish
    (0.12, "áéöóőüíúű"),  # Hungarian
    (0.06, "ăîâşţșț"),  # Romanian
    (0.03, "čšžćđ"),  # Croatian, Slovene
    (0.11, "ışüğöçİâî"),  # Turkish
    (0.05, "äõüöšž"),  # Estonian
    (0.09, "āīēšūņļčģķž"),  # Latvian
    (0.06, "ėšųžūįčąę"),  # Lithuanian
    (0.98, "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"),  # Russian
    (0.98, "оаниівретсклудмпязьйбгчхїжцшюєщґф"),  # Ukrainian
    (0.98, "аоиетнрсвлкпдмзъгубчяцжщхфшйюь"),  # Bulgarian
    (0.98, "аоиенртсјвкдупмлгбзшчцхљњћжџђф"),  # Serbian
    (0.98, "αοιετσνηυρπκλμςωάίόέδγθήχύφβξζψώϊϋΐΰ"),  # Greek
    (0.98, "יוהלאשתרבמנעדחקפכגטצסזםןךףץ"),  # Hebrew
    (0.98, "الينمرتوبسعدهفكقحجةأشطصىخذءغئزضثإظؤآ"),  # Arabic
    (0.98, "اینردهومتبسلکشزفگخقجعپحصطچضذغثظژئءآ"),  # Persian
    (0.98, "านรกอเงมยลวดทสตะปบคหแจพชขใไโผซธภศณถฟญษฉฐัิีุู่้์็ึืำฎฏฑฒฬฮฤฝฌฆฃๆฯ๊๋"),  # Thai
)
_FREQUENT_CHINESE = (
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当"
    "想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美月明全工己者向情部正名定女问力机给等几"
)
_FREQUENT_TRADITIONAL = (
    "的一是不了在人有我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可裡後小麼心多天而能好都然沒日於起還發成事只作當"
    "想看文無開手十用主行方又如前所本見經頭面公同三已老從動兩長知民樣現分將外但身些與高意進把法此實回二理美月明全工己者向情部正名定女問力機給等幾"
)
_FREQUENT_KOREAN = "이다는에의을가고로하은를지한사도기서어자리일시해대정인나라그들전수장부아여있과보스"

_MARKS = "“”‘’–—…«»\xa0"
_RARE_MARKS = "„‚°€£§¿¡·•"
_RARER_MARKS = "©®™½¼¾²³±×µªº¥"
_EASTERN = 1.3  # one of thousands of characters is less probable than one of thirty letters
_LATIN = 0.7  # share of ASCII letters in other scripts: names, and the markup around them
_CAPITALS = 2.3  # how much less a capital costs after another one
_CONTROLS = {chr(code) for code in range(32)} - set("\t\n\f\r")
_WIDE_MARKS = "、。，：；？！「」『』（）《》・ー％\u3000"
_UNKNOWN_LETTER, _UNKNOWN_SIGN, _NO_CHARACTER, _CONTROL = -11.5, -12.7, -14.0, -16.0  # for each byte


def guess(data: bytes, declared: str = "") -> Guess:
    """The encoding in which `data`, not all ASCII, reads best; of several that give the same text, the likeliest."""
    pieces = list(_pieces(data))
    likely = dict(_WITH_NULLS if b"\0" in data else _EIGHT_BIT)
    if declared:
        likely[declared] = likely.get(declared, 0.0) + _DECLARED
    readings: dict[str, list[tuple[float, str, float]]] = {}
    for encoding, prior in likely.items():
        text = _decoded(pieces, encoding)
        score, fit = _score(text, unit=_UNITS.get(encoding[:6], 1))
        readings.setdefault(text, []).append((score / _TEMPER + prior, encoding, fit))
    top = max(max(reading) for reading in readings.values())[0]
    weights = {text: sum(math.exp(one[0] - top) for one in reading) for text, reading in readings.items()}
    text = max(weights, key=lambda text: weights[text])
    _, encoding, fit = max(readings[text])
    return Guess(encoding, weights[text] / sum(weights.values()), fit)


def _pieces(data: bytes) -> Iterator[bytes]:
    """Pieces spread over the data that begin a little before a byte beyond ASCII, and not within a character."""
    if b"\0" in data:
        yield data[: _PIECES * _LONGEST_PIECE]
        return
    found = [match.start() for match in _PIECE.finditer(data)]
    step = max(1, -(-len(found) // _PIECES))
    for start in found[::step]:
        yield data[start : start + _LONGEST_PIECE]


_PIECE = re.compile(rb"(?:\A|(?<=\n)|(?<=[\0-\x7f]))[\0-\x09\x0b-\x7f]{0,40}[\x80-\xff][^\n]{0,%d}" % _LONGEST_PIECE)


def _decoded(pieces: Iterable[bytes], encoding: str) -> str:
    """The pieces, of which the last character may be cut, as text."""
    decoder = codecs.getincrementaldecoder(encoding)
    return "\n".join(decoder("replace").decode(piece, len(piece) < _LONGEST_PIECE) for piece in pieces)


def _score(text: str, *, unit: int) -> tuple[float, float]:
    """The logarithm of the probability of the text in the language that fits best, and the mean beyond ASCII."""
    counts = Counter(c for c in text if c.isalpha() or not c.isascii() or c in _CONTROLS)
    ascii_only = {c: n for c, n in counts.items() if c.isascii()}
    foreign = {c: n for c, n in counts.items() if not c.isascii()}
    unknown = {c: _unknown(c, unit) for c in counts}
    neighbours = sum(map(_cost, text, text[1:], text[2:] + " "))
    unclosed = max(0, text.count("„") - text.count("“") - text.count("”")) + max(0, text.count("‚") - text.count("‘"))

    def probability(model: Model, letters: dict[str, int]) -> float:
        return sum(n * model.get(c, unknown[c]) for c, n in letters.items())

    best = max(_models(), key=lambda model: probability(model, counts))
    beyond = probability(best, foreign) + neighbours - 3.0 * unclosed
    measure = sum(n * (_EASTERN if c >= "\u1100" else 1.0) for c, n in foreign.items())
    return probability(best, ascii_only) + beyond, beyond / max(1.0, measure)


def _unknown(character: str, unit: int) -> float:
    """What a character costs that is in no language: as much for each of its bytes."""
    category = unicodedata.category(character)[0]
    if character == "\ufffd":
        return unit * _NO_CHARACTER
    wide = max(unit, 1 if character < "\u1100" else 2 if character < "\uffff" else 4)
    if category in "LM":
        return _UNKNOWN_LETTER * (wide + 1) / 2
    return (_CONTROL if category == "C" else _UNKNOWN_SIGN) * (wide + 1) / 2


def _cost(before: str, character: str, after: str) -> float:
    """What it costs that `character` stands between its neighbours."""
    if before.isascii() and character.isascii():
        return 0.0
    left, here = _script(before), _script(character)
    if here:
        if left == here and before.isupper() and character.isupper():
            return _CAPITALS
        apart = left and (left != here or (before.islower() and character.isupper()))
        return -4.0 if apart else 0.0
    if character.isascii() or character in _WIDE_MARKS or left == "EAST":
        return 0.0
    right = _script(after)
    if character in "–—":  # between two words or between two spaces
        return -4.0 if bool(left) != bool(right) and (before == " " or after == " ") else 0.0
    if character in "‘„‚¿¡":
        return -4.0 if left or after == " " else 0.0
    if character in "“”«»":
        return -4.0 if left and right else 0.0
    return -3.0 if left and character not in _MARKS + _RARE_MARKS + _RARER_MARKS else 0.0


@functools.cache
def _script(character: str) -> str:
    """The first word of a letter's Unicode name, or nothing; scripts of East Asia stand beside each other."""
    if not character.isalpha() and unicodedata.category(character)[0] != "M":
        return ""
    script = unicodedata.name(character, "").partition(" ")[0]
    return "EAST" if script in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "KATAKANA-HIRAGANA") else script


@functools.cache
def _models() -> tuple[Model, ...]:
    kana = (0.45, map(chr, range(0x3041, 0x3094))), (0.1, map(chr, range(0x30A1, 0x30F7)))
    marks = (0.08, _WIDE_MARKS + _MARKS)
    return (
        *(_alphabetic(share, letters) for share, letters in _ALPHABETS),
        _eastern(*kana, marks, (0.3, _rows("euc_jp", 0xB0, 0xD0)), (0.005, _rows("euc_jp", 0xD0, 0xF5))),
        _eastern(
            (0.45, _FREQUENT_CHINESE), marks, (0.4, _rows("gb2312", 0xB0, 0xD8)), (0.01, _rows("gb2312", 0xD8, 0xF8))
        ),
        _eastern(
            (0.45, _FREQUENT_TRADITIONAL), marks, (0.4, _rows("big5", 0xA4, 0xC7)), (0.005, _rows("big5", 0xC9, 0xFA))
        ),
        _eastern(
            (0.4, _FREQUENT_KOREAN), marks, (0.45, _rows("euc_kr", 0xB0, 0xC9)), (0.01, _rows("euc_kr", 0xCA, 0xFE))
        ),
    )


def _alphabetic(share: float, letters: str) -> Model:
    """Frequencies fall with the rank; every twentieth letter is a capital."""
    model = dict.fromkeys(_MARKS, math.log(0.002)) | dict.fromkeys(_RARE_MARKS, math.log(0.0003))
    model |= dict.fromkeys(_RARER_MARKS, math.log(0.0002))
    total = sum(1 / (rank + 2) for rank in range(len(letters)))
    probabilities = {letter: share / (rank + 2) / total for rank, letter in enumerate(letters)}
    probabilities |= dict.fromkeys("abcdefghijklmnopqrstuvwxyz", max(1 - share, _LATIN) / 26)
    for letter, probability in probabilities.items():
        model[letter] = math.log(probability)
        if letter.upper() != letter and len(letter.upper()) == 1:
            model[letter.upper()] = math.log(probability * 0.05)
    return model


def _eastern(*groups: tuple[float, Iterable[str]]) -> Model:
    """Groups of characters with the share of a text that each makes."""
    model: Model = {}
    for share, characters in ((_LATIN, map(chr, (*range(65, 91), *range(97, 123)))), *groups):
        group = set(characters)
        for character in group:
            model[character] = max(model.get(character, -math.inf), math.log(share / len(group)))
    return model


def _rows(encoding: str, first: int, after: int) -> Iterator[str]:
    """The characters of rows of a double-byte encoding, which sort them by how often they are used."""
    for lead in range(first, after):
        for trail in range(0x40, 0xFF):
            text = bytes((lead, trail)).decode(encoding, "ignore")
            if len(text) == 1 and not text.isascii():
                yield text
