"""How a server is guarded: decided once, before it answers anybody."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from bowerbird.access import KeyRing
from bowerbird.errors import ConfigError
from bowerbird.store import Keys

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""What a browser on this machine asks for."""


@dataclass(frozen=True, eq=False)
class Access:
    """How a server is guarded.

    ring     the keys that open it; None = whoever reaches the server may do everything
    hosts    names that a request may ask for in its Host header; None = any. Without it, a page from elsewhere whose name is made to
             mean this machine (DNS rebinding) could talk to an open server on loopback through its visitor's browser
    origins  pages of which sites may call from a browser (CORS): `https://shop.example`
    raises   ConfigError for an origin that is none; "*" is none, since it would be everybody
    """

    ring: KeyRing | None = None
    hosts: frozenset[str] | None = None
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for origin in self.origins:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}" or "*" in origin or "@" in origin:
                raise ConfigError(f"origin: must look like https://shop.example, with no path and no *, got {origin!r}")


def access_for(keys: Keys, listener: socket.socket, *, open_to_all: bool = False, origins: Sequence[str] = ()) -> Access:
    """Keys guard the server as soon as one was ever made. Without any it answers on loopback alone, unless it is said to be open.

    raises  ConfigError where others than this machine could reach a server that nothing guards; StoreError
    """
    if open_to_all:
        return Access(origins=tuple(origins))
    if keys.any():
        return Access(KeyRing(keys), origins=tuple(origins))
    return access_alone(listener, origins)


def access_alone(listener: socket.socket, origins: Sequence[str] = ()) -> Access:
    """Everything is allowed to this machine, and nothing can be reached from another.

    raises  ConfigError where it can
    """
    address = listener.getsockname()[0]
    if not ip_address(address.partition("%")[0]).is_loopback:
        raise ConfigError(
            f"host: {address} can be reached from other machines, and no API key guards the server; make one with "
            "`bowerbird keys create`, or say --open to let everyone do everything"
        )
    return Access(hosts=LOOPBACK, origins=tuple(origins))
