"""Migrations of the schema, run by `storage.schema` over a connection it hands to `env`."""
