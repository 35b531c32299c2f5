"""What Alembic runs: every migration not yet applied, over the connection it was handed."""

from alembic import context

from fieldfare.storage.tables import metadata

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    # Two processes that start together take turns.
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7318349394477056)")
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
