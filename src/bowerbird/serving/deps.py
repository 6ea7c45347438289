"""What a route gets handed: the engine, the counters and the conversations of the app that it belongs to."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from bowerbird.engine import Engine
from bowerbird.serving.conversing import Conversations
from bowerbird.serving.metrics import Metrics


async def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


async def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


async def _conversations(request: Request) -> Conversations:
    conversations: Conversations = request.app.state.conversations
    return conversations


LiveEngine = Annotated[Engine, Depends(_engine)]
LiveMetrics = Annotated[Metrics, Depends(_metrics)]
LiveConversations = Annotated[Conversations, Depends(_conversations)]
