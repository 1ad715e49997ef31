"""`sunlit bench ingest`: what the way from the broker to the database carries, beside what its parts could."""
