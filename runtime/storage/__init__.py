"""What is kept, how long and where: policies, retention, state, backup and restore of the database."""
