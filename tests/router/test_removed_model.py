"""A model whose file is removed while it is loaded."""

import pytest

from qwen_router import Hints, NoModelFits, Router

CODER = "Qwen2.5-Coder-0.5B-Instruct"


@pytest.fixture
def settings(tmp_path, embedded_gguf):
    """Settings whose only model is a link to the embedded one."""
    pytest.importorskip("xllamacpp", reason="the extra is not installed: pip install 'qwen-router[llama-cpp]'")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / embedded_gguf.name).symlink_to(embedded_gguf)
    off = {"enabled": False}
    return {
        "weights": {"sources": ["local"], "directories": [str(tmp_path / "models")], "cache": str(tmp_path / "cache")},
        "backends": {"transformers": off, "openai_api": off},
        "sizing": {"context": 512, "learn": False},
        "generation": {"max_new_tokens": 4},
    }


def test_it_goes_on_answering_and_the_next_load_says_what_is_missing(settings, tmp_path, embedded_gguf):
    code = Hints(task="code")
    with Router.from_config(**settings) as router:
        assert router.invoke("Say hello.", hints=code).text
        (tmp_path / "models" / embedded_gguf.name).unlink()
        answer = router.invoke("Say hello again.", hints=code)
        assert answer.text
        assert answer.decision.choices["1"].winner.warm
    with (
        Router.from_config(**settings) as router,
        pytest.raises(NoModelFits, match=r"weight sources have none.*set weights\.directories") as caught,
    ):
        router.invoke("Say hello.", hints=Hints(task="code", model=CODER))
    assert "\n" not in str(caught.value)
