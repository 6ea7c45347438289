"""An offset is never given twice, also where the newest rows were erased; the format is kept by Alembic."""

from alembic import op
from sqlalchemy import inspect

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """PostgreSQL's sequences never go back; SQLite promises it of tables made with AUTOINCREMENT alone, so there both are copied."""
    if op.get_bind().dialect.name == "sqlite":
        for name in ("events", "items"):
            with op.batch_alter_table(name, recreate="always", table_kwargs={"sqlite_autoincrement": True}):
                pass
    if inspect(op.get_bind()).has_table("bowerbird"):
        op.drop_table("bowerbird")
