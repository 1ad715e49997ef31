"""Everything Sunlit stands on, brought along: a database, a broker, and the services as child processes."""
