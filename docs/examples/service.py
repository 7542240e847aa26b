"""A web service in front of the messages: uvicorn service:app.

One client serves all requests. The endpoints are plain functions, which FastAPI runs in threads,
because the client is synchronous.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from openapi_client import ApiClient, ApiException, Configuration, MessageMessage, MessagesApi


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    """Open the client with the service, and close it with the service."""
    with ApiClient(Configuration.from_env(deadline=10.0)) as client:
        app.state.messages = MessagesApi(client)
        yield


def messages_api(request: Request) -> MessagesApi:
    """Return the operations; tests replace it in `app.dependency_overrides`."""
    api: MessagesApi = request.app.state.messages
    return api


app = FastAPI(lifespan=lifespan)
Messages = Annotated[MessagesApi, Depends(messages_api)]


class Text(BaseModel):
    """What is to be sent."""

    body: str


@app.post("/{app_id}/{connection_id}", status_code=201)
def send(app_id: str, connection_id: str, text: Text, messages: Messages) -> MessageMessage:
    """Send a message."""
    return messages.send(app_id, connection_id, text.body)


@app.get("/{app_id}/{connection_id}/{jti}")
def get(app_id: str, connection_id: str, jti: str, messages: Messages) -> MessageMessage:
    """Return a message."""
    return messages.get(app_id, connection_id, jti)


@app.exception_handler(ApiException)
def failed(_request: Request, error: ApiException) -> JSONResponse:
    """Answer 404 where a message is missing, 502 for all else, and whether to try again."""
    status = 404 if error.status == 404 else 502
    return JSONResponse({"detail": error.detail, "outcome": error.outcome}, status)
