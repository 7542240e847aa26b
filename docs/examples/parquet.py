"""Export a conversation to a Parquet file, with a progress bar: parquet.py APP CONNECTION FILE.

Messages are written in groups, so that memory does not grow with the conversation. The file gets
its name when it is complete.
"""

import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
from tqdm import tqdm

from openapi_client import ApiClient, Configuration, MessagesApi

arrow: Any = pyarrow  # which has no types
files: Any = pyarrow.parquet
GROUP = 10_000
TEXTS = ("jti", "iss", "cid", "rid", "body")
TIMES = ("created_at", "updated_at", "iat")
SCHEMA = arrow.schema(
    [(name, arrow.string()) for name in TEXTS]
    + [(name, arrow.timestamp("us", tz="UTC")) for name in TIMES]
)


def main(app_id: str, connection_id: str, file: str) -> None:
    """Write the conversation, oldest message first."""
    part = Path(f"{file}.part")
    with ApiClient(Configuration.from_env()) as client:
        conversation = MessagesApi(client).conversation(app_id, connection_id)
        messages = conversation.messages(newest_first=False)
        with tqdm(total=len(messages)) as bar, files.ParquetWriter(part, SCHEMA) as writer:
            while group := list(islice(messages, GROUP)):
                columns = {name: [getattr(m, name) for m in group] for name in TEXTS}
                times = {name: [getattr(m, f"{name}_datetime") for m in group] for name in TIMES}
                writer.write_table(arrow.table({**columns, **times}, SCHEMA))
                bar.update(len(group))
    part.replace(file)


if __name__ == "__main__":
    main(*sys.argv[1:])
