"""The document that says what every address takes and gives (OpenAPI 3.1), made from the application itself."""
