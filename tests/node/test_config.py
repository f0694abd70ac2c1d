"""A node's folder and settings: read back as written, and each bad one said plainly."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confednode import config
from confednode.config import Home, Settings, joined, split_listen
from confednode.errors import ConfigError, NodeReason


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(path=tmp_path)


def refusal(home: Home, **environ: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        config.load(home, environ)
    return caught.value


def test_home_every_path_lies_in_it(home: Home) -> None:
    paths = (home.config, home.database, home.socket, home.node_key, home.keys)
    assert {path.parent for path in paths} == {home.path}
    assert len(set(paths)) == 5
    assert (home.socket.name, home.database.name) == ("control.sock", "node.db")


def test_default_home_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/h")
    assert config.default_home({}) == Path("/h/.local/share/confed")
    assert config.default_home({"XDG_DATA_HOME": "/x"}) == Path("/x/confed")
    assert config.default_home({"XDG_DATA_HOME": "/x", "CONFED_HOME": "/c"}) == Path("/c")


def test_load_environment_overrides_the_file(home: Home) -> None:
    config.write(home, Settings(network="n", listen="127.0.0.1:1"))
    assert config.load(home, {}) == Settings(network="n", listen="127.0.0.1:1")
    changed = config.load(home, {"CONFED_LISTEN": "[::1]:0", "CONFED_HOME": "/else"})
    assert changed == Settings(network="n", listen="[::1]:0")


names = st.text(st.characters(codec="utf-8"), max_size=80)


@given(names)
def test_write_any_network_name_is_read_back_or_was_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    home = Home(path=tmp_path_factory.mktemp("home"))
    settings = Settings(network=name)
    try:
        config.check(settings)
    except ConfigError:
        return
    config.write(home, settings)
    assert config.load(home, {}) == settings


@pytest.mark.parametrize(
    "name", ["", "n" * 65, "a\nlisten = 1", "a\x7f", "\ud800", "a\u202eb", "\x1b[2J"]
)
def test_check_network_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.check(Settings(network=name))
    assert caught.value.reason is NodeReason.CONFIG_INVALID


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a'b", "Zürich", "a b"])
def test_write_name_with_quotes_is_read_back(home: Home, name: str) -> None:
    config.write(home, config.check(Settings(network=name)))
    assert config.load(home, {}).network == name


def test_write_never_overwrites(home: Home) -> None:
    config.write(home, Settings())
    before = home.config.read_bytes()
    with pytest.raises(ConfigError) as caught:
        config.write(home, Settings(network="other"))
    assert caught.value.reason is NodeReason.HOME_EXISTS
    assert home.config.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"listen = 7", b"lisen = 'a:1'", b"network", b"\xff\xfe", b"a = " + b"[" * 5_000, b"x = 1979"],
)
def test_load_file_of_another_form_is_refused_with_its_path(home: Home, content: bytes) -> None:
    home.config.write_bytes(content)
    error = refusal(home)
    assert (error.reason, error.exit_code) == (NodeReason.CONFIG_INVALID, 2)
    assert str(home.config) in error.message


def test_load_missing_folder_or_file_is_refused(home: Home) -> None:
    assert refusal(home).reason is NodeReason.HOME_MISSING
    assert refusal(Home(path=home.path / "none")).reason is NodeReason.HOME_MISSING
    file = home.path / "file"
    file.write_text("")
    assert refusal(Home(path=file)).reason is NodeReason.HOME_ACCESS


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("0.0.0.0:7330", "0.0.0.0", 7330),
        ("[::1]:0", "::1", 0),
        ("[::]:65535", "::", 65_535),
        ("node.example:1", "node.example", 1),
    ],
)
def test_split_listen_and_joined_are_inverse(listen: str, host: str, port: int) -> None:
    assert split_listen(listen) == (host, port)
    assert joined(host, port) == listen


@pytest.mark.parametrize(
    "listen", ["", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.1:0", "::1:0", "a b:1"]
)
def test_split_listen_other_form_is_refused(home: Home, listen: str) -> None:
    with pytest.raises(ConfigError) as caught:
        split_listen(listen)
    assert (caught.value.reason, caught.value.exit_code) == (NodeReason.ADDRESS_INVALID, 2)
    config.write(home, Settings())
    assert refusal(home, CONFED_LISTEN=listen).reason is NodeReason.ADDRESS_INVALID
