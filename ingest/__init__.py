"""From the broker to the database: commit, then acknowledge; every message is stored or rejected with a reason."""
