"""`python -m contracts.write_docs`: writes contracts/schema from the types."""

from pathlib import Path

from contracts.docs import files

if __name__ == "__main__":
    folder = Path(__file__).parent / "schema"
    folder.mkdir(exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, "utf-8")
