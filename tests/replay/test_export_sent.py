"""`trackside export --send`: the whole way of a trace, and every way in which it ends early."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from store.run_folder import RunFolder
from tests.collector_server import Answer, Collector, plain, request_of
from tests.replay.recorded import trackside

WITHOUT_THE_EXTRA = """\
import sys
sys.modules["opentelemetry"] = None
from cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


def words_of(folder: RunFolder, *more: str) -> tuple[str, ...]:
    where = str(folder.path.parents[2])
    return ("export", folder.run, "--repo", where, "--format", "otel", *more)


@pytest.mark.parametrize("name", ["baked", "answered"])
@pytest.mark.parametrize("moment", [(), ("--at", "40")])
def test_what_is_sent_is_what_is_printed(
    name: str, moment: tuple[str, ...], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder: RunFolder = request.getfixturevalue(name)
    printed = json.loads(trackside(*words_of(folder, *moment), cache=tmp_path).stdout)
    with Collector() as server:
        told = trackside(*words_of(folder, *moment, "--send", server.url), cache=tmp_path)
    (got,) = server.requests
    count = len(printed["resourceSpans"][0]["scopeSpans"][0]["spans"])
    assert told.stdout == f"sent {count} spans to {server.url}/v1/traces\n"
    assert (told.returncode, told.stderr) == (0, "")
    assert count > 3
    assert got.path == "/v1/traces"
    assert plain(got.trace) == request_of(printed)


def test_the_environment_names_the_collector_and_its_key_which_is_never_shown(
    baked: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a-hidden-word")
    with Collector(Answer(), Answer(401)) as server:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
        taken = trackside(*words_of(baked, "--send"), cache=tmp_path)
        monkeypatch.setenv(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            server.url.replace("//", "//me:a-hidden-word@") + "/spans?key=a-hidden-word",
        )
        refused = trackside(*words_of(baked, "--send"), cache=tmp_path)
    assert [request.headers["x-key"] for request in server.requests] == ["a-hidden-word"] * 2
    paths = [request.path for request in server.requests]
    assert paths == ["/v1/traces", "/spans?key=a-hidden-word"]
    assert (taken.returncode, refused.returncode) == (0, 1)
    assert f"{server.url}/spans did not take the trace: HTTP 401 Unauthorized" in refused.stderr
    assert "hidden" not in taken.stdout + taken.stderr + refused.stdout + refused.stderr


def test_a_collector_that_is_not_there_is_one_line_and_exit_code_1(
    baked: RunFolder, tmp_path: Path
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        told = trackside(*words_of(baked, "--send", url), cache=tmp_path)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == (
        f"trackside: {url}/v1/traces did not take the trace: Connection refused; "
        "mend that, then send again\n"
    )


def test_a_collector_that_refuses_is_one_line_and_exit_code_1(
    baked: RunFolder, tmp_path: Path
) -> None:
    with Collector(Answer(400)) as server:
        told = trackside(*words_of(baked, "--send", server.url), cache=tmp_path)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == (
        f"trackside: {server.url}/v1/traces did not take the trace: HTTP 400 Bad Request; "
        "mend that, then send again\n"
    )


def test_without_the_extra_only_sending_is_missed(baked: RunFolder) -> None:
    def typed(*more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", WITHOUT_THE_EXTRA, *words_of(baked, *more)],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=False,
        )

    told = typed("--send")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == (
        "trackside: --send needs libraries that are not installed: pip install 'trackside[otel]'\n"
    )
    assert "resourceSpans" in json.loads(typed().stdout)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--send", "--format", "jsonl"), "--send: only a trace can be sent; add --format otel"),
        (("--send", "baked"), "--send: a URL of HTTP is needed, such as http://localhost:4318"),
        (("--send", "-o", "x.json"), "not allowed with argument"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(
    words: tuple[str, ...], line: str, baked: RunFolder, tmp_path: Path
) -> None:
    told = trackside(*words_of(baked, *words), cache=tmp_path)
    assert (told.returncode, told.stdout) == (2, "")
    assert line in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_settings_that_the_sdk_refuses_are_named(
    baked: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "some")
    told = trackside(*words_of(baked, "--send"), cache=tmp_path)
    assert told.returncode == 2
    assert "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT" in told.stderr
    assert len(told.stderr.splitlines()) == 1
