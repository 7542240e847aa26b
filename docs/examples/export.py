"""Export conversations to JSON Lines, a file each, in several processes: export.py LIST FOLDER.

Each line of LIST is the id of an app and of a connection. Start it again after it was killed, and
it goes on within each conversation; start it again later, and it adds what came since. A file has
the name `*.jsonl` while it is whole, and `*.part` while it grows.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import distributed
from tqdm import tqdm

from openapi_client import ApiClient, Configuration, Cursor, MessagesApi

dask: Any = distributed  # which has types for a part of itself only

PLACES = ".places"

AT_ONCE = 10_000
"""Messages that a task writes before the progress is shown."""


class Files(NamedTuple):
    """The files of a conversation; ids may hold characters that names may not."""

    whole: Path
    part: Path
    kept: Path

    @classmethod
    def of(cls, folder: Path, app_id: str, connection_id: str) -> "Files":
        """The files in a folder."""
        name = f"{quote(app_id, safe='')} {quote(connection_id, safe='')}"
        return cls(
            folder / f"{name}.jsonl", folder / f"{name}.part", folder / PLACES / f"{name}.json"
        )

    def place(self) -> tuple[Cursor, int]:
        """Where to go on, and the size of the file up to there."""
        if not self.kept.exists():
            return Cursor(), 0
        place = json.loads(self.kept.read_text())
        return Cursor.parse(place["cursor"]), place["size"]

    def keep(self, cursor: Cursor, size: int) -> None:
        """Replace the place at once, so that it is whole however this is ended."""
        new = self.kept.with_suffix(".new")
        new.write_text(json.dumps({"cursor": str(cursor), "size": size}))
        new.replace(self.kept)


def export(messages: MessagesApi, files: Files, app_id: str, connection_id: str) -> tuple[int, int]:
    """Write some messages, oldest first; return how many were written, and how many are left."""
    cursor, size = files.place()
    pages = messages.conversation(app_id, connection_id).pages(
        per_page=1000, max_items=AT_ONCE, newest_first=False, after=cursor
    )
    written, left = 0, 0
    if not files.whole.exists():
        files.part.touch()
    for page in pages:
        if files.whole.exists():
            files.whole.replace(files.part)
        with files.part.open("ab") as part:
            part.truncate(size)  # what was written before a kill and not kept is written again
            for message in page.items or ():
                part.write(f"{message.to_json()}\n".encode())
            size = part.tell()
            os.fsync(part.fileno())
        files.keep(pages.cursor, size)
        written += len(page.items or ())
    if written == AT_ONCE:
        conversation = messages.conversation(app_id, connection_id)
        left = len(conversation.messages(newest_first=False, after=pages.cursor))
    if not left and files.part.exists():
        files.part.replace(files.whole)
    return written, left


def main() -> None:
    """Export what is missing."""
    names, folder = Path(sys.argv[1]), Path(sys.argv[2])
    (folder / PLACES).mkdir(parents=True, exist_ok=True)
    pairs = [line.split() for line in names.read_text("utf-8").splitlines()]
    host, token = os.environ["OPENAPI_CLIENT_HOST"], os.environ["API_KEY"]
    cluster = dask.LocalCluster(n_workers=2, threads_per_worker=4, dashboard_address="127.0.0.1:0")
    errors: list[str] = []
    with cluster, dask.Client(cluster) as engine, tqdm(total=0, unit=" messages") as progress:
        client = ApiClient(Configuration(host, {"BearerAuth": token}))
        # The client travels once to each process, which opens its own connections.
        messages = engine.scatter(MessagesApi(client), broadcast=True)
        jobs: dict[Any, list[str]] = {}

        def submit(pair: list[str]) -> Any:
            task = engine.submit(export, messages, Files.of(folder, *pair), *pair, pure=False)
            jobs[task] = pair
            return task

        tasks = dask.as_completed([submit(pair) for pair in pairs])
        left = dict.fromkeys(map(tuple, pairs), 0)
        for task in tasks:
            pair = jobs.pop(task)
            if task.status == "error":
                errors.append(str(task.exception()))
                continue
            written, left[tuple(pair)] = task.result()
            progress.total = progress.n + written + sum(left.values())
            progress.update(written)
            if left[tuple(pair)]:
                tasks.add(submit(pair))
    sys.exit("\n".join(errors) or 0)


if __name__ == "__main__":
    main()
