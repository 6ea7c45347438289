"""Models: a recipe says how, `fit` gives a frozen model that scores queries. A user is a history, never a row number."""

from collections.abc import Mapping
from typing import Annotated, Any, get_args

from numpy.typing import NDArray
from pydantic import Field

from bowerbird.adaptation import Watch
from bowerbird.models import state
from bowerbird.models.blend import Blend, BlendModel, FollowingBlendModel
from bowerbird.models.bpr import Adversarial, Bpr, BprModel
from bowerbird.models.circumstances import unread
from bowerbird.models.context import Context, ContextModel
from bowerbird.models.ease import Ease
from bowerbird.models.faded import Faded, FadedModel
from bowerbird.models.ials import Ials, IalsModel
from bowerbird.models.itemknn import ItemKnn
from bowerbird.models.liking import Liking, LikingModel
from bowerbird.models.linear import LinearModel
from bowerbird.models.mf import Mf, MfModel
from bowerbird.models.ncf import Ncf, NcfModel
from bowerbird.models.popular import Popular, PopularModel
from bowerbird.models.sasrec import Sasrec, SasrecModel
from bowerbird.models.sequential import Sequential
from bowerbird.models.single import Single, SingleModel
from bowerbird.models.slim import Slim
from bowerbird.models.state import pack
from bowerbird.models.steps import Lessons
from bowerbird.models.text import Text, TextModel
from bowerbird.models.trend import Trend, TrendModel
from bowerbird.models.two_tower import TwoTower, TwoTowerModel
from bowerbird.types import Json

__all__ = [
    "MODELS",
    "RECIPES",
    "Adversarial",
    "Blend",
    "BlendModel",
    "Bpr",
    "BprModel",
    "Context",
    "ContextModel",
    "Ease",
    "Faded",
    "FadedModel",
    "FollowingBlendModel",
    "Ials",
    "IalsModel",
    "ItemKnn",
    "Lessons",
    "Liking",
    "LikingModel",
    "LinearModel",
    "Mf",
    "MfModel",
    "Model",
    "Ncf",
    "NcfModel",
    "Popular",
    "PopularModel",
    "Recipe",
    "Sasrec",
    "SasrecModel",
    "Sequential",
    "Slim",
    "Text",
    "TextModel",
    "Trend",
    "TrendModel",
    "TwoTower",
    "TwoTowerModel",
    "pack",
    "unpack",
    "unread",
]

Model = SingleModel | BlendModel | FollowingBlendModel
Recipe = Annotated[Single | Blend, Field(discriminator="kind")]
"""Any recipe, told apart by its `kind`."""

RECIPES: dict[str, type] = {recipe.model_fields["kind"].default: recipe for recipe in get_args(Single | Blend)}
"""Recipes by kind."""

MODELS: dict[str, type] = {model.kind: model for model in get_args(Model)}
"""Model classes by kind. Several recipes may make one kind of model."""


def unpack(shape: Json, arrays: Mapping[str, NDArray[Any]]) -> Model:
    """Put a model together again from what `pack` gave.

    raises  BundleError for an unknown kind, a missing array, or fields that the kind does not have
    """
    model: Model = state.unpack(shape, arrays, {**MODELS, Watch.kind: Watch})
    return model
