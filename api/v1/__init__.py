"""The JSON API of programs: /api/v1 (docs/json-api.md)."""
