import itertools
import json

from conftest import Reply, make_router
from hypothesis import given
from hypothesis import strategies as st

from qwen_router import Hints, Request, Verdict, hookimpl
from qwen_router.events import Admitted, Answered, Planned
from qwen_router.request import Chunk
from qwen_router.restoring import Restoration

GENERAL = Hints(task="general")
NAMES = {"EMAIL_aa": "ada@example.org", "EMAIL_ab": 'a"b', "ID_1": "EMAIL_aa"}


def request(**fields):
    return Request.of("hi", **fields).model_copy(update={"placeholders": NAMES})


def streamed(pieces, made=None):
    out = []
    restoration = Restoration(out.append)
    restoration.learn(made or request())
    for piece in pieces:
        restoration.add(piece if isinstance(piece, Chunk) else Chunk(kind="text", text=piece))
    restoration.close()
    return out


def test_a_placeholder_is_found_however_it_is_cut():
    text = "To EMAIL_aa, EMAIL_ab and ID_1: EMAIL EMAIL_a."
    for first, second in itertools.combinations(range(len(text)), 2):
        out = streamed([text[:first], text[first:second], text[second:]])
        assert "".join(c.text for c in out) == 'To ada@example.org, a"b and EMAIL_aa: EMAIL EMAIL_a.'


def test_what_can_be_no_placeholder_passes_at_once():
    out = []
    restoration = Restoration(out.append)
    restoration.learn(request())
    restoration.add(Chunk(kind="text", text="so EM"))
    assert [c.text for c in out] == ["so "]
    restoration.add(Chunk(kind="text", text="B"))
    assert [c.text for c in out] == ["so ", "EMB"]


def test_what_is_held_back_goes_out_before_another_part_of_the_stream():
    thought, text = Chunk(kind="thinking", text="EMAIL_"), Chunk(kind="text", text="aa")
    assert streamed([thought, text]) == [thought, text]


def test_values_fit_into_json():
    out = streamed(['{"to": "EMAIL_ab"}'], request(json_schema={"type": "object"}))
    assert json.loads("".join(c.text for c in out)) == {"to": 'a"b'}


@given(st.lists(st.sampled_from(["EMAIL_", "a", "b", "ID_", "1", "E", " "]), max_size=30))
def test_streaming_gives_what_the_whole_gives(pieces):
    assert "".join(c.text for c in streamed(pieces)) == "".join(c.text for c in streamed(["".join(pieces)]))


class Pseudonyms:
    """Tells the model `NAME_1` instead of Ada."""

    @hookimpl
    def check_request(self, request):
        changed = request.with_texts(lambda text: text.replace("Ada", "NAME_1"))
        return Verdict(action="rewrite", messages=changed.messages, placeholders={"NAME_1": "Ada"})


class Recorder:
    def __init__(self):
        self.events = []

    @hookimpl
    def observe(self, event):
        self.events.append(event)


def router_with(plugins, backend, tmp_path):
    made = make_router(backend, tmp_path)
    for plugin in plugins:
        made._services.manager.register(plugin)
    return made


def test_the_model_and_the_records_see_placeholders_and_the_caller_values(backend, tmp_path):
    backend.replies.extend([Reply("Hello NAME_1!"), Reply("You are NAME_1.")])
    recorder = Recorder()
    with router_with([Pseudonyms(), recorder], backend, tmp_path) as router:
        assert router.invoke("I am Ada", hints=GENERAL, thread="t").text == "Hello Ada!"
        *chunks, answer = router.stream("Who am I?", hints=GENERAL, thread="t")
    assert "".join(c.text for c in chunks) == answer.text == "You are Ada."
    # The whole conversation is rewritten, what is kept of it included.
    told = [m.text for m in backend.calls[-1].messages]
    assert told[-3:] == ["I am NAME_1", "Hello NAME_1!", "Who am I?"]
    records = [e for e in recorder.events if isinstance(e, Admitted | Answered | Planned)]
    assert len(records) == 6
    assert "Ada" not in repr(records)
    assert "Ada" not in answer.decision.model_dump_json()
