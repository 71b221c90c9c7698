"""Whether a text attacks: evidence of known shapes, weighed by training."""

from qwen_router.classify.attack.score import KINDS, Attack, attack_of

__all__ = ["KINDS", "Attack", "attack_of"]
