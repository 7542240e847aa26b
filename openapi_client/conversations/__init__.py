"""What spans many calls: every message of a conversation, new ones as they come, many sends."""

from openapi_client import _installation as _installation
from openapi_client.conversations._cursor import Cursor
from openapi_client.conversations._follow import Follower
from openapi_client.conversations._iterate import MessageIterator, PageIterator
from openapi_client.conversations._send_many import Body, Outcome
from openapi_client.conversations._times import Stop, Times
from openapi_client.conversations.conversation import Conversation
from openapi_client.conversations.ledger import Ledger
from openapi_client.conversations.store import Record, Store

__all__ = [
    "Body",
    "Conversation",
    "Cursor",
    "Follower",
    "Ledger",
    "MessageIterator",
    "Outcome",
    "PageIterator",
    "Record",
    "Stop",
    "Store",
    "Times",
]
