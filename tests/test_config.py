"""Settings: the order of the sources, every form of a value, and errors that name setting and source."""

import dataclasses
from ipaddress import ip_network
from pathlib import Path

import pytest

from gateway import config
from gateway.config import Address, ConfigError, Settings, load, reload, table

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA"


def write(path: Path, text: str) -> str:
    path.write_text(text, "utf-8")
    return str(path)


# --- sources -------------------------------------------------------------------------------------------


def test_defaults_need_nothing() -> None:
    settings = load({}, {})
    assert settings == Settings()
    assert settings.listen == (Address("tcp4", "127.0.0.1", 6667), Address("tcp4", "127.0.0.1", 8067))
    assert settings.redis is None
    assert "." in settings.name


def test_option_before_environment_before_file_before_default(tmp_path: Path) -> None:
    file = write(tmp_path / "hubbub.toml", 'network = "File"\nlobby = "#file"\nlanes = 2\n')
    environ = {"HUBBUB_CONFIG": file, "HUBBUB_NETWORK": "Environ", "HUBBUB_LANES": "3"}
    settings = load({"lanes": "4", "network": None}, environ)
    assert (settings.lanes, settings.network, settings.lobby, settings.prefix) == (
        4,
        "Environ",
        "#file",
        "hubbub:",
    )
    assert settings.config_file == Path(file)


def test_an_empty_text_is_as_good_as_none() -> None:
    settings = load({"network": "", "listen": ()}, {"HUBBUB_REDIS": "", "HUBBUB_LANES": ""})
    assert settings == Settings()


def test_every_setting_can_come_from_a_variable_and_from_the_file(tmp_path: Path) -> None:
    texts = {
        "listen": "0.0.0.0:7000", "redis": "redis://r:6379/1", "data_dir": "/srv/d",
        "name": "irc.example.org", "network": "Net", "prefix": "p:", "lanes": "2",
        "admin": "127.0.0.1:9100", "tls_cert": "/c", "tls_key": "/k", "trusted_proxies": "10.0.0.0/8",
        "web_origins": "https://chat.example",
        "log_format": "json", "flood_rate": "0", "flood_burst": "5", "max_per_ip": "0",
        "connect_rate": "1.5", "connect_burst": "9", "new_rooms_per_hour": "0",
        "sendq_bytes": "65536", "sendq_total_bytes": "9999999",
        "ping_interval_s": "60", "lease_s": "2.5", "history_messages": "100", "history_bytes": "99999",
        "history_age_s": "3600", "join_history_messages": "7", "drain_s": "1",
        "retry_queue_bytes": "9999", "retry_queue_age_s": "9",
        "redis_wait_replicas": "1",
        "lobby": "#hall", "icon": "https://chat.example/i?a=b", "motd_file": "/m", "cloak_key": "k", "password": "p",
    }  # fmt: skip
    assert list(texts) == [row.name for row in table()]
    by_variable = load({}, {f"HUBBUB_{name.upper()}": text for name, text in texts.items()})
    file = write(tmp_path / "c.toml", "".join(f"{name} = '{text}'\n" for name, text in texts.items()))
    by_file = dataclasses.replace(load({"config": file}, {}), config_file=None)
    assert by_variable == by_file
    assert [row.name for row in table() if getattr(by_variable, row.name) == row.default()] == []


def test_numbers_and_lists_of_the_file(tmp_path: Path) -> None:
    file = write(
        tmp_path / "c.toml",
        'lanes = 3\nflood_rate = 0.5\nlisten = ["127.0.0.1:1", "[::1]:2", "unix:/run/h.sock"]\n',
    )
    settings = load({"config": file}, {})
    assert (settings.lanes, settings.flood_rate) == (3, 0.5)
    assert [str(address) for address in settings.listen] == ["127.0.0.1:1", "[::1]:2", "unix:/run/h.sock"]


def test_many_values_by_repetition_and_by_commas() -> None:
    by_option = load({"listen": ["127.0.0.1:1", "[::1]:2"]}, {}).listen
    by_variable = load({}, {"HUBBUB_LISTEN": "127.0.0.1:1, [::1]:2"}).listen
    assert by_option == by_variable == (Address("tcp4", "127.0.0.1", 1), Address("tcp6", "::1", 2))
    proxies = load({"trusted_proxies": ["10.0.0.0/8,::1", "192.168.1.7"]}, {}).trusted_proxies
    assert proxies == (ip_network("10.0.0.0/8"), ip_network("::1"), ip_network("192.168.1.7/32"))


def test_unknown_variables_only_warn() -> None:
    (warning,) = load({}, {"HUBBUB_LANSE": "2", "HOME": "/"}).warnings
    assert "HUBBUB_LANSE" in warning


# --- secrets -------------------------------------------------------------------------------------------


def test_a_secret_comes_from_a_file_too(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", "s3cret \n")
    assert load({}, {"HUBBUB_PASSWORD_FILE": secret}).password == "s3cret "
    file = write(tmp_path / "c.toml", f"password_file = '{secret}'\n")
    assert load({"config": file}, {}).password == "s3cret "


def test_secrets_are_not_in_the_repr() -> None:
    settings = load({}, {"HUBBUB_PASSWORD": "hush1", "HUBBUB_CLOAK_KEY": "hush2", "HUBBUB_REDIS": "redis://:hush3@h"})
    assert "hush" not in repr(settings)


def test_a_wrong_redis_url_does_not_show_its_password() -> None:
    with pytest.raises(ConfigError) as raised:
        load({}, {"HUBBUB_REDIS": "http://:hush@host"})
    assert "hush" not in str(raised.value)


def test_only_secrets_have_a_file_form() -> None:
    assert "HUBBUB_LOBBY_FILE" in load({}, {"HUBBUB_LOBBY_FILE": "/x"}).warnings[0]


# --- operators -----------------------------------------------------------------------------------------


def test_operators_are_sections_of_the_file(tmp_path: Path) -> None:
    file = write(tmp_path / "c.toml", f'[operators.alice]\npassword_hash = "{HASH}"\n')
    assert load({"config": file}, {}).operators == {"alice": HASH}


@pytest.mark.parametrize(
    "section",
    [
        "[operators.alice]\npassword_hash = 'plain'",
        "[operators.alice]\npassword = 'x'",
        "operators = 'alice'",
    ],
)
def test_an_operator_without_a_proper_hash_is_an_error(tmp_path: Path, section: str) -> None:
    with pytest.raises(ConfigError, match="hash-password"):
        load({"config": write(tmp_path / "c.toml", section)}, {})


# --- errors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("listen", "6667", "is not HOST:PORT"),
        ("listen", ":6667", "all interfaces"),
        ("listen", "::1:6667", "needs brackets"),
        ("listen", "[::g]:1", "not an IPv6 address"),
        ("listen", "h:65536", "not a port"),
        ("listen", "h:-1", "not a port"),
        ("listen", "unix:run/x", "absolute path"),
        ("listen", "unix:/" + 107 * "x", "at most 107 bytes"),
        ("redis", "localhost:6379", "not a redis://"),
        ("name", "nodot", "server name"),
        ("network", "two words", "one word"),
        ("lanes", "0", "not between 1 and 256"),
        ("lanes", "two", "not a whole number"),
        ("flood_rate", "-1", "at least 0"),
        ("flood_rate", "nan", "at least 0"),
        ("lease_s", "inf", "at least 1"),
        ("lobby", "lobby", "not a room"),
        ("trusted_proxies", "10.0.0.0/33", "not an address or a range"),
        ("web_origins", "chat.example.org", "not an origin"),
        ("web_origins", "https://chat.example.org/", "not an origin"),
        ("icon", "chat.example.org/icon.svg", "not an address"),
        ("icon", "https://chat.example.org/i con.svg", "not an address"),
        ("log_format", "xml", "not one of console, json"),
    ],
)
def test_a_wrong_value_names_setting_source_and_problem(tmp_path: Path, name: str, text: str, problem: str) -> None:
    file = write(tmp_path / "c.toml", f"{name} = '{text}'\n")
    for options, environ, source in (
        ({name: text}, {}, f"option --{name.replace('_', '-')}"),
        ({}, {f"HUBBUB_{name.upper()}": text}, f"variable HUBBUB_{name.upper()}"),
        ({"config": file}, {}, f"{name} in {file}"),
    ):
        with pytest.raises(ConfigError) as raised:
            load(options, environ)
        assert (raised.value.setting, raised.value.source) == (name, source)
        assert problem in raised.value.problem
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "setting", "problem"),
    [
        ("lanse = 2", "lanse", "unknown setting"),
        ("lobby_file = '/x'", "lobby_file", "unknown setting"),
        ("lanes = true", "lanes", "not a text or a number"),
        ("lanes = [1]", "lanes", "not a list"),
        ("lanes =", "config", "not valid TOML"),
        ("password = 'a'\npassword_file = 'b'", "password", "remove one"),
        ("password_file = '/nowhere/x'", "password", "cannot be read"),
        ('password_file = "a\\u0000b"', "password", "cannot be read"),
        ('motd_file = "a\\u0000b"', "motd_file", "contains a NUL"),
        ("motd_file = '~nobody-of-this-name/motd'", "motd_file", "no home directory"),
        (f"lanes = 0x{'f' * 6000}", "lanes", "too large"),
        (f"lanes = {'9' * 6000}", "config", "not valid TOML"),
        (f"lanes = {'[' * 9000}", "config", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, setting: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as raised:
        load({"config": write(tmp_path / "c.toml", text)}, {})
    assert raised.value.setting == setting


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load({"config": str(tmp_path / "none.toml")}, {})
    with pytest.raises(ConfigError, match="contains a NUL"):
        load({}, {"HUBBUB_CONFIG": "a\0b"})


@pytest.mark.parametrize("alone", ["tls_cert", "tls_key"])
def test_certificate_and_key_come_together(alone: str) -> None:
    with pytest.raises(ConfigError, match="requires tls_"):
        load({alone: "/some/file"}, {})


# --- reload --------------------------------------------------------------------------------------------


def test_a_reload_takes_what_it_can_and_names_what_needs_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    settings = load({"config": write(path, "flood_burst = 5\nlanes = 1\n")}, {"HUBBUB_MAX_PER_IP": "7"})
    write(path, f'flood_burst = 6\nlanes = 2\nmax_per_ip = 9\n[operators.bob]\npassword_hash = "{HASH}"\n')
    fresh, kept = reload(settings)
    assert (fresh.flood_burst, fresh.lanes, fresh.max_per_ip) == (6, 1, 7)
    assert fresh.operators == {"bob": HASH}
    assert kept == ("lanes",)


def test_a_reload_of_a_wrong_file_raises_and_leaves_the_old_settings(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    settings = load({"config": write(path, "flood_burst = 5\n")}, {})
    write(path, "flood_burst = 'many'\n")
    with pytest.raises(ConfigError):
        reload(settings)
    assert settings.flood_burst == 5


def test_settings_made_by_hand_have_nothing_to_reload() -> None:
    settings = Settings(lanes=3)
    assert reload(settings) == (settings, ())


@pytest.mark.parametrize("host", ["box", "box.example.org", "Bär_1", ".", "x" * 64])
def test_any_host_name_makes_a_server_name(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: host)
    name = load({}, {}).name
    assert config.load({"name": name}, {}).name == name
