"""Telling the log of what happens often."""

from collections.abc import Callable

from twisted.logger import Logger, LogLevel


class Often(Logger):
    """
    Twisted's logger, without the question whether C{info} is a level.

    That sorts all levels, for each line, and takes half of the time.
    """

    def __init__(self, namespace: str, now: Callable[[], float]) -> None:
        """
        @param now: POSIX seconds.
        """
        super().__init__(namespace)
        self._now = now

    def info(self, format: str | None = None, **fields: object) -> None:
        fields.update(
            log_logger=self,
            log_level=LogLevel.info,
            log_namespace=self.namespace,
            log_source=self.source,
            log_format=format,
            log_time=self._now(),
        )
        self.observer(fields)
