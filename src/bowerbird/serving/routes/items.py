from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from bowerbird.serving import wire
from bowerbird.serving.deps import LiveEngine
from bowerbird.serving.errors import NotFoundError
from bowerbird.serving.fields import Id, K
from bowerbird.serving.schemas import ItemIn, ItemOut, PutOut, SimilarOut
from bowerbird.types import ItemId, Json

router = APIRouter(tags=["items"])

Item = Annotated[Id, Path(description="An item of the catalogue.")]


@router.get("/v1/items/{item:path}/similar", response_model=SimilarOut, summary="What goes with an item")
def get_similar(item: Item, engine: LiveEngine, k: Annotated[K, Query()] = 10) -> Response:
    """The slate of someone who liked just this item."""
    known(item, engine.item(item))
    return wire.similar(item, engine.similar(item, k))


@router.get("/v1/items/{item:path}", response_model=ItemOut, summary="An item of the catalogue")
def get_item(item: Item, engine: LiveEngine) -> Response:
    """Its row of the catalogue, those put in live among them."""
    return wire.item(known(item, engine.item(item)))


@router.put("/v1/items/{item:path}", responses={201: {"model": PutOut, "description": "It was new."}}, summary="Add an item or change it")
def put_item(item: Item, body: ItemIn, engine: LiveEngine, response: Response) -> PutOut:
    """The language model reads its texts, and it can be recommended when the answer arrives: 201 if it is new, 200 if it was changed."""
    new = engine.item(item) is None
    offset = engine.put_items([body.row(item)])
    response.status_code = 201 if new else 200
    return PutOut(item=item, offset=offset)


def known(item: ItemId, row: Json | None) -> Json:
    """The row, or 404."""
    if row is None:
        raise NotFoundError(f"item {item!r}: not in the catalogue")
    return row
