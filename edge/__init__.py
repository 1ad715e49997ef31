"""The agent on site: reads lifts and cameras, decides by pure rules, keeps what it has to say until it was heard."""
