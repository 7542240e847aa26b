"""What a client tells about its attempts, and to whom."""

from __future__ import annotations

import logging
from typing import Any

_DEFAULT_FORMAT = "%(asctime)s %(levelname)s %(message)s"


class DebugLog:
    """One configuration's way into the log.

    Records go to the package's logger. With `enabled` they go there whatever the logger's level is,
    so that one client can be watched without changing a level that all clients share; if nothing
    in the program handles them, they go to standard error.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self.enabled = False
        self.formatter: logging.Formatter = logging.Formatter(_DEFAULT_FORMAT)
        self.file_handler: logging.FileHandler | None = None
        self._logger = logger
        self._format = _DEFAULT_FORMAT

    @property
    def active(self) -> bool:
        """Whether a record would be shown anywhere; ask before making one."""
        return self.enabled or self._logger.isEnabledFor(logging.DEBUG)

    @property
    def pattern(self) -> str:
        """The format of the records in `file`, as of `logging.Formatter`."""
        return self._format

    @pattern.setter
    def pattern(self, value: str) -> None:
        self._format = value
        self.formatter = logging.Formatter(value)
        if self.file_handler is not None:
            self.file_handler.setFormatter(self.formatter)

    @property
    def file(self) -> str | None:
        """The path of a file that records are written to as well."""
        return None if self.file_handler is None else self.file_handler.baseFilename

    @file.setter
    def file(self, value: str | None) -> None:
        if self.file_handler is not None:
            self.file_handler.close()
        self.file_handler = None
        if value:
            self.file_handler = logging.FileHandler(value, delay=True)
            self.file_handler.setFormatter(self.formatter)

    def tell(self, message: str, *args: object, **fields: object) -> None:
        """Log `message % args` at DEBUG; the record has `fields` as attributes."""
        record = self._logger.makeRecord(
            self._logger.name, logging.DEBUG, __file__, 0, message, args, None, extra=fields
        )
        try:
            self._hand_out(record)
        except Exception:  # noqa: BLE001 - a handler's, or that of a file that cannot be opened
            # The call goes on; `logging` tells of it as it tells of other errors of handlers.
            logging.Handler().handleError(record)

    def _hand_out(self, record: logging.LogRecord) -> None:
        if self.file_handler is not None:
            self.file_handler.handle(record)
        if self._logger.isEnabledFor(logging.DEBUG):
            self._logger.handle(record)
        elif self.enabled:
            if self._logger.hasHandlers():
                self._logger.handle(record)
            elif self.file_handler is None:
                handler = logging.StreamHandler()
                handler.setFormatter(self.formatter)
                handler.handle(record)

    def __getstate__(self) -> dict[str, Any]:
        # An open file can be neither copied nor pickled; its path can.
        return {**self.__dict__, "file_handler": self.file}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, file_handler=None)
        self.file = state["file_handler"]
