"""The configuration in force: five layers, and each value knows where it comes from."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cli.settings import VARIABLES, Loaded, load_settings, user_file
from events.errors import SettingsInvalidError
from events.settings import Archetype, Settings

Load = Callable[..., Loaded]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    return tmp_path / "shop"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The user's own file, not yet written."""
    (tmp_path / "config" / "trackside").mkdir(parents=True)
    return tmp_path / "config" / "trackside" / "trackside.toml"


@pytest.fixture
def load(shop: Path, mine: Path) -> Load:
    def load(flags: Mapping[str, object] | None = None, **environment: str) -> Loaded:
        config = {"XDG_CONFIG_HOME": str(mine.parents[1])}
        return load_settings(shop, config | environment, flags or {})

    return load


def problems(load: Load, **environment: object) -> list[str]:
    with pytest.raises(SettingsInvalidError) as refused:
        load(**environment)
    return list(refused.value.problems)


# --- layers -------------------------------------------------------------------------------------


def test_with_nothing_written_the_defaults_are_in_force(load: Load) -> None:
    loaded = load()
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}
    assert loaded.origins["limits.turns"] == "default"


def test_each_layer_wins_over_the_one_before(load: Load, shop: Path, mine: Path) -> None:
    mine.write_text("workers = 2\n[limits]\nturns = 2\nstuck_after = 2\nmodel_tries = 2\n")
    (shop / "trackside.toml").write_text("[limits]\nturns = 3\nstuck_after = 3\nmodel_tries = 3\n")
    loaded = load(
        TRACKSIDE_LIMITS_STUCK_AFTER="4", TRACKSIDE_LIMITS_MODEL_TRIES="4",
        flags={"limits.model_tries": 5},
    )  # fmt: skip
    keys = ["workers", "limits.turns", "limits.stuck_after", "limits.model_tries", "limits.wall_s"]
    limits = loaded.settings.limits
    assert (loaded.settings.workers, limits.turns, limits.stuck_after, limits.model_tries) == (
        2, 3, 4, 5,
    )  # fmt: skip
    assert [loaded.origins[key] for key in keys] == [
        str(mine), "trackside.toml", "TRACKSIDE_LIMITS_STUCK_AFTER", "command line", "default",
    ]  # fmt: skip


def test_the_repository_may_speak_through_its_pyproject(load: Load, shop: Path) -> None:
    (shop / "pyproject.toml").write_text("[tool.trackside]\nworkers = 2\n[tool.other]\nx = 1\n")
    loaded = load()
    assert (loaded.settings.workers, loaded.origins["workers"]) == (2, "pyproject.toml")


@pytest.mark.parametrize("text", ["[project]\nname = ", "[tool.ruff]\n", "[project]\nname = 1\n"])
def test_a_pyproject_that_is_not_about_us_is_left_alone(load: Load, shop: Path, text: str) -> None:
    (shop / "pyproject.toml").write_text(text)
    assert load().settings == Settings()


def test_both_files_of_a_repository_are_one_too_many(load: Load, shop: Path) -> None:
    (shop / "pyproject.toml").write_text("[tool.trackside]\nworkers = 2\n")
    (shop / "trackside.toml").write_text("workers = 3\n")
    assert problems(load) == [
        "trackside.toml and [tool.trackside] in pyproject.toml: keep one of them"
    ]


def test_archetypes_are_joined_key_by_key(load: Load, shop: Path, mine: Path) -> None:
    mine.write_text('[archetypes.clerk]\nprompt = "Be kind."\n[archetypes."a.b"]\n')
    (shop / "trackside.toml").write_text('[archetypes.clerk]\ntrust = "step"\n')
    loaded = load()
    assert loaded.settings.archetypes == {
        "clerk": Archetype(prompt="Be kind.", trust="step"),
        "a.b": Archetype(),
    }
    assert loaded.origins["archetypes.clerk.trust"] == "trackside.toml"
    assert loaded.origins['archetypes."a.b"'] == str(mine)


def test_an_empty_archetype_takes_nothing_away(load: Load, shop: Path, mine: Path) -> None:
    mine.write_text('[archetypes.clerk]\nprompt = "Be kind."\n')
    (shop / "trackside.toml").write_text("[archetypes.clerk]\n")
    assert load().settings.archetypes == {"clerk": Archetype(prompt="Be kind.")}


def test_an_empty_file_says_nothing(load: Load, shop: Path) -> None:
    (shop / "trackside.toml").write_text("\n")
    assert load().settings == Settings()


def test_a_policy_file_of_the_user_is_found_beside_the_configuration(
    load: Load, mine: Path
) -> None:
    mine.write_text('policy = "careful.toml"\n')
    assert load().settings.policy == str(mine.parent / "careful.toml")


def test_the_home_of_nobody_is_no_home(load: Load, mine: Path, shop: Path) -> None:
    mine.write_text('policy = "~nobody-of-that-name/p.toml"\n')
    assert load().settings.policy == str(mine.parent / "~nobody-of-that-name" / "p.toml")
    mine.unlink()
    (shop / "trackside.toml").write_text('policy = "~nobody-of-that-name/p.toml"\n')
    assert any("is a file of rules" in problem for problem in problems(load))


MODELS = """
[models]
ladder = ["scripted:a.json", "scripted:/b.json", "gemini-2.5-pro"]
qa = "recorded:demo+scripted:../c.json"
fallback = "recorded:runs/demo"
[archetypes.dev]
model = "scripted:d.json"
"""


@pytest.mark.parametrize("whose", ["shop", "mine"])
def test_a_relative_path_in_the_name_of_a_model_is_meant_from_the_folder_of_its_file(
    load: Load, shop: Path, mine: Path, whose: str
) -> None:
    folder = shop if whose == "shop" else mine.parent
    (folder / "trackside.toml").write_text(MODELS)
    settings = load().settings
    assert settings.models.ladder == (
        f"scripted:{folder}/a.json", "scripted:/b.json", "gemini-2.5-pro",
    )  # fmt: skip
    assert settings.models.qa == f"recorded:demo+scripted:{folder}/../c.json"
    assert settings.models.fallback == f"recorded:{folder}/runs/demo"
    assert settings.archetypes["dev"].model == f"scripted:{folder}/d.json"


def test_a_relative_path_that_no_file_says_is_meant_from_the_current_folder(
    load: Load, shop: Path
) -> None:
    models = {"models.ladder": ["scripted:a.json"]}
    assert load(flags=models).settings.models.ladder == ("scripted:a.json",)
    (shop / "trackside.toml").write_text('[models]\nqa = "scripted:"\n')
    assert load().settings.models.qa == "scripted:"
    loaded = load(TRACKSIDE_MODELS_QA="scripted:a.json")
    assert loaded.settings.models.qa == "scripted:a.json"


def test_the_users_file_lies_in_the_config_folder() -> None:
    ours = "trackside/trackside.toml"
    assert user_file({"XDG_CONFIG_HOME": "/etc/me"}) == Path("/etc/me", ours)
    assert user_file({"XDG_CONFIG_HOME": "me", "HOME": "/home/x"}) == Path("/home/x/.config", ours)
    assert user_file({}) == Path.home() / ".config" / ours


# --- the environment ----------------------------------------------------------------------------


def test_a_tool_that_there_is_not_is_refused_with_those_there_are(load: Load, mine: Path) -> None:
    mine.write_text('[archetypes.clerk]\ntools = ["read_file", "zap"]\n')
    (problem,) = problems(load)
    assert problem.startswith(f'{mine}: archetypes.clerk.tools: no tool "zap"; there are read_file')
    assert problem.endswith("run_command, finish, give_up")


def test_every_key_but_the_archetypes_has_a_variable() -> None:
    assert VARIABLES["TRACKSIDE_WORKERS"] == ("workers",)
    assert VARIABLES["TRACKSIDE_MODELS_QA"] == ("models", "qa")
    assert VARIABLES["TRACKSIDE_CONTEXT_RAW_MAX_TOKENS"] == ("context", "raw_max_tokens")
    assert not [name for name in VARIABLES if "ARCHETYPES" in name]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("TRACKSIDE_WORKERS", "7", 7),
        ("TRACKSIDE_POLICY", "ask", "ask"),
        ("TRACKSIDE_POLICY", "7", "7"),
        ("TRACKSIDE_DELIVER", "none", "none"),
        ("TRACKSIDE_MODELS_LADDER", "a, b,", ("a", "b")),
        ("TRACKSIDE_MODELS_REQUESTS_PER_MINUTE", "10", 10),
        ("TRACKSIDE_LIMITS_WALL_S", "1.5", 1.5),
        ("TRACKSIDE_SANDBOX_ENV", "HTTP_PROXY", ("HTTP_PROXY",)),
        ("TRACKSIDE_SANDBOX_NETWORK", "True", True),
        ("TRACKSIDE_SANDBOX_NETWORK", "0", False),
        ("TRACKSIDE_WORKERS", "", 4),
    ],
)
def test_a_variable_is_read_as_its_key_needs_it(
    load: Load, name: str, text: str, value: object
) -> None:
    found: object = load(**{name: text}).settings
    for step in VARIABLES[name]:
        found = getattr(found, step)
    assert found == value


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("TRACKSIDE_WORKERS", "many", "workers: expected a whole number, got a string"),
        ("TRACKSIDE_WORKERS", "0", "workers: expected a whole number >= 1"),
        ("TRACKSIDE_WORKERS", "1.5", "workers: expected a whole number, got a number"),
        ("TRACKSIDE_DELIVER", "x", 'deliver: expected "branch", "apply" or "none", got "x"'),
        ("TRACKSIDE_LIMITS_WALL_S", "inf", "limits.wall_s: expected a number that is finite"),
        ("TRACKSIDE_MODELS_LADDER", ",", "models.ladder: expected a list of length >= 1"),
        (
            "TRACKSIDE_SANDBOX_NETWORK",
            "on",
            "sandbox.network: expected true or false, got a string",
        ),
    ],
)
def test_a_variable_that_makes_no_sense_is_named(
    load: Load, name: str, text: str, problem: str
) -> None:
    assert problems(load, **{name: text}) == [f"{name}: {problem}"]


def test_a_variable_that_sets_nothing_is_noticed(load: Load) -> None:
    loaded = load(TRACKSIDE_WORKER="3", TRACKSIDE_ARCHETYPES="x", OTHER="y")
    assert loaded.ignored == ("TRACKSIDE_ARCHETYPES", "TRACKSIDE_WORKER")


# --- problems -----------------------------------------------------------------------------------


def test_all_problems_of_all_layers_come_at_once(load: Load, shop: Path, mine: Path) -> None:
    mine.write_text("worker = 2\n[limits]\nturns = 0\n")
    (shop / "trackside.toml").write_text('[sandbox]\nenv = ["X"]\n[models]\nladder = []\nqa = 3\n')
    assert problems(load, TRACKSIDE_WORKERS="x", flags={"deliver": "mail"}) == [
        f'{mine}: unknown key "worker" (did you mean "workers"?)',
        f"{mine}: limits.turns: expected a whole number >= 1",
        "trackside.toml: sandbox.env: is the user's alone; a repository may only tighten",
        "trackside.toml: models.ladder: expected a list of length >= 1",
        "trackside.toml: models.qa: expected a string, got a whole number",
        "TRACKSIDE_WORKERS: workers: expected a whole number, got a string",
        'command line: deliver: expected "branch", "apply" or "none", got "mail"',
    ]


def test_the_error_shows_file_and_key_on_each_line(load: Load, mine: Path) -> None:
    mine.write_text("worker = 2\n")
    with pytest.raises(SettingsInvalidError, match=r"^configuration: /.*/trackside.toml: unknown"):
        load()


def test_a_file_that_is_no_toml_is_named_with_line_and_column(load: Load, shop: Path) -> None:
    (shop / "trackside.toml").write_text("workers = 2\n[limits\n")
    (problem,) = problems(load)
    assert problem.startswith("trackside.toml: not TOML: Expected ']'")
    assert problem.endswith("(line 2, column 8)")


def test_a_file_that_cannot_be_read_is_a_problem(load: Load, mine: Path) -> None:
    mine.mkdir()
    assert problems(load) == [f"{mine}: is a folder, not a file"]


def test_a_tool_table_that_is_none_of_ours_is_left_alone(load: Load, shop: Path) -> None:
    (shop / "pyproject.toml").write_text('tool = "trackside"\n')
    assert load().settings == Settings()


# --- a repository may only tighten --------------------------------------------------------------

LOOSER = [
    ("", '[sandbox]\nenv = ["SECRET"]', "sandbox.env: is the user's alone"),
    ("", '[sandbox]\nread_only = ["~"]', "sandbox.read_only: is the user's alone"),
    ("", '[sandbox]\nwritable = ["/"]', "sandbox.writable: is the user's alone"),
    ("", "[sandbox]\nnetwork = true", "sandbox.network: the user has it off"),
    ("", '[sandbox]\nlevel = "none"', "sandbox.level: only bwrap is stricter than auto"),
    ("", '[sandbox]\nlevel = "landlock"', "sandbox.level: only bwrap is stricter than auto"),
    (
        '[sandbox]\nlevel = "landlock"',
        '[sandbox]\nlevel = "auto"',
        "sandbox.level: only bwrap is stricter than landlock",
    ),
    ('policy = "ask"', 'policy = "auto"', 'policy: "auto" is looser than "ask"'),
    ('policy = "deny"', 'policy = "ask"', 'policy: "ask" is looser than "deny"'),
    ("", 'policy = "mine.toml"', 'policy: "mine.toml" is a file of rules'),
    ('policy = "/my.toml"', 'policy = "ask"', "policy: only deny is stricter than /my.toml"),
    ("", 'deliver = "apply"', 'deliver: "apply" is looser than "branch"'),
    ('deliver = "none"', 'deliver = "branch"', 'deliver: "branch" is looser than "none"'),
    (
        '[archetypes.clerk]\ntrust = "step"',
        '[archetypes.clerk]\ntrust = "auto"',
        'archetypes.clerk.trust: "auto" is looser than "step"',
    ),
    (
        '[archetypes.clerk]\ntools = ["read_file"]',
        '[archetypes.clerk]\ntools = ["read_file", "run_command"]',
        "archetypes.clerk.tools: the user allows read_file only",
    ),
    (
        '[archetypes.clerk]\ntools = ["read_file"]',
        "[archetypes.clerk]\ntools = []",
        "archetypes.clerk.tools: the user allows read_file only",
    ),
]


@pytest.mark.parametrize(("users", "repositorys", "problem"), LOOSER)
def test_a_repository_cannot_loosen(
    load: Load, shop: Path, mine: Path, users: str, repositorys: str, problem: str
) -> None:
    mine.write_text(users)
    (shop / "trackside.toml").write_text(repositorys)
    (found,) = problems(load)
    assert found.startswith(f"trackside.toml: {problem}")
    assert found.endswith("; a repository may only tighten")


@pytest.mark.parametrize(
    ("users", "repositorys"),
    [
        ("", 'policy = "ask"'),
        ("", 'policy = "auto"'),
        ('policy = "ask"', 'policy = "deny"'),
        ('policy = "/my.toml"', 'policy = "deny"'),
        ("", 'deliver = "none"'),
        ("", '[archetypes.clerk]\ntrust = "auto"\ntools = ["run_command"]'),
        (
            '[archetypes.clerk]\ntools = ["read_file", "run_command"]',
            '[archetypes.clerk]\ntools = ["read_file"]',
        ),
        ("[limits]\nturns = 3", "[limits]\nturns = 300"),
        ("[sandbox]\nnetwork = true", "[sandbox]\nnetwork = false"),
        ("[sandbox]\nnetwork = true", "[sandbox]\nnetwork = true"),
        ("", '[sandbox]\nlevel = "bwrap"'),
        ('[sandbox]\nlevel = "none"', '[sandbox]\nlevel = "none"'),
    ],
)
def test_a_repository_may_tighten_and_say_how_work_is_done(
    load: Load, shop: Path, mine: Path, users: str, repositorys: str
) -> None:
    mine.write_text(users)
    (shop / "trackside.toml").write_text(repositorys)
    assert "trackside.toml" in load().origins.values()


def test_what_makes_no_sense_is_reported_once(load: Load, shop: Path) -> None:
    (shop / "trackside.toml").write_text(
        'deliver = "mail"\narchetypes = 3\npolicy = 3\n[sandbox]\nlevel = [1]\n'
    )
    assert len(problems(load)) == 4


def test_the_user_may_loosen_again_by_environment_and_flag(load: Load, shop: Path) -> None:
    (shop / "trackside.toml").write_text('policy = "deny"\n')
    assert load(TRACKSIDE_POLICY="ask").settings.policy == "ask"
    assert load(flags={"policy": "auto"}).settings.policy == "auto"
