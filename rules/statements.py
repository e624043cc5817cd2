"""What counts as said in a note or a document."""


def is_stated(text: str | None) -> bool:
    """Say whether somebody wrote more than blanks (CMS Pub. 100-02 ch. 15 §220.3)."""
    return text is not None and text != "" and not text.isspace()
