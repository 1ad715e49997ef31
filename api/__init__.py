"""The pages: five doors on the same rows. A page reads; what people ask for is a command that alerting carries out."""
