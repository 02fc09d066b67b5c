"""Finding places by name. Pure and deterministic: the same entries and query always give the same answer.

A query is read from left to right as names that are known, the longest first, and each name narrows those before it to
what lies inside them, or inside of which they lie. What is no name is told as not understood. Only if nothing is a
name, names that sound or look alike are offered, as guesses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from rapidfuzz import fuzz, process

from schemas.areas import resolve, stands_on
from schemas.policy import prefix_of
from services.incidents.gazetteer.model import CANDIDATES_MAX, QUERY_CHARS_MAX, Candidate, Entry, Findings, QueryRefused
from services.incidents.gazetteer.names import han_forms, is_han, latin_forms, pinyin_of, plain, sound_of, words

FULL: Final = 1.0
SHORT: Final = 0.95
SOUND: Final = 0.9
PARTLY: Final = 0.85
"""Factor when part of the query was not understood."""
AGAINST: Final = 0.6
"""Factor when the parts of the query contradict each other."""
ALIKE_MIN: Final = 66.0
GUESS_MAX: Final = 0.8
_WORDS_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class _Token:
    """A name in the query with what it may be; `score` says how it is written."""

    text: str
    entries: tuple[str, ...]
    score: float


class Index:
    """Entries by the forms of their names. Immutable."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries: Mapping[str, Entry] = {entry.key: entry for entry in sorted(entries, key=lambda e: e.key)}
        self._by_code = {entry.code: entry for entry in self.entries.values() if entry.code is not None}
        self._forms: dict[str, dict[str, float]] = defaultdict(dict)
        for entry in self.entries.values():
            for form, score in _forms_of(entry):
                known = self._forms[form]
                known[entry.key] = max(score, known.get(entry.key, 0.0))
        self._longest = max((len(form) for form in self._forms if is_han(form)), default=0)

    def find(self, query: str, on: date, *, limit: int = CANDIDATES_MAX) -> Findings:
        """The places that may be meant on that day. Raises QueryRefused for an empty or too long query."""
        if not query.strip():
            raise QueryRefused("the query is empty")
        if len(query) > QUERY_CHARS_MAX:
            raise QueryRefused(f"the query has {len(query)} characters; at most {QUERY_CHARS_MAX} are taken")
        tokens, rest = self._tokens(query)
        candidates = self._narrowed(tokens, rest) if tokens else self._guesses(query)
        standing = [one for candidate in candidates for one in self._on_day(candidate, on)]
        ranked = sorted(_without_namesakes(standing, on), key=_rank)
        unique = {candidate.entry.key: candidate for candidate in reversed(ranked)}
        return Findings(candidates=tuple(sorted(unique.values(), key=_rank)[:limit]))

    def parents_of(self, entry: Entry) -> tuple[Entry, ...]:
        """The areas it lies in, largest first."""
        home = entry.home or ""
        above = (home[:2] + "0000", home[:4] + "00", home[:6], home[:9] + "000")
        codes = [code for code in dict.fromkeys(above) if code != entry.code]
        return tuple(self._by_code[code] for code in codes if code in self._by_code)

    # --- reading a query

    def _tokens(self, query: str) -> tuple[list[_Token], str]:
        return self._han_tokens(plain(query)) if is_han(query) else self._latin_tokens(words(query))

    def _han_tokens(self, text: str) -> tuple[list[_Token], str]:
        tokens: list[_Token] = []
        rest: list[str] = []
        at = 0
        while at < len(text):
            size = next(
                (n for n in range(min(self._longest, len(text) - at), 1, -1) if text[at : at + n] in self._forms), 0
            )
            if size:
                tokens.append(self._token(text[at : at + size]))
            else:
                rest.append(text[at])
            at += size or 1
        return tokens, "".join(rest)

    def _latin_tokens(self, parts: Sequence[str]) -> tuple[list[_Token], str]:
        tokens: list[_Token] = []
        rest: list[str] = []
        at = 0
        while at < len(parts):
            for size in range(min(_WORDS_MAX, len(parts) - at), 0, -1):
                forms = (
                    f for f in (*latin_forms(" ".join(parts[at : at + size])), sound_of("".join(parts[at : at + size])))
                )
                form = next((one for one in forms if one in self._forms), None)
                if form is not None:
                    tokens.append(self._token(form))
                    break
            else:
                size = 1
                rest.append(parts[at])
            at += size
        return tokens, " ".join(rest)

    def _token(self, form: str) -> _Token:
        """The entries of a form. In characters, those whose full name it is leave the others out; letters may be
        anybody's sound."""
        known = self._forms[form]
        best = max(known.values())
        entries = [key for key, score in known.items() if score == best or best < FULL or not is_han(form)]
        return _Token(form, tuple(sorted(entries)), best)

    # --- narrowing

    def _narrowed(self, tokens: Sequence[_Token], rest: str) -> list[Candidate]:
        current, score, fits = tokens[0].entries, tokens[0].score, True
        for token in tokens[1:]:
            inner = tuple(key for key in token.entries if any(self._lies_in(key, outer) for outer in current))
            outer = tuple(key for key in current if any(self._lies_in(key, other) for other in token.entries))
            if inner:
                current, score = inner, token.score
            elif outer:
                current = outer
            elif token.score < FULL:
                rest += token.text
            else:
                current, fits = tuple(dict.fromkeys((*current, *token.entries))), False
        factor = (PARTLY if rest else 1.0) * (1.0 if fits else AGAINST)
        return [self._candidate(self.entries[key], score * factor, is_guess=not fits, rest=rest) for key in current]

    def _lies_in(self, inner: str, outer: str) -> bool:
        """Whether one place lies in another: by its code, or it is a town of that area. The same place does too."""
        if inner == outer:
            return True
        home, code = self.entries[inner].home, self.entries[outer].code
        return (home is not None and code is not None and home.startswith(prefix_of(code)) and home != code) or (
            home is not None and home == code and self.entries[inner].code is None
        )

    # --- guessing

    def _guesses(self, query: str) -> list[Candidate]:
        """Names that sound the same, then names that look alike."""
        sound = pinyin_of(plain(query)) if is_han(query) else sound_of(query)
        same = self._forms.get(sound, {})
        if same:
            return [self._candidate(self.entries[key], GUESS_MAX * score, is_guess=True) for key, score in same.items()]
        found: dict[str, float] = {}
        for text, choices in ((plain(query), self._texts(query)), (sound, self._latin)):
            if len(text) < 3:
                continue
            for form, ratio, _ in process.extract(
                text, choices, scorer=fuzz.ratio, score_cutoff=ALIKE_MIN, limit=CANDIDATES_MAX
            ):
                for key in self._forms[form]:
                    found[key] = max(found.get(key, 0.0), GUESS_MAX * ratio / 100)
        return [self._candidate(self.entries[key], score, is_guess=True) for key, score in found.items()]

    def _texts(self, query: str) -> Sequence[str]:
        return self._han if is_han(query) else self._latin

    @cached_property
    def _han(self) -> tuple[str, ...]:
        return tuple(sorted(form for form in self._forms if is_han(form) and len(form) >= 3))

    @cached_property
    def _latin(self) -> tuple[str, ...]:
        return tuple(sorted(form for form in self._forms if not is_han(form)))

    # --- answering

    def _candidate(self, entry: Entry, score: float, *, is_guess: bool, rest: str = "") -> Candidate:
        return Candidate(
            entry=entry, score=round(score, 3), is_guess=is_guess, rest=rest, parents=self.parents_of(entry)
        )  # fmt: skip

    def _on_day(self, candidate: Candidate, on: date) -> Iterator[Candidate]:
        """The candidate, or what it had become by then."""
        entry = candidate.entry
        if entry.code is None or stands_on(entry, on):
            yield candidate
            return
        resolved = resolve(entry.code, on, self._by_code.get)
        for code in resolved.codes:
            heir = self._by_code[code]
            yield Candidate(
                entry=heir, score=candidate.score, is_guess=candidate.is_guess, rest=candidate.rest,
                parents=self.parents_of(heir), replaced=resolved.replaced,
            )  # fmt: skip


def _without_namesakes(candidates: Sequence[Candidate], on: date) -> list[Candidate]:
    """Without those that only once bore a name which somebody bears on the day, at least as well written."""

    def bears(one: Candidate) -> bool:
        return not one.replaced and stands_on(one.entry, on)

    best = max((one.score for one in candidates if bears(one) and not one.is_guess), default=0.0)
    return [one for one in candidates if bears(one) or one.score > best]


def _rank(candidate: Candidate) -> tuple[bool, float, int, str]:
    return candidate.is_guess, -candidate.score, -candidate.entry.population, candidate.entry.key


def _forms_of(entry: Entry) -> Iterator[tuple[str, float]]:
    """All forms of all names, with how well each names the entry. Only its own names name it in full."""
    own = {entry.name_zh, entry.name_en}
    for name in dict.fromkeys(name for name in (entry.name_zh, entry.name_en, *entry.names) if name):
        forms = han_forms(name) if is_han(name) else latin_forms(name)
        for number, form in enumerate(forms):
            yield form, FULL if number == 0 and name in own else SHORT
            if is_han(form):
                yield pinyin_of(form), SOUND
