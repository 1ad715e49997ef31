"""Settings: a fault is one line that names file, key and value."""

from pathlib import Path

import pytest

from runtime.settings import SettingsError, load


def write(folder: Path, text: str) -> Path:
    path = folder / "sunlit.toml"
    path.write_text(text, "utf-8")
    return path


def test_file_then_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, '[broker]\nhost = "broker.example"\nport = 1884\n')
    monkeypatch.setenv("SUNLIT_BROKER__PORT", "1999")
    settings = load(path)
    assert settings.broker.host == "broker.example"
    assert settings.broker.port == 1999


def test_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNLIT_CONFIG", str(write(tmp_path, "[ingest]\nbatch = 7\n")))
    assert load().ingest.batch == 7


def test_secret_by_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n", "utf-8")
    path = write(tmp_path, f'[broker]\npassword_file = "{tmp_path}/secret"\n')
    password = load(path).broker.password
    assert password is not None
    assert password.get_secret_value() == "s3cret"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[broker]\nprot = 5\n", r"sunlit\.toml: broker\.prot: unknown key"),
        ("[brocker]\n", r"sunlit\.toml: brocker: unknown key"),
        ("[broker]\nport = 70000\n", r"broker\.port: 70000: .*65535"),
        ("[broker]\nport = 'x'\n", r"broker\.port: 'x': .*integer"),
        ("[broker\n", r"sunlit\.toml: not TOML"),
        ('[broker]\npassword_file = "/nowhere/x"\n', r"password_file: '/nowhere/x' cannot be read"),
    ],
)
def test_a_fault_is_one_clear_line(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(SettingsError, match=expected) as caught:
        load(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read"):
        load(tmp_path / "none.toml")


def test_a_wrong_secret_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(write(tmp_path, "[broker]\npassword = 12345\n"))
    assert "12345" not in str(caught.value)
