"""The plain shapes of sentences that tell of a meeting: regular expressions, for `rag.meetings`."""

from __future__ import annotations

import re

from rag.referents import A_ROLE
from rag.words import DAYS, MONTHS

NOUN = r"(?:meetings?|talks|discussions?|negotiations|conversations?|dialogue|summit|consultations)"
WORDS = r"(?:(?!between\b|with\b|of\b|and\b|in\b|at\b|on\b)[\w’-]+ ){0,3}"
NAME = r"[A-Z\d][\w’'-]*"
KIND = (  # of meeting: a "board meeting" is none of two people, nor are "separate talks"
    r"(?:(?:first|second|third|last|final|latest|brief|short|long|lengthy|private|public|formal|informal|official|secret|"
    r"bilateral|direct|face-to-face|one-on-one|closed-door|high-level|rare|historic|significant|emergency|tense|nearly|"
    r"almost|about|constructive|productive|[a-z]+-(?:hour|minute|day)) ){0,4}"
)
OFFICE = (
    rf"(?:(?:the|an?|his|her|its|their) )?(?:(?:(?:{NAME}|former|acting|then|top|chief|prime|foreign|trade|finance|"
    rf"interior|defen[cs]e|deputy|vice|new|senior) ){{0,4}}(?:{A_ROLE.pattern}|executive|brother|sister|father|mother|"
    rf"son|daughter|wife|husband) |(?:{NAME} )?(?:Secretary|Minister) (?:of|for) )?"
)
AN_OFFICE = re.compile(OFFICE)
ASIDE = (
    rf"(?: (?:of|from) {NAME}|, (?:an?|the|who|whose|\d+|(?:head|leader|chief|president|wife|husband) of)\b[^,.;“”]"
    r"{0,80},)?"
)
ADVERBS = r"(?:(?:have|has|had|also|then|later|again|first|last|secretly|privately|briefly|recently|previously) ){0,3}"
HELD = rf"(?:held|opened|began|concluded) (?:(?:an?|the|their|his|her) )?{KIND}{NOUN}"
WENT = rf"(?:travelled|traveled|flew|came|went) to {NAME}(?: {NAME}){{0,2}}"
# What stands from one name to the other, and behind two that "and" joins.
MET = re.compile(
    rf"{ASIDE} {ADVERBS}(?:met(?: up)?(?: with)?|sat down with|conferred with|shook hands with|negotiated with|"
    rf"{HELD} with|{WENT} (?:for {KIND}{NOUN} with|to meet(?: with)?)) {OFFICE}"
)
MET_EACH_OTHER = re.compile(rf"{ASIDE} {ADVERBS}(?:met|sat down|conferred|shook hands|{HELD})\b")
AGREED = re.compile(rf"{ASIDE} {ADVERBS}(?:agreed|reached|signed|announced|pledged|promised|settled|struck|made)\b")
AND = re.compile(rf"{ASIDE} and {OFFICE}")
ACTS = re.compile(r" (?:[a-z]+ed|said|told|spoke|gave|made|left|took)\b")
BETWEEN = re.compile(rf"(?:(?:The|An?) )?{KIND}(?:[Mm]eeting|[Tt]alks|[Ss]ummit) between (?:the )?")
MARKING = re.compile(rf"[^“”]*, marking (?:the|their) {KIND}(?:meeting|talks|summit) between (?:the )?")
TOOK_PLACE = re.compile(r" (?:ended|lasted|took place|(?:was|were) held|began|opened|concluded)\b")
FOLLOWED = re.compile(
    rf"H(?:is|er) (?:remarks|comments|words|statement|criticism|speech|warning|appeal) (?:followed|came after) "
    rf"(?:an?|the) {KIND}{NOUN} with {OFFICE}"
)
THEIRS = re.compile(
    rf"(?:(?:(?:In|At) (?:comments|remarks|a news conference|a press conference)|Speaking)(?: to (?:the )?[a-z]+)? )?"
    rf"(?:[Aa]fter|[Ff]ollowing|[Dd]uring|[Aa]t) their {KIND}(?:meeting|talks|summit), "
)
# A meeting at which something came about, or that the sentence before tells of.
TOLD = re.compile(
    rf"^(?:(?:This|The) (?:step|development|move|deal|agreement|decision|announcement) (?:came|occurred|was made) "
    rf"(?:during|at|after|following) a|(?:However, )?(?P<again>[Tt]he|[Tt]hese)) {KIND}(?:meeting|talks|discussions)\b"
)
ABOUT = re.compile(r" (?:of|with|between|on|about)\b")  # other people, or a subject: then it is not the one meant
# It did not take place, or not in one room, or not in this world.
UNREAL = re.compile(
    r"\b(?:no|never|without|cancel\w*|call(?:s|ed|ing)? off|postpon\w*|scrapp\w*|collaps\w*|den(?:y|ied|ies)|dropped|"
    r"retract\w*|claim\w*|alleg\w*|rumou?r\w*|false\w*|fake\w*|(?:turn|show)\w* up|lied|fiction\w*|films?|movie|novel|"
    r"comic|scene|episode|imagin\w*|dream\w*|(?:tele)?phone\w*|video\w*|virtual\w*|online|remotely|letters?|e-?mails?|"
    r"indirect\w*|mediators|refus\w*|skipp\w*|turned away|diary|agenda|mind)\b|\?",
    re.IGNORECASE,
)
DAY, MONTH = "|".join(DAYS), "|".join(MONTHS)
DATE = rf"(?:(?:{MONTH}) \d{{1,2}}\b|\b\d{{1,2}} (?:{MONTH})\b)(?:,? \d{{4}}\b)?"
WHEN = rf"(?:\b(?:{DAY})\b(?:,? (?:the )?{DATE})?|\b{DATE})(?![’'-])"
# Where and when, as it stands at the beginning of a sentence, and right behind what took place.
SETTING = (
    r"(?:(?:Earlier|Later|Then|Meanwhile|Separately|The day before|Last week|Last month),? )?"
    rf"(?:(?:[Oo]n )?{WHEN},? |[Oo]n (?={DAY}|$)|(?:[Ii]n|[Aa]t) (?:the )?{NAME}(?: {NAME}){{0,4}}, )*"
)
OPENING = re.compile(
    rf"(?P<setting>{SETTING})(?:(?:After|Following|During|While|When) [^,;:“”\"]{{2,100}}, )?(?:The )?{OFFICE}"
)
PLACE = re.compile(rf"\b(?:[Ii]n|[Aa]t) (?:the )?({NAME}(?: {NAME}){{0,4}}), ")
A_DAY = re.compile(WHEN)
BEHIND = re.compile(
    rf",? (?:on )?(?:the )?(?P<day>{WHEN})(?:,(?= (?:in|at) ))?|"
    rf" (?:again|there|briefly|earlier|last (?:week|month|year)|in (?:(?:{MONTH}) )?\d{{4}}\b|in (?:{MONTH})\b)|"
    r" (?:in|at) (?:the )?(?P<place>[A-Z])"
)
GOES_ON = re.compile(r"$|[.,;:!]| (?:and|to|for|about|on|over|after|as|where|when|while|amid|but|ahead|since|in|at)\b")
ENDS = re.compile(r"\W*$")  # nothing more is said of the one who went to meet another
GOING = re.compile(rf" {WENT} ")
MORE_PEOPLE = re.compile(r",? (?:and|or|as well as|along with|together with|alongside|with)\b|, [A-Z]")
UNDONE = re.compile(
    r"[^.]*\b(?:cancel\w*|called off|(?:turn|show)\w* up|den(?:y|ied|ies)|retract\w*|(?:un|not )true|false|due)\b"
)
BY_TELEPHONE = re.compile(r"discussion|negotiation|conversation|dialogue|consultation")  # unless it was somewhere
APPOSITION = re.compile(ASIDE)
QUOTES = re.compile(r"[“”\"\n]")
NO_PLACE = re.compile(rf"\b(?:{DAY}|{MONTH}|Operation)\b|[’']s |\b[A-Z]$")  # "the Robert F", before a full stop
OFFICES = frozenset("state foreign prime deputy vice affairs defence defense interior finance us uk eu un ceo".split())
NO_NAMES = frozenset(DAYS) | frozenset(MONTHS)
OPENERS = frozenset("Although Though According Meanwhile However Following Later Since Unlike Despite Both".split())
