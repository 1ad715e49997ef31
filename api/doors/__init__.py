"""Who comes in and how: sign-in, sessions, second factors, tokens, people and what they may do."""
