"""Settings of the console's process."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from services.kit.settings import KitSettings


class WebSettings(KitSettings):
    """Where the services answer, as `name=http://host:port`, comma separated. Those alone are reached through here."""

    web_services: Annotated[str, Field(min_length=1)]

    @field_validator("web_services")
    @classmethod
    def _named_addresses(cls, value: str) -> str:
        for name, address in _pairs(value):
            parts = urlsplit(address)
            if not name.isidentifier() or parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
                raise ValueError("must be name=http://host:port, comma separated")
        return value

    def addresses(self) -> dict[str, str]:
        """Each service's address, without a slash at the end."""
        return {name: address.rstrip("/") for name, address in _pairs(self.web_services)}


def _pairs(value: str) -> list[tuple[str, str]]:
    return [(name.strip(), address.strip()) for name, _, address in (one.partition("=") for one in value.split(","))]
