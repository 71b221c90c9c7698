"""What torch and its libraries raise, in the router's words."""

from __future__ import annotations

from qwen_router.errors import BackendError, OutOfMemory, RouterError

_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate memory")
SMALLER = "Close other programs, or prefer memory in [sizing] so that a smaller model or precision is chosen."


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether RAM or VRAM ran out; torch's CPU allocator tells it by the text of a RuntimeError only."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError | OSError) and any(said in str(error).lower() for said in _NO_MEMORY)
    )


def as_backend_error(error: BaseException, name: str) -> RouterError:
    """Return the error to show for a fault while a model answered."""
    if isinstance(error, RouterError):
        return error
    if is_out_of_memory(error):
        return OutOfMemory(f"{name} ran out of memory while it answered.", SMALLER)
    return BackendError(f"{name} failed while it answered: {first_line(error)}.", "Try another backend or precision.")


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text without a full stop, or its type where it has none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".:") if lines else type(error).__name__
