"""Teach the router a new task: its classifier learns it from a dozen utterances, at start, without training.

In a package of your own, an entry point in the group `qwen_router` does what `plugins=` does here.
"""

import json
import sys

from qwen_router import Check, Generation, Request, Router, Specialist, hookimpl

SYSTEM = 'Extract the appointment. Answer with JSON only: {"what": string, "when": string}'


class Appointments(Specialist):
    """Reads appointments out of messages."""

    name = "appointments"
    task = "appointment"
    examples = (
        "Extract the appointment: dentist on Monday at nine",
        "Extract the appointment: lunch with Ada on 3 May at noon",
        "When is the meeting in this mail? Team review, Friday, 14:00",
        "Put this into my calendar: parents' evening, Tuesday 7 pm",
        "Which date and time does this invitation name? Concert, 1 June, 20:00",
        "Read the appointment in: call with the bank tomorrow at ten",
        "Find the appointment: haircut Saturday 11 o'clock",
        "What is the appointment here? Yoga class Wednesday evening at six",
        "Note the date: tax office, 12 August, 8:30",
        "Extract the event and its time: train to Bern, Sunday 07:45",
        "Calendar entry, please: vaccination on Thursday at 16:15",
        "Get the appointment out of this: see you at the notary on Monday, 15:00",
    )
    ladder = ("Qwen/Qwen3-4B", "Qwen/Qwen2.5-Coder-0.5B-Instruct")
    system = SYSTEM

    def check(self, request: Request, generation: Generation) -> Check:
        """Reject what is no appointment: a larger model is then asked."""
        try:
            found = json.loads(generation.text.strip().removeprefix("```json").removesuffix("```"))
            said = found["what"], found["when"]
        except (ValueError, KeyError, TypeError):
            return Check(status="rejected", why="It is no appointment.", feedback='Answer {"what": ..., "when": ...}.')
        return Check(status="accepted", why=f"It names {said[0]!r} at {said[1]!r}.")


class Plugin:
    """What the router asks for."""

    @hookimpl
    def specialists(self) -> list[Specialist]:
        """Return the specialist."""
        return [Appointments()]


with Router.from_config(plugins=[Plugin()]) as router:
    answer = router.invoke(sys.argv[1] if len(sys.argv) > 1 else "Extract the appointment: dentist, Monday at 9:30")
    classification = answer.decision.classification
    assert classification is not None
    print(f"task: {classification.task}")
    print(answer.text)
    print(f"check: {answer.decision.attempts[-1].check.why}")
