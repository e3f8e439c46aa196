"""Text that the terminal prints, freed of its layout."""


def unboxed(output: str) -> str:
    """The words of a message that the terminal breaks over lines of a box."""
    return " ".join(word for word in output.split() if word != "\N{BOX DRAWINGS LIGHT VERTICAL}")
