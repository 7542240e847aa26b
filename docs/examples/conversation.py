"""A conversation over HTTPS: send, list, read and edit, and what a missing message looks like.

The server is the package's own, on a free port of this machine. For a real one only the
configuration differs: Configuration(host="https://...", api_key={"BearerAuth": token}).
"""

import sys

from openapi_client import ApiClient, MessagesApi
from openapi_client.exceptions import NotFoundException
from openapi_client.testing import MessagesServer

APP, CONNECTION = "app-1", "connection-1"
TEXTS = ["Good morning!", "Is the parcel there?", "It left on Monday.", "Sorry: on Tuesday.", "Bye"]


def check(fact: bool, claim: str) -> None:
    """End the program with status 1 if something is not as it should be."""
    if not fact:
        sys.exit(f"not as it should be: {claim}")


def converse(messages: MessagesApi) -> None:
    """Use each of the four operations, and fail once on purpose."""
    print(f"\nSend {len(TEXTS)} messages")
    sent = [messages.send(APP, CONNECTION, text) for text in TEXTS]
    for message in sent:
        print(f"  {message.jti}: {message.body}")

    print("\nList them, newest first, two on a page")
    listed: list[str] = []
    for number in (1, 2, 3):
        page = messages.list(APP, CONNECTION, page=number, per_page=2)
        bodies = [message.body or "" for message in page.items or []]
        print(f"  page {page.page} of {page.page_count}: {' | '.join(bodies)}")
        listed += bodies
    check(listed == TEXTS[::-1], "every message is listed once, newest first")

    print("\nRead one, edit it, read it again")
    jti = sent[2].jti or ""
    print(f"  before: {messages.get(APP, CONNECTION, jti).body}")
    messages.edit(APP, CONNECTION, jti, "It left on Tuesday.")
    after = messages.get(APP, CONNECTION, jti)
    print(f"  after:  {after.body} (edited {after.updated_at})")
    check(after.body == "It left on Tuesday.", "the next reader sees the edit")

    print("\nAsk for one that does not exist")
    try:
        messages.get(APP, CONNECTION, "no-such-message")
        check(False, "a missing message is an error")
    except NotFoundException as error:
        print(f"  {type(error).__name__}: {error}")


if __name__ == "__main__":
    with MessagesServer(tls=True) as server, ApiClient(server.configuration()) as client:
        print(f"Connected to {server.url}, a server of this program's own")
        converse(MessagesApi(client))
    print("\nDone: everything is as it should be.")
