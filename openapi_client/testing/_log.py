"""One line per request, for people who watch."""

from __future__ import annotations

import sys

from openapi_client.testing._record import RecordedRequest

_TEXT_CHARACTERS = 60


def log_line(request: RecordedRequest, seconds: float) -> str:
    """When, what, the answer's status, how long it took, the text that came, the fault."""
    status = "---" if request.status is None else str(request.status)
    line = (
        f"{request.time.astimezone():%H:%M:%S.%f}  {status}  {request.method:<4} {request.target}"
        f"  {seconds * 1000:.1f} ms"
    )
    if request.body:
        text = request.body.decode(errors="replace")
        if len(text) > _TEXT_CHARACTERS:
            text = text[: _TEXT_CHARACTERS - 3] + "..."
        # Nothing that comes from outside may control the terminal.
        line += "  " + "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return line + (f"  [{request.fault}]" if request.fault else "")


def write_to_stderr(line: str) -> None:
    """Writes a line to standard error in one piece, so that lines of threads do not mix."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
