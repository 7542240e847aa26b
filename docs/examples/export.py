"""Export conversations to JSON Lines, a file each, in several processes: export.py LIST FOLDER.

Each line of LIST is the id of an app and of a connection. Start it again after it was killed: a
file has its name only if it is whole, and whole files are left as they are.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import distributed
from tqdm import tqdm

from openapi_client import ApiClient, Configuration, MessagesApi

dask: Any = distributed  # which has types for a part of itself only


def place(folder: Path, app_id: str, connection_id: str) -> Path:
    """The file of a conversation; ids may hold characters that file names may not."""
    return folder / f"{quote(app_id, safe='')} {quote(connection_id, safe='')}.jsonl"


def export(messages: MessagesApi, folder: Path, app_id: str, connection_id: str) -> None:
    """Write a conversation, oldest message first, to a file that gets its name at the end."""
    conversation = messages.conversation(app_id, connection_id)
    with tempfile.NamedTemporaryFile("w", suffix=".part", dir=folder, delete=False) as part:
        for message in conversation.messages(newest_first=False):
            part.write(f"{message.to_json()}\n")
        part.flush()
        os.fsync(part.fileno())
    Path(part.name).replace(place(folder, app_id, connection_id))


def main() -> None:
    """Export what is missing."""
    names, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(exist_ok=True)
    for part in folder.glob("*.part"):  # left by a run that was killed
        part.unlink(missing_ok=True)
    pairs = [line.split() for line in names.read_text("utf-8").splitlines()]
    missing = [pair for pair in pairs if not place(folder, *pair).exists()]
    host, token = os.environ["OPENAPI_CLIENT_HOST"], os.environ["API_KEY"]
    cluster = dask.LocalCluster(n_workers=2, threads_per_worker=4, dashboard_address="127.0.0.1:0")
    with cluster, dask.Client(cluster) as engine:
        client = ApiClient(Configuration(host, {"BearerAuth": token}))
        # The client travels once to each process, which opens its own connections.
        messages = engine.scatter(MessagesApi(client), broadcast=True)
        tasks = [engine.submit(export, messages, folder, *pair) for pair in missing]
        list(tqdm(dask.as_completed(tasks), total=len(tasks)))
        errors = [task.exception() for task in tasks if task.status == "error"]
    sys.exit("\n".join(map(str, errors)) or 0)


if __name__ == "__main__":
    main()
