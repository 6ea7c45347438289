"""What lasts: the event log in a database, bundles as folders of plain files."""

from bowerbird.store.bundles import StoredBundle, read_bundle, read_manifest, write_bundle
from bowerbird.store.events import Put, SqlStore, State
from bowerbird.store.keys import SCOPES, KeyRow, Keys, Scope
from bowerbird.store.people import Kept, People
from bowerbird.store.slates import SlateRow

__all__ = [
    "SCOPES",
    "Kept",
    "KeyRow",
    "Keys",
    "People",
    "Put",
    "Scope",
    "SlateRow",
    "SqlStore",
    "State",
    "StoredBundle",
    "read_bundle",
    "read_manifest",
    "write_bundle",
]
