"""Run by Alembic with the connection, and inside the transaction, of C{opening}."""

from alembic import context

from chatd.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
