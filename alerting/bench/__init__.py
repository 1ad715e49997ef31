"""`sunlit bench alarm`: from the edge's publish to the gateway's receipt of the first tier's page."""
