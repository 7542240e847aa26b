"""A bot that answers what comes in, until SIGINT or SIGTERM: bot.py APP CONNECTION.

It begins with the first message of the conversation. However it is ended, the next run goes on
where it was: no message is left unanswered, and none is answered twice.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from openapi_client import ApiClient, Configuration, Cursor, Ledger, MessagesApi

stop = threading.Event()
for number in (signal.SIGINT, signal.SIGTERM):  # in a thread, since stop may be locked in this one
    signal.signal(number, lambda _number, _frame: threading.Thread(target=stop.set).start())
host, token = os.environ["OPENAPI_CLIENT_HOST"], os.environ["API_KEY"]
kept = Path("bot.cursor")  # the place after what was answered: where the next run begins
part = Path("bot.cursor.part")

with ApiClient(Configuration(host, {"BearerAuth": token})) as client, Ledger("bot.db") as ledger:
    conversation = MessagesApi(client).conversation(*sys.argv[1:], ledger=ledger)
    after = Cursor.parse(kept.read_text()) if kept.exists() else Cursor()
    messages = conversation.follow(after=after, stop=stop)
    print("Listening", flush=True)
    for message in messages:
        if message.iss != "me":
            text = "pong" if message.body == "ping" else "I know one word only: ping"
            # The key is known to the ledger if this message was answered just before a kill.
            conversation.send_once(text, key=message.jti)
        part.write_text(str(messages.cursor))
        part.replace(kept)
