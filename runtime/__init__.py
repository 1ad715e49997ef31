"""The only I/O that services share: bus, database, settings, logs, service life, and the embedded stack."""
