"""What the machine and the router's own parts say; no model is called."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_router import deciding
from qwen_router.choice import Candidate
from qwen_router.errors import RouterError
from qwen_router.health.finding import Finding
from qwen_router.request import Request
from qwen_router.services import Services
from qwen_router.types import Classification, Step

PLAIN = "Say hello."
"""What is asked for when it doesn't matter what."""
_LEAST_DISK = 10**9


def winner_for(services: Services, task: str) -> Candidate:
    """Return what an easy request for a task would run on.

    Raises:
        RouterError: Nothing can run it now.
    """
    classification = Classification(scores={task: 1.0}, task=task, difficulty=0.0, language="en")
    step = Step(id="1", task=task, prompt=PLAIN)
    return deciding.choose(services, Request.of(PLAIN), classification, step).winner


def look_at_machine(services: Services) -> Iterator[Finding]:
    """Yield what was found."""
    yield _models(services)
    yield from _loads(services)
    yield from _servers(services)
    yield _queue(services)
    yield _memory(services)
    yield _disk(services)
    yield from _record(services)
    yield from _observers(services)


def _models(services: Services) -> Finding:
    """Say which tasks can be answered. Images and sounds need models of their own, which few machines have."""
    can: dict[str, Candidate] = {}
    cannot: dict[str, RouterError] = {}
    for task in sorted(services.registry.specialists):
        try:
            can[task] = winner_for(services, task)
        except RouterError as error:
            cannot[task] = error
    if not can:
        first = cannot.get("general") or next(iter(cannot.values()))
        return Finding(check="models", status="unhealthy", measured=first.what, recommendation=first.fix)
    text = [t for t in cannot if services.registry.specialist(t).modalities == {"text"}]
    if text:
        what = f"Only {', '.join(can)} can be answered, not {', '.join(text)}: {cannot[text[0]].what}"
        return Finding(check="models", status="degraded", measured=what, recommendation=cannot[text[0]].fix)
    others = f"; not {', '.join(cannot)}" if cannot else ""
    return Finding(check="models", measured=f"{', '.join(can)} can be answered{others}.{_plain(can)}")


def _plain(can: dict[str, Candidate]) -> str:
    winner = can.get("general")
    if winner is None:
        return ""
    return f" A plain request takes {winner.model.rpartition('/')[2]} {winner.precision} on {winner.backend}."


def _loads(services: Services) -> Iterator[Finding]:
    for key, reason in services.pool.cooling().items():
        yield Finding(
            check="load",
            subject=f"{key[0].rpartition('/')[2]} {key[1]}",
            status="degraded",
            measured=reason,
            recommendation="Free memory or mend its files; others answer meanwhile.",
        )


def _servers(services: Services) -> Iterator[Finding]:
    for name, backend in services.registry.backends.items():
        if fault := backend.fault:
            mend = "Do what it says; other backends answer meanwhile."
            yield Finding(check="backend", subject=name, status="degraded", measured=fault, recommendation=mend)


def _queue(services: Services) -> Finding:
    status, most = services.status(), services.settings.pool.max_waiting
    full = status.waiting * 2 >= most
    return Finding(
        check="queue",
        status="degraded" if full else "healthy",
        measured=f"{status.calls} calls in progress, {status.waiting} wait for a model.",
        recommendation="Send less, add machines, or raise pool.max_waiting." if full else "",
        value=status.waiting,
        limit=most / 2,
    )


def _memory(services: Services) -> Finding:
    most = services.settings.health.max_growth
    gained, resident = services.growth.beside(services.pool.reserved("cpu")), services.growth.resident
    much = gained > most
    return Finding(
        check="memory",
        status="degraded" if much else "healthy",
        measured=f"{resident / 1e6:,.0f} MB resident, {gained / 1e6:,.0f} MB gained beside the models since the start.",
        recommendation="Start the process anew when it suits, and report what it was asked." if much else "",
        value=gained,
        limit=most,
        unit="bytes",
    )


def _disk(services: Services) -> Finding:
    free = services.resources().disk_free
    full = free < _LEAST_DISK
    return Finding(
        check="disk",
        status="degraded" if full else "healthy",
        measured=f"{free / 1e9:,.1f} GB free where weights are kept.",
        recommendation="See `qwen-router du`, and free some with `qwen-router rm`." if full else "",
        value=free,
        limit=_LEAST_DISK,
        unit="bytes",
    )


def _record(services: Services) -> Iterator[Finding]:
    record = services.track_record
    if record is not None and not record.kept:
        yield Finding(
            check="track record",
            status="degraded",
            measured=f"What models show here can't be kept in {services.settings.state_dir}.",
            recommendation="Make the directory writable, free disk, or set sizing.learn = false.",
        )


def _observers(services: Services) -> Iterator[Finding]:
    for name, count in services.status().faults.items():
        yield Finding(
            check="observer",
            subject=name,
            status="degraded",
            measured=f"It failed {count} times; its records have gaps.",
            recommendation="Its first fault is in the log: mend it, or switch it off.",
            value=count,
        )
