"""What a person typed: a path or an address."""


def is_url(text: str) -> bool:
    """Whether a query is an http(s) address rather than a path."""
    return text.lower().startswith(("http://", "https://"))
