"""Every fault of an edge.toml at once, each with its line, key, value and what was expected."""

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge.check import Book, Fault, dotted, faults
from edge.cli import app
from edge.config import EdgeConfig, EdgeConfigError
from edge.config_file import load
from edge.usable import usable
from runtime import toml_lines

WRONG = """\
agent = "agent-demo"
site = "Demo Site"
colour = 3
[broker]
port = 70000
token = 5

[upload]
token = 12345

[rules.vision]
looks = 0
needed = "three"

[[lift]]
device = "lift-1"
floors = 1

[[camera]]
device = "cam-1"
source = "rtsp://user:hidden@"
zone_kind = "garden"

[[camera]]
device = "lift-1"
looks_per_second = 99

[[camera]]
zone = "no code"
"""


def said(folder: Path, text: str) -> list[str]:
    path = folder / "edge.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(EdgeConfigError) as caught:
        load(path)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_all_faults_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = said(tmp_path, WRONG)
    heads = [": ".join(line.split(": ")[:2]) for line in found]
    assert heads == [
        "2: site",
        "3: colour",
        "5: broker.port",
        "6: broker.token",
        "9: upload.token",
        "12: rules.vision.looks",
        "13: rules.vision.needed",
        "17: lift[0].floors",
        "21: camera[0].source",
        "22: camera[0].zone_kind",
        "25: camera[1].device",
        "26: camera[1].looks_per_second",
        "28: camera[2]",
    ]
    text = "\n".join(found)
    assert "5: broker.port: 70000: expected `int` <= 65535" in text
    assert "unknown key, expected one of agent, broker, camera" in text
    assert "13: rules.vision.needed: 'three': expected `int`, got `str`" in text
    assert "'lift-1' stands twice, first as lift[0].device" in text
    assert "28: camera[2]: device: missing, expected a text" in text


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    text = "\n".join(said(tmp_path, WRONG))
    assert "12345" not in text and "hidden" not in text
    assert "9: upload.token: ***" in text


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('agent = "a-1"\nsite = "s-1"\ncamera = 5\n', 3, "camera"),
        ('agent = "a-1"\nsite = "s-1"\nbroker = "here"\n', 3, "expected a table"),
        ('agent = "a-1"\nsite = "s-1"\n[[lift]]\ndevice = "l-1"\n[[lift]]\n', 5, "device: missing"),
        ('agent = "a-1"\nsite = "s-1"\n[rules]\nvision = { looks = 5, needed = 0 }\n', 4, "rules.vision.needed"),
        ('agent = "a-1"\nsite = "s-1"\nbroker.port = 0\n', 3, "broker.port"),
        ("", 1, "agent: missing"),
        ('agent = "a-1"\nsite = "s-1"\n[rules.vision]\nlooks = 2\n', 4, "needed = 3 of looks = 2"),
        ('agent = "a-1"\nsite = "s-1"\n[[lift]]\ndevice = "l-1"\ncamera = "c-1"\n', 5, "'c-1' is no camera"),
    ],
)
def test_however_it_is_written_the_line_is_named(tmp_path: Path, text: str, line: int, words: str) -> None:
    found = said(tmp_path, text)
    assert any(one.startswith(f"{line}: ") and words in one for one in found), found


def test_what_lies_outside_the_file_is_looked_at_too(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(
        'agent = "a-1"\nsite = "s-1"\nmodels = "/nowhere/models.toml"\n'
        '[broker]\npassword_file = "/nowhere/password"\n'
        '[[camera]]\ndevice = "cam-1"\nsource = "/nowhere/film.mp4"\n'
        '[[lift]]\ndevice = "lift-1"\ndriver = "telepathy"\n'
        '[[lift]]\ndevice = "lift-2"\ndriver = "replay"\npath = "/nowhere/ride"\n',
        "utf-8",
    )
    done = CliRunner().invoke(app, ["check", str(path)])
    assert done.exit_code == 1
    lines = [line.removeprefix(f"sunlit edge: {path}:") for line in done.output.splitlines()]
    assert [line.split(": ")[0] for line in lines] == ["3", "5", "8", "11", "15"]
    assert "models" in lines[0] and "password_file" in lines[1] and "film.mp4" in lines[2]
    assert "'telepathy' is unknown" in lines[3] and "/nowhere/ride" in lines[4]


def test_faults_of_the_text_and_of_what_it_names_come_together(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(
        'agent = "a-1"\nsite = "S 1"\n'
        '[broker]\nport = 70000\npassword_file = "/nowhere/password"\n'
        '[[camera]]\nzone = "no code"\n'
        '[[camera]]\ndevice = "cam-1"\nlooks_per_second = 0\nsource = "/nowhere/film.mp4"\n'
        '[[camera]]\ndevice = "cam-2"\nmodel = "nobody"\n'
        '[[camera.area]]\nname = "x"\nkind = "garden"\ncorners = [[0, 0]]\n'
        '[[lift]]\ndevice = "cam-1"\n'
        '[[lift]]\ndevice = "lift-1"\ndriver = "telepathy"\n',
        "utf-8",
    )
    done = CliRunner().invoke(app, ["check", str(path)])
    lines = [line.removeprefix(f"sunlit edge: {path}:") for line in done.output.splitlines()]
    assert [line.split(": ")[0] for line in lines] == ["2", "4", "5", "6", "10", "11", "14", "17", "18", "20", "23"]
    assert "/nowhere/password" in lines[2] and "film.mp4" in lines[5]
    assert "camera[2].model" in lines[6] and "'nobody' is not in the registry" in lines[6]
    assert "lift[1].driver" in lines[10] and "telepathy" in lines[10]


@settings(deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["agent", "camera", "device", "area", "rules", "vision", "looks", 0, 1, 7]), max_size=5
        )
    )
)
def test_whatever_is_taken_out_the_rest_is_a_configuration_or_none(paths: list[list[str | int]]) -> None:
    content = tomllib.loads(WRONG)
    found = [*faults(content, EdgeConfig), *(Fault(tuple(path), "") for path in paths)]
    rest = usable(content, found)
    if rest is not None:
        config, places = rest
        assert len(config.camera) == len(places.get("camera", []))


KEY = st.sampled_from(["alpha", "beta-1", '"quoted key"', "'lite.ral'", "_x"])
LEAF = st.sampled_from(
    ["1", "-2.5e3", "true", '"a # no comment \\" still"', "'lit]}eral'", "1979-05-27T07:32:00Z", '"""two\nlines"""']
)


def inline(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.lists(inner, max_size=3).map(lambda items: "[ # why\n" + ",\n  ".join(items) + "\n]")
    pairs = st.dictionaries(KEY, inner, max_size=3)
    return lists | pairs.map(lambda items: "{ " + ", ".join(f"{k} = {v}" for k, v in items.items()) + " }")


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["plain", "many", "many.inner"]),
            st.dictionaries(KEY, st.recursive(LEAF, inline, max_leaves=6), max_size=4),
            st.sampled_from(["", "\n", "# a [comment] = 3\n"]),
        ),
        max_size=6,
    )
)
def test_any_toml_has_its_keys_on_the_lines_where_they_stand(
    tables: list[tuple[str, dict[str, str], str]],
) -> None:
    text, starts = "", {}
    counts = {"plain": 0, "many": -1, "many.inner": -1}
    for kind, pairs, blank in tables:
        text += blank
        if kind == "plain":
            name: tuple[str | int, ...] = (f"plain{counts['plain']}",)
            counts["plain"] += 1
            text += f"[{name[0]}]\n"
        elif kind == "many":
            counts["many"], counts["many.inner"] = counts["many"] + 1, -1
            name = ("many", counts["many"])
            text += "[[ many ]]  # one more\n"
        else:
            if counts["many"] < 0:
                continue
            counts["many.inner"] += 1
            name = ("many", counts["many"], "inner", counts["many.inner"])
            text += "[[many.inner]]\n"
        for key, value in pairs.items():
            starts[(*name, key.strip("\"'"))] = text.count("\n") + 1
            text += f"  {key} = {value}\n"
    content = tomllib.loads(text)
    found = toml_lines.lines(text)
    assert set(found) == set(paths(content, ())), text
    assert {where: found[where] for where in starts} == starts, text


def paths(value: object, where: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, one in inner for path in ((*where, key), *paths(one, (*where, key)))]


@settings(deadline=None)
@given(st.sampled_from(["looks", "needed", "window_s", "repeat_s", "turned_away_s"]), st.integers(0, 20))
def test_a_broken_value_is_named_on_its_line(key: str, blank: int) -> None:
    text = 'agent = "a-1"\nsite = "s-1"\n' + "# nothing\n" * blank + f"[rules.vision]\n{key} = {json.dumps('x')}\n"
    book = Book("edge.toml", text)
    (fault,) = faults(book.content, EdgeConfig)
    assert dotted(fault.where) == f"rules.vision.{key}"
    assert book.say(fault).startswith(f"edge.toml:{4 + blank}: ")


def test_files_of_a_connection_are_looked_at(tmp_path: Path) -> None:
    def check(broker: str) -> list[str]:
        path = tmp_path / "edge.toml"
        path.write_text(f'agent = "a1"\nsite = "s1"\n[broker]\n{broker}', "utf-8")
        done = CliRunner().invoke(app, ["check", str(path)])
        return [line.partition(f"{path}:")[2] for line in done.output.splitlines() if done.exit_code]

    gone = json.dumps(str(tmp_path / "gone"))
    assert check(f"tls_cert = {gone}\n") == ["3: broker.tls_key: missing, expected tls_cert and tls_key together"]
    pair = f"tls_cert = {gone}\ntls_key = {gone}\n"
    assert check(pair) == ["3: broker.tls_ca: missing, expected the authority's certificate beside tls_cert"]
    old = f"protocol = 4\ntls_ca = {gone}\n{pair}"
    assert check(old)[0].startswith("4: broker.protocol: 4, expected 5 with tls_cert")
    found = check(f"tls_ca = {gone}\n{pair}")
    assert [line.partition(" cannot be read")[0] for line in found] == [
        f"{number}: broker.{key}: '{tmp_path / 'gone'}'"
        for number, key in ((4, "tls_ca"), (5, "tls_cert"), (6, "tls_key"))
    ]
