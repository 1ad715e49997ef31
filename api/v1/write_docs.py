"""`python -m api.v1.write_docs`: the tables of docs/json-api.md, made from the models."""

from pathlib import Path

from api.v1.schema import document

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "json-api.md"

if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text("utf-8")), "utf-8")
