"""The questions of a run at the terminal that runs it: one after another, by single keys.

The person is asked in a thread of its own, so that the run goes on meanwhile. What is asked is
taken from the log each time, so an answer from elsewhere ends a question that is on the screen.
"""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from actors.fitting import Fitted, editable
from cli.editor import Editor
from cli.escape import clipped, pretty_json, shown
from cli.person import who
from cli.progress import Progress
from cli.redaction import Redactor
from cli.request_text import preview_lines, request_lines, shown_of
from cli.run_view import RunView
from cli.terminal import Terminal
from cli.words import answer_words
from events.approval import EDITABLE, Answer, Question, Verdict
from events.clocks import Clocks
from events.errors import TracksideError
from events.ids import ApprovalId
from events.waiting import no_answer_because, waiting
from store.log import Recorded

SHOWN_LINES = 40
"""Lines of a preview that are shown before somebody asks for all of them."""
RECEIPT_S = 30.0
"""How long the run may take to put an answer on record."""
REASON_CHARS = 2000
VIA = "terminal"


@dataclass(frozen=True)
class Counter:
    """Where a person's words go, each a function that any thread may call."""

    answer: Callable[[ApprovalId, Answer, Callable[[str], None]], None]
    """Gives an answer; what it is told last hears why the answer does not count, or nothing."""
    fit: Callable[[ApprovalId, Answer, str], Fitted]
    """Validates an edited version; raises `TracksideError` if it cannot run."""
    cancel: Callable[[], None]
    """Ends the run for good."""
    leave: Callable[[], None]
    """Has the run rest as it stands."""
    clocks: Callable[[], Clocks]
    mourn: Callable[[Exception], None]
    """Hears of the bug that ended the desk; the questions stay in the log."""


class Desk:
    """Asks a person, while it is entered; `take` hears of each record and never waits."""

    def __init__(
        self,
        terminal: Terminal,
        editor: Editor,
        view: RunView,
        progress: Progress,
        counter: Counter,
    ) -> None:
        """Ask on `terminal` what the run in `view` waits for; nothing happens yet."""
        self._terminal = terminal
        self._editor = editor
        self._view = view
        self._progress = progress
        self._counter = counter
        self._news = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._editor.stop()
        self._wake()
        self._thread.join()
        self._terminal.close()

    def take(self, recorded: Recorded) -> None:
        """Look again at what the run waits for."""
        if recorded.stream.startswith(("approval/", "run")):
            self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._terminal.wake()

    def _run(self) -> None:
        try:
            self._serve()
        except OSError:
            self._counter.leave()  # the terminal has gone
        except Exception as error:  # noqa: BLE001 - the edge of a thread: nobody else would hear
            self._counter.mourn(error)
            self._counter.leave()

    def _serve(self) -> None:
        while not self._closed:
            questions = self._questions()
            if questions:
                self._progress.suspend()
                try:
                    with self._terminal.keys():
                        self._ask(questions[0], len(questions))
                finally:
                    self._progress.resume()
            else:
                self._news.wait()
            self._news.clear()

    def _questions(self) -> list[Question]:
        """Return what waits, once the run has taken note of it: until then it is under way."""
        world = self._view.world
        plan = world.run.plan
        return [one for one in waiting(world) if plan[one.ticket].waits_for == one.approval]

    def _ask(self, question: Question, count: int) -> None:
        """Show a question until it is answered, here or elsewhere, or the desk is closed."""
        self._show(question, count, SHOWN_LINES)
        while self._is_open(question):
            match self._choice(question, _menu(question)):
                case "a" | "y":
                    self._give(question, _yes())
                case "t":
                    self._give(question, _yes(ticket_wide=True))
                case "r" | "n":
                    self._reject(question)
                case "e" if question.action.kind in EDITABLE:
                    self._edit(question)
                case "v":
                    self._show(question, count, None)
                case "q":
                    self._quit(question)
                case "":
                    self._explain_end(question)

    def _choice(self, question: Question, menu: str) -> str:
        """Return the key that is chosen; nothing if the question is over, or the desk is closed."""
        self._terminal.forget_keys()  # before the menu: what is typed after it is meant
        self._say(menu, end=" ")
        while self._is_open(question):
            key = self._terminal.key()
            if key in _KEYS:
                self._say(key)
                return key
        self._say("")
        return ""

    def _is_open(self, question: Question) -> bool:
        """Return whether the question still waits, and the desk is there to ask it."""
        return not self._closed and no_answer_because(self._view.world, question.approval) is None

    def _show(self, question: Question, count: int, most_lines: int | None) -> None:
        left_s = self._view.world.approval(question.approval).left_s(self._counter.clocks())
        self._say("")
        self._say(f"approval needed ({count} waiting)" if count > 1 else "approval needed")
        run, preview = self._view.world.run.facts.run, self._view.text(question.preview)
        colour = self._terminal.colour
        lines = request_lines(
            run, question, preview, left_s=left_s, most_lines=most_lines, colour=colour
        )
        self._say("\n".join(lines))

    def _give(self, question: Question, answer: Answer) -> None:
        """Have the run take an answer, and say so once it is on record."""
        told: list[str] = []
        heard = threading.Event()

        def receipt(refusal: str) -> None:
            told.append(refusal)
            heard.set()

        self._counter.answer(question.approval, answer, receipt)
        if not heard.wait(RECEIPT_S):
            self._say("the answer is not on record yet")
        elif told[0]:
            self._say(f"too late: {shown(told[0])}")
        else:
            self._say(clipped(answer_words(answer), REASON_CHARS))

    def _reject(self, question: Question) -> None:
        prompt = "reason (empty: none; Ctrl-D: go back): "
        reason = self._terminal.line(prompt, lambda: self._is_open(question))
        if reason is not None:
            reason = Redactor(os.environ)(reason)[:REASON_CHARS]
            self._give(question, _answer("rejected", reason=reason))

    def _edit(self, question: Question) -> None:
        """Have the person edit what is asked about, show what will run, and ask again."""
        text, name = self._to_edit(question)
        problem = ""
        while True:
            try:
                with self._terminal.lent():
                    edited = self._editor.edit(text, name, problem)
            except (OSError, ValueError) as error:
                self._say(f"there is no editor: {shown(str(error))}")
                return
            if edited is None:
                self._say("nothing was changed")
                return
            try:
                fitted = self._counter.fit(question.approval, _yes(), edited)
            except TracksideError as error:
                text, problem = edited, str(error)
                continue
            again = self._confirm(question, fitted)
            if not again:
                return
            text, problem = edited, ""

    def _confirm(self, question: Question, fitted: Fitted) -> bool:
        """Show what will run instead, and give the answer; return whether it is edited again."""
        self._say("this will run instead:")
        colour = self._terminal.colour
        most_lines = shown_of(question.action, SHOWN_LINES)
        self._say("\n".join(preview_lines(fitted.preview, most_lines, colour=colour)))
        while True:
            match self._choice(question, "[a]pprove this, [v]iew all, [e]dit again, [b]ack >"):
                case "a" | "y":
                    self._give(question, fitted.answer)
                    return False
                case "v":
                    self._say("\n".join(preview_lines(fitted.preview, None, colour=colour)))
                case "e":
                    return True
                case "b" | "":
                    return False

    def _to_edit(self, question: Question) -> tuple[str, str]:
        arguments = self._view.text(question.arguments)
        if question.action.kind == "spawn":
            return editable(self._view.text(question.system), arguments), "prompt.txt"
        return pretty_json(arguments) + "\n", "arguments.json"

    def _quit(self, question: Question) -> None:
        """Have the person choose how to go: for now, for good, or not at all."""
        menu = "[l]eave it waiting, [c]ancel the run for good, [b]ack >"
        match self._choice(question, menu):
            case "c":
                self._closed = True
                self._counter.cancel()
            case "l":
                self._closed = True
                self._counter.leave()

    def _explain_end(self, question: Question) -> None:
        """Say why a question is over that nobody answered here."""
        answer = self._view.world.approval(question.approval).answer
        if answer is not None:
            self._say(clipped(f"{answer_words(answer)}, meanwhile", REASON_CHARS))

    def _say(self, text: str, end: str = "\n") -> None:
        self._terminal.write(text + end)


_KEYS = frozenset("aytrnevqlcb")


def _menu(question: Question) -> str:
    edit = "[e]dit, " if question.action.kind in EDITABLE else ""
    return f"[a]pprove, approve for the [t]icket, [r]eject, {edit}[v]iew all, [q]uit >"


def _yes(*, ticket_wide: bool = False) -> Answer:
    return _answer("approved", ticket_wide=ticket_wide)


def _answer(verdict: Verdict, *, ticket_wide: bool = False, reason: str = "") -> Answer:
    return Answer(verdict=verdict, by=who(), via=VIA, ticket_wide=ticket_wide, reason=reason)
