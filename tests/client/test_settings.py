"""The file of settings: its values, and one clear line for an error."""

from pathlib import Path

import pytest

from client.settings import NetworkSettings, Settings, SettingsError, load, remember_name


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "client.toml"


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_everything_is_as_it_is_by_default(path: Path) -> None:
    assert load(path) == Settings()


def test_all_of_it(path: Path) -> None:
    text = """
        name = "alice"
        network = "home"
        theme = "light"
        bell = false
        notify = true
        highlights = ["release", "build"]
        [networks.home]
        addresses = ["one.example.org:6667", "ircs://two.example.org"]
        tls = true
        rooms = ["#lobby", "#dev"]
        name = "al"
        password = true
        [networks.work]
        addresses = ["localhost:7001"]
    """
    home = NetworkSettings(
        ("one.example.org:6667", "ircs://two.example.org"), tls=True, rooms=("#lobby", "#dev"), name="al", password=True
    )
    work = NetworkSettings(("localhost:7001",))
    expected = Settings("alice", "home", "light", False, True, ("release", "build"), {"home": home, "work": work})
    assert load(written(path, text)) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nmae = 'alice'", "nmae: there is no such setting; there are bell, highlights, name"),
        ("name = 7", "name: 7 is not a text"),
        ("name = 'two words'", "name: 'two words' is not a valid nick"),
        ("name = ''", "name: '' is not a valid nick"),
        ("bell = 'yes'", "bell: 'yes' is not true or false"),
        ("bell = 1", "bell: 1 is not true or false"),
        ("highlights = 'word'", "highlights: 'word' is not a list"),
        ("theme = 'pink'", "theme: 'pink' is none of dark, light"),
        ("network = 'home'", "network: there is no [networks.home]"),
        ("networks = 'home'", "networks: they are written as [networks.NAME]"),
        ("[networks.home]\nadresses = []", "networks.home.adresses: there is no such setting"),
        ("[networks.home]\naddresses = ['http://x']", "networks.home.addresses: 'http://x' is not an address"),
        ("[networks.home]\nrooms = ['lobby']", "networks.home.rooms: 'lobby' is not a valid name for a room"),
        ("[networks.send]", "networks.send: that is the name of a command"),
        ("name = ", "client.toml: "),
    ],
)
def test_what_is_wrong_is_named_in_one_line(path: Path, text: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(written(path, text))
    assert complaint in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_name_is_remembered_above_all_that_is_there(path: Path) -> None:
    remember_name(path, "al[i]ce\\")
    assert load(path).name == "al[i]ce\\"
    written(path, "# mine\nbell = false\n[networks.home]\ntls = true\n")
    remember_name(path, "alice")
    assert (load(path).name, load(path).bell, load(path).networks["home"].tls) == ("alice", False, True)
    assert "# mine" in path.read_text()
