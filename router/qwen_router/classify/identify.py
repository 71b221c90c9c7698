"""Says in which language a longer text is, an answer for example."""

from __future__ import annotations

import functools
import re
from collections import Counter

from qwen_router.classify import artefact
from qwen_router.classify.language import SPAN, LanguageModel

# What looks the same in every language, or is in none.
_NO_PROSE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$|\\\[.*?\\\]|\\\(.*?\\\)|https?://\S+|[*_#>|\\{}\[\]()=+<>/^~-]+"
    r"|\d[\d.,:%]*",
    re.DOTALL,
)
_MOST_WINDOWS = 6


def identify_language(text: str, *, least_letters: int = 40) -> str:
    """Return the BCP 47 code of a text's prose, code and formulas left out; `und` where it is mixed.

    Windows of the text vote; two thirds of them must agree.

    Args:
        least_letters: A text in Latin letters that has fewer is `und`.

    Raises:
        ArtefactError: The classifier's file is missing or damaged.
    """
    prose = " ".join(_NO_PROSE.sub(" ", text).split())
    if len(re.findall(r"[^\W\d_]", prose)) < least_letters and prose.isascii():
        return "und"
    starts = range(0, max(1, len(prose) - SPAN // 2), SPAN)
    windows = [prose[start : start + SPAN] for start in starts]
    step = max(1, len(windows) // _MOST_WINDOWS)
    votes = Counter(_model().identify(window) for window in windows[::step])
    language, most = votes.most_common(1)[0]
    return language if most * 3 >= votes.total() * 2 else "und"


@functools.cache
def _model() -> LanguageModel:
    loaded = artefact.load()
    return LanguageModel(loaded.meta["languages"], loaded.arrays["language"])
