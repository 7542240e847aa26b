"""A small program to test: it answers every "hello": greeter.py APP CONNECTION."""

import sys

from openapi_client import ApiClient, Configuration, MessagesApi
from openapi_client.exceptions import TransportException


def greet(messages: MessagesApi, app: str, connection: str) -> int:
    """Answer each "hello" among the last ten messages, and return how many there were."""
    page = messages.list(app, connection, per_page=10)
    greetings = [m for m in page.items if m.iss != "me" and m.body.lower() == "hello"]
    for _ in greetings:
        messages.send(app, connection, "Hello yourself!")
    return len(greetings)


def greet_patiently(messages: MessagesApi, app: str, connection: str) -> int | None:
    """Do the same; return `None` where the server cannot be reached."""
    try:
        return greet(messages, app, connection)
    except TransportException:
        return None


if __name__ == "__main__":
    with ApiClient(Configuration.from_env()) as client:
        print(greet(MessagesApi(client), *sys.argv[1:]), "greetings answered")
