"""What Alembic runs for each command, on the connection that `blog_adapters.sql.migrate` opened."""

from alembic import context

from blog_adapters.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
