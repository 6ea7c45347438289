"""Who may do what over HTTP."""

from bowerbird.serving.security.access import Access, access_alone, access_for
from bowerbird.serving.security.gate import Gate
from bowerbird.serving.security.needs import BOTH, need, permitted
from bowerbird.serving.security.schemes import secured

__all__ = ["BOTH", "Access", "Gate", "access_alone", "access_for", "need", "permitted", "secured"]
