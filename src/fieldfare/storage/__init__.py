"""Storage: tables and repositories on SQLite and PostgreSQL, and blobs in files."""
