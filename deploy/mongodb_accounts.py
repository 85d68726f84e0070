#!/usr/bin/env python3
"""Makes the MongoDB account of Segmentación, with the rights it needs and no others.

    MONGO_ADMIN_URI=mongodb://root:...@host/ .venv/bin/python deploy/mongodb_accounts.py

- main database, the crew's, and the scratch one in which backups are tried: readWrite
- mask store: read, and insert/remove in the two collections of its bucket, which the upload page
  writes (`--no-uploads`: read alone). The product removes only what it uploaded itself.

It can be run again: rights are then set anew, and the password when one is given. Main database
and store on different servers: run it on each, with `--only main` and `--only store`.
"""

import argparse
import getpass
import os
import secrets
import sys
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

UPLOADS = "segmentacionUploads"
Role = dict[str, str]


def main() -> None:
    asked = parse_arguments()
    uri = os.environ.get("MONGO_ADMIN_URI") or getpass.getpass("URI del administrador: ")
    try:
        client: MongoClient[Any] = MongoClient(uri, serverSelectionTimeoutMS=5_000)
        roles = list(main_roles(asked)) if asked.only != "store" else []
        if asked.only != "main":
            roles += store_roles(client, asked)
        password = give_account(client, asked.user, roles)
    except PyMongoError as error:
        sys.exit(f"❌ No se pudo: {error}")
    for role in roles:
        print(f"   • {role['role']} en {role['db']}")
    print(f"✅ Cuenta {asked.user} lista (authSource=admin).")
    if password:
        print(f"🔑 Contraseña, que no se vuelve a mostrar: {password}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Crea la cuenta de MongoDB de Segmentación. La URI del administrador se toma "
        "de MONGO_ADMIN_URI o se pregunta; la contraseña de la cuenta, de ACCOUNT_PASSWORD, o se "
        "inventa y se imprime una vez."
    )
    parser.add_argument("--user", default="segmentacion")
    parser.add_argument("--main-db", default="segmentacion_db")
    parser.add_argument("--crew-db", default="", help="si no es la principal (CREW_DB)")
    parser.add_argument("--store-db", default="QUALITY_IEMSA")
    parser.add_argument("--bucket", default="training_metrics.masks")
    parser.add_argument("--only", choices=["main", "store"], help="solo ese servidor")
    parser.add_argument("--no-uploads", action="store_true", help="el almacén, solo para leer")
    return parser.parse_args()


def main_roles(asked: argparse.Namespace) -> list[Role]:
    """Return the rights on what is the product's own."""
    names = [asked.main_db, f"{asked.main_db[:50]}_prueba", asked.crew_db]
    return [{"role": "readWrite", "db": name} for name in names if name]


def store_roles(client: "MongoClient[Any]", asked: argparse.Namespace) -> list[Role]:
    """Return the rights on the store, after making the role that uploads need."""
    roles = [{"role": "read", "db": asked.store_db}]
    if asked.no_uploads:
        return roles
    privileges = [
        {
            "resource": {"db": asked.store_db, "collection": f"{asked.bucket}.{part}"},
            "actions": ["insert", "remove", "createIndex"],
        }
        for part in ("files", "chunks")
    ]
    store = client[asked.store_db]
    exists = store.command("rolesInfo", UPLOADS)["roles"]
    command = "updateRole" if exists else "createRole"
    store.command(command, UPLOADS, privileges=privileges, roles=[])
    return [*roles, {"role": UPLOADS, "db": asked.store_db}]


def give_account(client: "MongoClient[Any]", user: str, roles: list[Role]) -> str:
    """Make the account or set its rights; return a password made up for it, or ""."""
    given = os.environ.get("ACCOUNT_PASSWORD", "")
    if client.admin.command("usersInfo", user)["users"]:
        changed = {"pwd": given} if given else {}
        client.admin.command("updateUser", user, roles=roles, **changed)
        return ""
    password = given or secrets.token_urlsafe(24)
    client.admin.command("createUser", user, pwd=password, roles=roles)
    return "" if given else password


if __name__ == "__main__":
    main()
