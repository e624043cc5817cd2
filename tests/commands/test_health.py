"""``therapy health``: the answers of a process, as exit statuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from commands.exits import FAILED, READ
from commands.main import main
from tests.cluster.ports import free_ports


@contextmanager
def answering(status: int) -> Iterator[list[str]]:
    """Answer every GET on the port of the settings with a status; give the paths asked for."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b'{"said":"so"}')

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            del format, args

    server = HTTPServer(("127.0.0.1", 0), Answers)
    serving = Thread(target=server.serve_forever)
    serving.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("THERAPY_HTTP_HOST", "0.0.0.0")  # noqa: S104 - as in a container
            patch.setenv("THERAPY_HTTP_PORT", str(server.server_port))
            yield asked
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@pytest.mark.parametrize(("status", "exit_status"), [(200, READ), (503, FAILED)])
def test_the_answer_is_the_status(
    status: int, exit_status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 for 200 and 1 for anything else, and what was answered is printed."""
    with answering(status) as asked:
        assert main(["health"]) == exit_status
        assert main(["health", "ready"]) == exit_status
    assert asked == ["/health/live", "/health/ready"]
    assert capsys.readouterr().out == '{"said":"so"}\n' * 2


def test_no_answer_is_no(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing listens the status is 1."""
    monkeypatch.setenv("THERAPY_HTTP_PORT", str(free_ports(1)[0]))
    assert main(["health"]) == FAILED
    assert "Connection refused" in capsys.readouterr().err


def test_a_wrong_setting_is_no(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status is 1 too: 2 means nothing to an engine that runs containers."""
    monkeypatch.setenv("THERAPY_HTTP_PORT", "http")
    assert main(["health"]) == FAILED
    assert capsys.readouterr().err.startswith("therapy health: THERAPY_HTTP_PORT: ")
