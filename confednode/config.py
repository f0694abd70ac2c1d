"""A node's folder and its settings: `config.toml`, overridden by CONFED_... variables."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from confednode.errors import ConfigError, NodeReason
from confedproto.clean import text_is_clean
from confedproto.errors import DecodeError
from confedproto.ids import NetworkId, network_id
from confedproto.limits import DISK_BYTES, INT_MAX
from confedproto.text import parse_address

NETWORK_DEFAULT: Final = "confed"
DISK_MB_DEFAULT: Final = DISK_BYTES // 2**20
DISK_MB_MIN: Final = 64  # below this the share of one council holds no history
LISTEN_DEFAULT: Final = "0.0.0.0:7330"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator may set. `listen` is HOST:PORT, port 0 for any free one."""

    network: str = NETWORK_DEFAULT
    listen: str = LISTEN_DEFAULT
    proxy: str = ""  # HOST:PORT of a SOCKS5 proxy through which every link is dialled
    inside: bool = False  # dial addresses of this machine and its own network
    disk_mb: int = DISK_MB_DEFAULT  # records of all councils, in MiB: the bound of the database


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The folder of one node; every path in it has its name here."""

    path: Path

    @property
    def config(self) -> Path:
        """The settings."""
        return self.path / "config.toml"

    @property
    def database(self) -> Path:
        """The SQLite database; only the running node opens it."""
        return self.path / "node.db"

    @property
    def socket(self) -> Path:
        """The control socket of the running node."""
        return self.path / "control.sock"

    @property
    def node_key(self) -> Path:
        """The server's own keys: no authority, but needed to run."""
        return self.path / "node.key"

    @property
    def counter(self) -> Path:
        """How far the log was signed, outside of the database (RES-4)."""
        return self.path / "node.counter"

    @property
    def requests(self) -> Path:
        """Sign requests that still lack signatures."""
        return self.path / "requests"

    @property
    def keys(self) -> Path:
        """Keyholders' and delegates' key files; belongs off the server in earnest use."""
        return self.path / "keys"


def default_home(environ: Mapping[str, str] = os.environ) -> Path:
    """CONFED_HOME, or the user's data folder."""
    named = environ.get("CONFED_HOME")
    if named:
        return Path(named)
    data = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "confed"


def load(home: Home, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force. Raises ConfigError HOME_MISSING or CONFIG_INVALID."""
    try:
        raw = home.config.read_bytes()
    except FileNotFoundError:
        raise ConfigError(NodeReason.HOME_MISSING, f"no council lives in {home.path}") from None
    except OSError as error:
        raise ConfigError(NodeReason.HOME_ACCESS, f"{home.config}: {error.strerror}") from error
    try:
        settings = msgspec.toml.decode(raw, type=Settings)
    except msgspec.DecodeError as error:
        raise ConfigError(NodeReason.CONFIG_INVALID, f"{home.config}: {error}") from error
    except (UnicodeDecodeError, RecursionError):
        raise ConfigError(NodeReason.CONFIG_INVALID, f"{home.config} is no TOML") from None
    changed = {
        name: environ[variable]
        for name in ("network", "listen", "proxy")
        if (variable := f"CONFED_{name.upper()}") in environ
    }
    return check(msgspec.structs.replace(settings, **changed))


def check(settings: Settings) -> Settings:
    """The settings, if each can be used. Raises ConfigError."""
    split_listen(settings.listen)
    if settings.proxy:
        split_listen(settings.proxy)
    if not DISK_MB_MIN <= settings.disk_mb <= INT_MAX // 2**20:
        raise ConfigError(NodeReason.CONFIG_INVALID, f"disk_mb: {DISK_MB_MIN} or more")
    name = settings.network
    if not 1 <= len(name) <= 64 or not name.isprintable() or not text_is_clean(name):
        raise ConfigError(NodeReason.CONFIG_INVALID, "network: 1 to 64 printable characters")
    return settings


def split_listen(listen: str) -> tuple[str, int]:
    """Host and port of a listening address; port 0 asks for any free one.

    The host is as sockets take it: an IPv6 one without its brackets.
    """
    host, _, port = listen.rpartition(":")
    any_port = port == "0"
    try:
        address = parse_address(f"{host}:1" if any_port else listen)
    except DecodeError as error:
        raise ConfigError(NodeReason.ADDRESS_INVALID, f"{listen}: {error.reason}") from None
    return address.host, 0 if any_port else address.port


def joined(host: str, port: int) -> str:
    """The one text of a host and port: the inverse of `split_listen`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def write(home: Home, settings: Settings) -> None:
    """Write the settings of a new node, checked before. Raises ConfigError HOME_*."""
    # A JSON string of printable characters is a TOML string too.
    lines = "".join(
        f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
        for name, value in msgspec.structs.asdict(settings).items()
    )
    try:
        with home.config.open("x", encoding="utf-8") as file:
            file.write(lines)
    except FileExistsError:
        raise ConfigError(NodeReason.HOME_EXISTS, f"{home.config} exists already") from None
    except OSError as error:
        raise ConfigError(NodeReason.HOME_ACCESS, f"{home.config}: {error.strerror}") from error


def network_of(settings: Settings) -> NetworkId:
    """The id of the network that the settings name."""
    return network_id(settings.network)
