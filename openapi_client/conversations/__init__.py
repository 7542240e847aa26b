"""What spans many calls: every message of a conversation, new ones as they come, many sends."""

from openapi_client import _installation as _installation
from openapi_client.conversations.conversation import Conversation
from openapi_client.conversations.follow import Follower
from openapi_client.conversations.iterate import MessageIterator, PageIterator
from openapi_client.conversations.send_many import Body, Outcome
from openapi_client.conversations.times import Stop, Times

__all__ = [
    "Body",
    "Conversation",
    "Follower",
    "MessageIterator",
    "Outcome",
    "PageIterator",
    "Stop",
    "Times",
]
