"""Sound: Qwen2-Audio and the Omni models."""

from __future__ import annotations

from qwen_router import Check, Generation, Request, Specialist
from qwen_router_plugins.checks.refusing import HEARING, refuses
from qwen_router_plugins.checks.text import judge_text


class QwenAudio(Specialist):
    """Transcribes, describes and answers questions about sound."""

    name = "qwen_audio"
    task = "audio"
    examples = (
        "Transcribe this recording",
        "What is the speaker saying?",
        "Which instrument plays in this clip?",
        "What language is spoken in the audio?",
        "Is the speaker happy or angry?",
        "Describe the sounds you hear",
        "How many people are talking in this recording?",
        "What genre is this song?",
        "Translate the speech into English",
        "Does a dog bark in the background?",
        "Summarise this voice message",
        "What is the tempo of the music?",
    )
    ladder = (
        "Qwen/Qwen3-Omni-30B-A3B-Instruct",
        "Qwen/Qwen2.5-Omni-7B",
        "Qwen/Qwen2.5-Omni-3B",
        "Qwen/Qwen2-Audio-7B-Instruct",
    )
    modalities = frozenset({"text", "audio"})

    def check(self, request: Request, generation: Generation) -> Check:
        """Reject an answer that refuses to listen to a sound that was sent."""
        if "audio" in request.modalities and refuses(generation.text, HEARING):
            return Check(status="rejected", why="The model says that it can't hear the audio.")
        return judge_text(request, generation)
