"""What a `Configuration` shows: its log, and its report on itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from openapi_client._logging import DebugLog
from openapi_client._redaction import redacted_setting, redacted_target
from openapi_client._scrubbing import HIDDEN


class LogSettings:
    """What the clients of a configuration log, and where."""

    api_key: dict[str, str]
    access_token: str | Callable[[], str] | None
    host: Any
    proxy: Any
    _debug_log: DebugLog

    @property
    def debug(self) -> bool:
        """Whether this configuration's clients tell each attempt, without secrets.

        The records go through the logger `openapi_client` whatever its level; nothing is changed
        for other clients, other loggers or the process.
        """
        return self._debug_log.enabled

    @debug.setter
    def debug(self, value: bool) -> None:
        self._debug_log.enabled = value

    @property
    def logger_file(self) -> str | None:
        """A file that this configuration's records are written to as well."""
        return self._debug_log.file

    @logger_file.setter
    def logger_file(self, value: str | None) -> None:
        self._debug_log.file = value

    @property
    def logger_format(self) -> str:
        """The format of the records in `logger_file`, as of `logging.Formatter`."""
        return self._debug_log.pattern

    @logger_format.setter
    def logger_format(self, value: str) -> None:
        self._debug_log.pattern = value

    @property
    def logger_formatter(self) -> logging.Formatter:
        """The formatter made of `logger_format`."""
        return self._debug_log.formatter

    @property
    def logger_file_handler(self) -> logging.FileHandler | None:
        """The handler that writes `logger_file`."""
        return self._debug_log.file_handler

    @property
    def logger_stream_handler(self) -> logging.Handler | None:
        """Always `None`: where records are shown is for the program to say."""
        return None

    @property
    def debug_log(self) -> DebugLog:
        """Where the transport tells its attempts."""
        return self._debug_log

    def to_debug_report(self) -> str:
        """Return versions and settings for an error report; no secrets."""
        import platform

        from openapi_client import __version__

        proxy = redacted_setting(self.proxy) if self.proxy else None
        return (
            "Python SDK Debug Report:\n"
            f"OS: {platform.platform()}\n"
            f"Python Version: {platform.python_version()}\n"
            "Version of the API: 1.0\n"
            f"SDK Package Version: {__version__}\n"
            f"Host: {redacted_target(self.host)}\n"
            f"Proxy: {proxy}\n"
            f"Credentials: {HIDDEN if self.api_key or self.access_token else None}"
        )
