"""A bot that answers what comes in, until SIGINT or SIGTERM: bot.py APP CONNECTION."""

import os
import signal
import sys
import threading
from pathlib import Path

from openapi_client import ApiClient, Configuration, Cursor, MessagesApi

stop = threading.Event()
for number in (signal.SIGINT, signal.SIGTERM):  # in a thread, since stop may be locked in this one
    signal.signal(number, lambda _number, _frame: threading.Thread(target=stop.set).start())
host, token = os.environ["OPENAPI_CLIENT_HOST"], os.environ["API_KEY"]
kept = Path("bot.cursor")  # the place after what was dealt with: where the next run begins
part = Path("bot.cursor.part")


def keep(cursor: Cursor) -> None:
    """Replace the file at once, so that it is whole however the bot is ended."""
    part.write_text(str(cursor))
    part.replace(kept)


with ApiClient(Configuration(host, {"BearerAuth": token})) as client:
    conversation = MessagesApi(client).conversation(*sys.argv[1:])
    if not kept.exists():
        keep(conversation.cursor())
    messages = conversation.follow(after=kept.read_text(), stop=stop)
    print("Listening", flush=True)
    for message in messages:
        if message.iss != "me":
            text = "pong" if message.body == "ping" else "I know one word only: ping"
            conversation.send_once(text)
        keep(messages.cursor)
