"""The list of models that stand alone: one line here makes a recipe known to config, bundles, blends and the contract tests."""

from bowerbird.models.bpr import Bpr, BprModel
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
from bowerbird.models.slim import Slim
from bowerbird.models.text import Text, TextModel
from bowerbird.models.trend import Trend, TrendModel
from bowerbird.models.two_tower import TwoTower, TwoTowerModel

Single = Popular | Trend | Context | ItemKnn | Slim | Ease | Sequential | Ials | Text | Mf | Bpr | Sasrec | Ncf | TwoTower | Faded | Liking
SingleModel = (
    PopularModel
    | TrendModel
    | ContextModel
    | LinearModel
    | IalsModel
    | TextModel
    | MfModel
    | BprModel
    | SasrecModel
    | NcfModel
    | TwoTowerModel
    | FadedModel
    | LikingModel
)
