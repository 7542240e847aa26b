"""Send orders from a queue, each exactly once, however often it is delivered.

    python worker.py                                    serves the queue, with Celery
    python worker.py order-7 friend "It is on its way"  puts an order into it

The queue is wherever BROKER says: `redis://localhost`, with `pip install celery[redis]`. Without
one it is in folders below ORDERS, to try it: unlike Redis, they do not deliver again what a worker
had taken when it was killed. The ledger is in ORDERS, too.
"""

import functools
import os
import sys
from pathlib import Path

from celery import Celery

from openapi_client import ApiClient, ApiException, Configuration, Ledger, MessagesApi
from openapi_client.exceptions import BadRequestException, NotFoundException

HOME = Path(os.environ.get("ORDERS", "orders"))
QUEUE = HOME / "queue"
QUEUE.mkdir(parents=True, exist_ok=True)
FOLDERS = {f"data_folder_{way}": str(QUEUE) for way in ("in", "out")}

app = Celery("orders", broker=os.environ.get("BROKER", "filesystem://"))
app.conf.task_acks_late = True  # an order stays in the queue until it was sent
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 1
if "BROKER" not in os.environ:
    app.conf.broker_transport_options = {**FOLDERS, "control_folder": str(HOME / "control")}


@functools.cache
def opened() -> tuple[MessagesApi, Ledger]:
    """What the threads of a process share."""
    host, token = os.environ["OPENAPI_CLIENT_HOST"], os.environ["API_KEY"]
    client = ApiClient(Configuration(host, {"BearerAuth": token}))
    return MessagesApi(client), Ledger(HOME / "sends.db")


REFUSED = (BadRequestException, NotFoundException)


@app.task(name="send", autoretry_for=(ApiException,), dont_autoretry_for=REFUSED, max_retries=None)
def send(key: str, connection_id: str, text: str) -> None:
    """Send one order. The same key again sends nothing."""
    messages, ledger = opened()
    messages.conversation("shop", connection_id, ledger=ledger).send_once(text, key=key)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        send.delay(*sys.argv[1:])
    else:
        app.worker_main(["worker", "--pool=threads", "--concurrency=8", "--loglevel=WARNING"])
