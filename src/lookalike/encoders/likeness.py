"""What an encoder's scores mean: measured once on labelled pictures, kept in its spec."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCalibration:
    """From the cosine of two pictures to the probability that they are of one kind.

    Attributes:
        scores: rising.
        probabilities: one for each score, never falling, 0..1; between scores it is linear, below
            the first and above the last it stays.
        threshold: the score that best parts what a search should show from what it should not.
        pictures: how many it was measured with.
        kinds: of how many kinds they were. A kind that is rare among many is less likely at the
            same score, so the probabilities hold for collections of about as many kinds.
    """

    scores: list[float]
    probabilities: list[float]
    threshold: float
    pictures: int
    kinds: int

    def likeness(self, score: float) -> float:
        """The probability for a score."""
        above = bisect_right(self.scores, score)
        if above == 0:
            return self.probabilities[0]
        if above == len(self.scores):
            return self.probabilities[-1]
        low, high = self.scores[above - 1], self.scores[above]
        share = (score - low) / (high - low)
        first, second = self.probabilities[above - 1], self.probabilities[above]
        return first + (second - first) * share

    def problem(self) -> str | None:
        """What is wrong with it, as a clause; None where it is fine."""
        numbers = [*self.scores, *self.probabilities, self.threshold]
        if not (len(self.scores) == len(self.probabilities) >= 1):
            return "calibration needs as many probabilities as scores, at least one"
        if not all(map(math.isfinite, numbers)):
            return "the numbers of calibration have to be finite"
        if any(one >= other for one, other in pairwise(self.scores)):
            return "the scores of calibration have to rise"
        if any(one > other for one, other in pairwise(self.probabilities)):
            return "the probabilities of calibration must not fall"
        if not 0 <= self.probabilities[0] <= self.probabilities[-1] <= 1:
            return "the probabilities of calibration have to be within 0..1"
        return None
