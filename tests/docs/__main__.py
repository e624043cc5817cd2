"""Writes what the program makes of the docs: ``python -m tests.docs``."""

from reference.rulebook import load
from tests.docs.examples import output_of, write
from tests.docs.made import make_blocks, run_examples
from tests.docs.pages import fill, pages


def main() -> None:
    """Write every made block and every example's output anew."""
    rulebook = load()
    for type_, emitted in run_examples(rulebook).items():
        output_of(type_).write_text(write(emitted), encoding="utf-8")
    made = make_blocks(rulebook)
    for page in pages():
        text = page.read_text(encoding="utf-8")
        page.write_text(fill(text, made), encoding="utf-8")


if __name__ == "__main__":
    main()
