"""What spans many calls: every message of a conversation, new ones as they come, many sends."""

from openapi_client.conversations._send_many import Body, Outcome
from openapi_client.conversations.conversation import Conversation
from openapi_client.conversations.follow import Follower
from openapi_client.conversations.iterate import MessageIterator, PageIterator
from openapi_client.conversations.ledger import Ledger
from openapi_client.conversations.store import Record, Store
from openapi_client.conversations.times import Stop, Times

__all__ = [
    "Body",
    "Conversation",
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
