"""Bringing a database to this version's schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine


def config(engine: Engine) -> Config:
    """Alembic's settings for this database."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    settings.attributes["engine"] = engine
    return settings


def migrate(engine: Engine) -> None:
    """Applies the migrations that this database lacks; does nothing on a current one."""
    command.upgrade(config(engine), "head")
