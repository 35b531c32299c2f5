"""Texts that people wrote, from the bytes of their files."""

from fieldfare.kernel.errors import BadInput


def utf8_text(data: bytes, *, name: str) -> str:
    """Decode UTF-8, line ends as they are. Raises BadInput that names what it is the text of."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as e:
        message = f"{name} is no text in UTF-8: its byte {e.start} is {data[e.start]:#04x}"
        raise BadInput(message, hint="Save it as UTF-8.") from e
