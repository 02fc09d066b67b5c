"""How simulated phones answer a page: who never does, what the others say and after how long.

Assumed, not measured: of all pages 45 % are accepted, 25 % declined, 5 % put off ("later") and 25 % never answered;
the delay is log-normal with a median of 4 minutes and a 95th percentile of about 17. For comparison: response rates
of 17-47 % were seen in smartphone alerting of volunteer first responders (Khalemsky et al., JMIR mHealth and uHealth
2023;11:e41551); trained members of an enrolled team are taken to be at the upper end of that.

Who never answers is drawn once per incident, as a phone that is off stays off; the rest is drawn anew in every wave.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from statistics import NormalDist
from typing import Final, Literal

from schemas.vocabulary import Answer
from services.cli.scenario.world.draws import choose, uniform
from services.cli.scenario.world.travel import travel_for

AnswerKind = Literal["accept", "decline", "later", "never"]

NEVER_SHARE: Final = 0.25
ANSWER_SHARES: Final[dict[Answer, float]] = {Answer.ACCEPT: 0.45, Answer.DECLINE: 0.25, Answer.LATER: 0.05}
"""Shares of all pages; with NEVER_SHARE they add up to 1."""
DELAY_MEDIAN_S: Final = 4 * 60
DELAY_SIGMA: Final = 0.9
"""Standard deviation of the delay's natural logarithm."""
DELAY_MIN_S: Final = 5.0
DELAY_MAX_S: Final = 2 * 60 * 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAnswer:
    """What a phone does with a page. Times are incident time.

    `delay_s` is from the page's arrival to the answer, None if it never comes. `eta_s` is from the answer to the
    arrival on site, None unless the answer is an acceptance and the distance was given.
    """

    kind: AnswerKind
    delay_s: float | None
    eta_s: float | None

    @property
    def answer(self) -> Answer | None:
        """The word to send, None if nothing is sent."""
        return None if self.kind == "never" else Answer(self.kind)


def answer_for(
    seed: int,
    incident_seed: int | str,
    volunteer_ref: str,
    wave_no: int,
    role: str,
    distance_km: float | None = None,
) -> SimulatedAnswer:
    """The answer of that volunteer to that page. The same arguments always give the same answer."""
    if uniform(seed, incident_seed, volunteer_ref, "never") < NEVER_SHARE:
        return SimulatedAnswer(kind="never", delay_s=None, eta_s=None)
    page = (seed, incident_seed, volunteer_ref, wave_no, str(role))
    answer = choose(ANSWER_SHARES, *page, "kind")
    eta_s = None
    if answer is Answer.ACCEPT and distance_km is not None:
        eta_s = travel_for(seed, incident_seed, volunteer_ref, distance_km).total_s
    return SimulatedAnswer(kind=answer.value, delay_s=_delay_s(uniform(*page, "delay")), eta_s=eta_s)


def _delay_s(quantile: float) -> float:
    """The delay at that quantile, kept between the two bounds."""
    delay_s = exp(log(DELAY_MEDIAN_S) + DELAY_SIGMA * NormalDist().inv_cdf(quantile))
    return min(max(delay_s, DELAY_MIN_S), DELAY_MAX_S)
