"""What the difficulty is read from: the classifier's features, once for all texts and once more for maths and code."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify.signals import SIGNALS

LISTED = list(SIGNALS).index("choices") - len(SIGNALS)

Floats = NDArray[np.float32]


def features(seen: Floats, pieces: NDArray[Any], math: NDArray[Any], code: NDArray[Any]) -> Floats:
    """Return what the difficulty head weighs, of one text or of many.

    A long word problem and a long theorem are not hard in the same way, so the head has a second
    set of weights for maths with listed choices, a third for free maths and a fourth for code,
    each as strong as that task is likely.

    Args:
        seen: (..., features), the pooled embedding and then the structural signals.
        pieces: (..., 1), the logarithm of the number of pieces.
        math, code: (..., 1), the tasks' scores of the first stage.
    """
    listed = seen[..., LISTED, None] > 0
    gates = np.concatenate([np.ones_like(math), math * listed, math * ~listed, code], axis=-1, dtype=np.float32)
    plain = np.concatenate([np.ones_like(math), seen, pieces], axis=-1, dtype=np.float32)
    product: Floats = gates[..., :, None] * plain[..., None, :]
    return product.reshape(*product.shape[:-2], -1)
