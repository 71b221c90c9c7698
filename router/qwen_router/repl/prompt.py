"""The line that the person types in, where the terminal can do it all."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.completion import Completer
from prompt_toolkit.filters import Condition, has_completions
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.styles import Style

# The terminal's own colours; the toolbar is told apart by reversing them, which any background bears.
_STYLE = Style.from_dict({"prompt": "bold", "bottom-toolbar": "noreverse", "bottom-toolbar.text": "reverse"})
_MENU_LINES = 4
_UNDECIDED = "no model chosen yet"


class TerminalReader:
    """Edits several lines with history, completion and a status line.

    Args:
        history: What was typed before.
        completer: Completes commands and what they take.
        status: Returns the status line for a number of columns.
        most_characters: Returns the length from which a paste is turned away.
        tell: Prints one line above the prompt.
    """

    def __init__(
        self,
        history: History,
        completer: Completer,
        status: Callable[[int], str],
        most_characters: Callable[[], int],
        tell: Callable[[str], None],
    ) -> None:
        self._status = status
        self._session: PromptSession[str] = PromptSession(
            FormattedText([("class:prompt", "> ")]),
            multiline=True,
            prompt_continuation="  ",
            history=history,
            completer=completer,
            complete_while_typing=Condition(lambda: self._session.default_buffer.text.startswith("/")),
            complete_in_thread=True,
            reserve_space_for_menu=_MENU_LINES,
            bottom_toolbar=self._toolbar,
            key_bindings=_bindings(most_characters, tell),
            enable_history_search=False,
            style=_STYLE,
        )

    def read(self) -> str:
        """Return the next input, which may have several lines.

        Raises:
            EOFError: The person pressed Ctrl-D.
            KeyboardInterrupt: The person pressed Ctrl-C on an empty line.
        """
        return self._session.prompt()

    def _toolbar(self) -> FormattedText:
        width = self._session.output.get_size().columns
        return FormattedText([("class:bottom-toolbar.text", self._status(width) or _UNDECIDED[:width])])


def _bindings(most_characters: Callable[[], int], tell: Callable[[str], None]) -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter", filter=~has_completions | Condition(_nothing_chosen))
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("c-c")
    def _(event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            event.current_buffer.reset()
        else:
            event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    @keys.add(Keys.BracketedPaste)
    def _(event: KeyPressEvent) -> None:
        text = event.data.replace("\r\n", "\n").replace("\r", "\n")
        if len(text) <= most_characters():
            event.current_buffer.insert_text(text)
            return
        line = f"A paste of {len(text):,} characters is over limits.max_characters, {most_characters():,}: left out."
        run_in_terminal(lambda: tell(line))

    return keys


def _nothing_chosen() -> bool:
    from prompt_toolkit.application import get_app

    state = get_app().current_buffer.complete_state
    return state is None or state.current_completion is None
