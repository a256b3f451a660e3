"""Words of which one may stand for the other: a source that has one holds the others, too."""

from __future__ import annotations

from rag.words import stem

_SAME = """
    begin start commence
    end finish conclude
    found establish create set
    build construct erect
    buy purchase acquire
    get obtain gain receive
    kill murder slay
    lead head
    call name title dub nickname know
    move relocate
    help assist aid
    show indicate demonstrate
    choose select pick
    make produce create
    tell say state declare
    hurt injure wound
    happen occur
    try attempt seek
    live reside dwell
    use employ utilize
    need require
    people person
    company firm
    film movie
    doctor physician
    lawyer attorney
    soldier troop
    talk negotiation discussion
    deal agreement accord pact
    ceasefire truce
    big large huge
    biggest largest
    chief main primary principal major
    aim goal objective purpose
    trait characteristic character feature
    child kid
    area region
    country nation
    illness disease
    money fund cash
    war conflict
    attack assault
    vote ballot
    investigation inquiry probe
    resign quit
    injury wound
    rule reign govern
    follow succeed
    replace succeed
    part portion
    kind type sort
    way method manner
    marry wed
    bear birth
    die death
"""
_GROUPS: dict[str, frozenset[str]] = {}
for _row in _SAME.strip().splitlines():
    _own = frozenset(map(stem, _row.split()))
    for _one in _own:
        _GROUPS[_one] = _GROUPS.get(_one, frozenset()) | _own


def widened(stems: set[str]) -> set[str]:
    """Stems, with those of the words that may stand for them."""
    return stems.union(*(_GROUPS[one] for one in stems if one in _GROUPS))
