"""Who can come, how soon, and who is on duty there: travel times, candidates, rosters, coverage (docs/help.md)."""
