"""Looking at something that may hang: a disk of the network, a database, a machine."""

import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import connections

Found = TypeVar("Found")


class Late(Exception):
    """It had no answer in time; whoever looks is left behind as `thread`, and ends with the process."""

    def __init__(self, thread: threading.Thread) -> None:
        super().__init__("no answer in time")
        self.thread = thread


def within(seconds: float, look: Callable[[], Found]) -> Found:
    """What `look` finds, in a thread and with database connections of its own. Raises Late, and whatever it raises."""
    found: list[Found] = []
    wrong: list[BaseException] = []

    def run() -> None:
        try:
            found.append(look())
        except Exception as error:  # noqa: BLE001 - handed to the caller
            wrong.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise Late(thread)
    if wrong:
        raise wrong[0]
    return found[0]
