"""A run of ten thousand events, told by the rules alone: no model, no tool and no tree."""

from pathlib import Path

from events.base import Command
from events.ids import StreamId
from events.run_commands import AssignTickets
from events.settings import Settings
from events.streams import DECIDERS, kind_of
from store.entity import Entity
from store.jsonl import JsonlLog
from store.run_folder import RunFolder
from tests.histories import ticket
from tests.replay.recorded import CODEC
from tests.store.disks import CountingDisk
from tests.stories import Story, ticking

EVENTS, WORKERS, TICKETS = 10_000, 7, 480


class Quick(Story):
    """A story whose streams are all new, so that none has to be looked for in its log."""

    def tell(self, stream: str, *commands: Command) -> None:
        """Have a stream answer commands."""
        name = StreamId(stream)
        if stream not in self._entities:
            self._entities[stream] = Entity(self.log, name, DECIDERS[kind_of(name)])
        for command in commands:
            self._entities[stream].execute(command)


def tell_long(home: Path) -> RunFolder:
    """Return the folder of the run; every third attempt has a command that fails, and a hint."""
    folder = RunFolder.create(home, "long")
    with JsonlLog.open(folder.log, CODEC, clock=ticking(), disk=CountingDisk()) as log:
        story = Quick(log)
        needs = ([f"T{number - WORKERS}"] if number >= WORKERS else [] for number in range(TICKETS))
        plan = [ticket(f"T{number}", *need) for number, need in enumerate(needs)]
        story.begin(*plan, settings=Settings(workers=WORKERS))
        while story.view.world.run.active:
            for number, attempt in enumerate(sorted(story.view.world.run.active)):
                story.work(attempt)
                if number % 3 == 0:
                    story.fail_a_command(attempt, "the words of a hint, as long as they may be")
                story.complete(attempt)
            story.tell("run", AssignTickets())
        assert log.last_position > EVENTS
    return folder
