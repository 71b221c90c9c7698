"""Rebuild the classifier's artefact: ``python -m qwen_router.classify.train --data DIR --out FILE``."""
