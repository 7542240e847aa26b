"""A bot that answers what comes in, until SIGINT or SIGTERM: bot.py APP CONNECTION."""

import os
import signal
import sys
import threading
from pathlib import Path

from openapi_client import ApiClient, Configuration, MessagesApi

stop = threading.Event()
for number in (signal.SIGINT, signal.SIGTERM):  # in a thread, since stop may be locked in this one
    signal.signal(number, lambda _number, _frame: threading.Thread(target=stop.set).start())
host, token = os.environ["OPENAPI_CLIENT_HOST"], os.environ["API_KEY"]
done = Path("bot.jti")  # the last message that was dealt with: where the next run begins
part = Path("bot.jti.part")

with ApiClient(Configuration(host, {"BearerAuth": token})) as client:
    conversation = MessagesApi(client).conversation(*sys.argv[1:])
    after = done.read_text() if done.exists() else None
    messages = conversation.follow(after=after, stop=stop)
    print("Listening", flush=True)
    for message in messages:
        if message.iss != "me":
            text = "pong" if message.body == "ping" else "I know one word only: ping"
            conversation.send_once(text)
        part.write_text(message.jti or "")
        part.replace(done)
