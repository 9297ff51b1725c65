"""What is made of raw failure output: a prompt for QA's model, a hint without it, a fingerprint.

Everything here is pure. Output is any text: coloured, overwritten by progress bars, endless. It is
cleaned and bounded first (`cleaning`); rules, tried in the order of `recognition`, name its first
cause; the rest is built on the two.
"""

from events.diagnosis.asking import ANSWER_SCHEMA, asked_again, hint_in, hint_prompt, too_long
from events.diagnosis.extracting import extract
from events.diagnosis.fingerprinting import fingerprint
from events.diagnosis.naming import first_cause
from events.diagnosis.placing import Place, places, source_excerpt

__all__ = [
    "ANSWER_SCHEMA",
    "Place",
    "asked_again",
    "extract",
    "fingerprint",
    "first_cause",
    "hint_in",
    "hint_prompt",
    "places",
    "source_excerpt",
    "too_long",
]
