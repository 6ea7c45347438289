"""What lasts: the event log in a database, bundles as folders of plain files."""

from bowerbird.store.bundles import StoredBundle, read_bundle, write_bundle
from bowerbird.store.events import Put, SqlStore

__all__ = ["Put", "SqlStore", "StoredBundle", "read_bundle", "write_bundle"]
