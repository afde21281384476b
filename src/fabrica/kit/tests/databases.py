"""Databases of their own for processes that tests start: files, or on the server where the tests run on PostgreSQL."""

import os
import shutil
from urllib.parse import quote

import psycopg
from django.conf import settings


def is_on_server():
    return settings.DATABASES["default"]["ENGINE"].endswith("postgresql")


def on_server(statement):
    """Run a statement on the PostgreSQL server of the tests, outside any of its test databases."""
    one = settings.DATABASES["default"]
    where = {"host": one["HOST"], "port": one["PORT"], "user": one["USER"], "password": one["PASSWORD"]}
    with psycopg.connect(dbname="postgres", autocommit=True, **{k: v for k, v in where.items() if v}) as server:
        return server.execute(statement)


class Own:
    """A database of one's own, empty or a copy of another: its `url`, and `drop` at the end."""

    def __init__(self, folder, name, copy_of=None):
        self.name = f"fabrica_{name}_{os.getpid()}"
        self.path = folder / f"{self.name}.sqlite3"
        if is_on_server():
            one = settings.DATABASES["default"]
            on_server(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
            on_server(f"CREATE DATABASE {self.name}" + (f" TEMPLATE {copy_of.name}" if copy_of else ""))
            user, password = quote(one["USER"], safe=""), quote(one["PASSWORD"], safe="")
            self.url = f"postgresql://{user}:{password}@{one['HOST']}:{one['PORT'] or 5432}/{self.name}"
        else:
            self.url = f"sqlite:///{self.path}"
            if copy_of:
                shutil.copy(copy_of.path, self.path)

    def drop(self):
        if is_on_server():
            on_server(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
