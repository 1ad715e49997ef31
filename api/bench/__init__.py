"""`sunlit bench api`: how fast the pages answer over a whole city."""
