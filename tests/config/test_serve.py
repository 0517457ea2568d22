"""The whole product in one process: it says where it listens, keeps the clock, stops cleanly, refuses with reasons."""

import signal
import socket
import subprocess
import threading
import time
import urllib.request
from contextlib import contextmanager

import pytest

from config.management.commands import serve
from tests.browser.product import free_port
from tests.installation import ROOT, Installation


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Installation:
    own = Installation(tmp_path_factory.mktemp("serve"), PORT=str(free_port())).migrated()
    assert own.manage("collectstatic", "--noinput", "--verbosity", "0").status == 0
    return own


@contextmanager
def served(own: Installation, *arguments: str, **env: str):
    """The process and the first line it printed; it is ended when the test forgot to."""
    process = subprocess.Popen(
        own.command("serve", *arguments),
        cwd=ROOT,
        env=own.env | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, process.stdout.readline()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=20)
        process.stdout.close()
        process.stderr.close()


def get(own: Installation, path: str):
    return urllib.request.urlopen(f"http://127.0.0.1:{own.env['PORT']}{path}", timeout=10)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_serves_from_the_line_on_that_names_the_address_and_stops_cleanly(own, sign):
    with served(own) as (process, line):
        assert line == f"Peer reviews are served at http://localhost:{own.env['PORT']}/ — stop with Ctrl-C\n"
        assert get(own, "/healthz").status == 200
        page = get(own, "/accounts/login/").read().decode()
        sheet = page.partition('href="/static/')[2].partition('"')[0]
        with get(own, f"/static/{sheet}") as style:
            assert style.headers["Content-Type"].startswith("text/css")
            assert "immutable" in style.headers["Cache-Control"]
        process.send_signal(sign)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")


def test_it_stops_while_a_browser_keeps_its_connection(own):
    with served(own) as (process, _line), socket.create_connection(("127.0.0.1", int(own.env["PORT"]))) as kept:
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert kept.recv(15).startswith(b"HTTP/1.1 200")
        process.terminate()
        assert process.wait(timeout=20) == 0


def test_the_clock_runs_at_the_start(own):
    own.python("from cases.models import Installation; Installation.objects.all().delete()")
    with served(own) as (process, _line):
        for _attempt in range(50):
            seen = own.manage("check_system", "--json").json["checks"][4]
            if seen["status"] == "ok":
                break
            time.sleep(0.1)
        process.terminate()
        process.wait(timeout=20)
    assert "The last pass of the clock was on" in seen["message"]


def test_with_json_it_prints_the_address_as_an_object(own):
    with served(own, "--json") as (process, line):
        process.terminate()
        out, _err = process.communicate(timeout=20)
    assert line == f'{{"address":"http://localhost:{own.env["PORT"]}/"}}\n'
    assert (process.returncode, out) == (0, "")


def test_the_clock_goes_on_whatever_happens(monkeypatch, caplog):
    passes, closed, stopped = [], [], threading.Event()

    class Swept:
        failed = ("test-1/XAA",)

    def sweep(*, now):
        passes.append(now)
        if len(passes) == 1:
            raise RuntimeError("the disk is full")
        if len(passes) == 3:
            stopped.set()
        return Swept

    monkeypatch.setattr(serve, "sweep", sweep)
    monkeypatch.setattr(serve, "SECONDS_BETWEEN_SWEEPS", 0)
    monkeypatch.setattr(serve.connections, "close_all", lambda: closed.append(1))
    clock = threading.Thread(target=serve.sweep_until, args=(stopped,))
    clock.start()
    clock.join(10)
    assert not clock.is_alive()
    assert (len(passes), len(closed)) == (3, 3)
    assert "the disk is full" in caplog.text
    assert caplog.text.count("could not do test-1/XAA") == 2


# --- what stands in the way ---


def refused(own: Installation, status: int = 1, **env: str) -> str:
    done = own.manage("serve", **env)
    assert (done.status, done.out) == (status, "")
    assert "Traceback" not in done.err
    assert done.err.count("\n") == 1
    again = own.manage("serve", "--json", **env)
    assert (again.status, again.json) == (status, {"error": done.err.rstrip("\n")})
    return done.err


def test_migrations_are_missing(tmp_path):
    assert "manage.py migrate" in refused(Installation(tmp_path, PORT=str(free_port())))


def test_style_sheets_were_not_collected(tmp_path):
    own = Installation(tmp_path, PORT=str(free_port())).migrated()
    assert "manage.py collectstatic --noinput" in refused(own)
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "staticfiles.json").write_text('{"paths": ')
    assert "manage.py collectstatic --noinput" in refused(own)


def test_the_port_is_taken(own):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        said = refused(own, PORT=port)
    assert said.startswith(f"Port {port} is taken by another program")


def test_the_address_is_not_one_of_this_machine(own):
    assert "BIND=192.0.2.1" in refused(own, BIND="192.0.2.1")
    assert "BIND=no such host" in refused(own, BIND="no such host")
    assert "PORT is 70000" in refused(own, PORT="70000")


def test_the_folder_cannot_be_written(own, tmp_path):
    (tmp_path / "file").write_text("")
    said = refused(own, 2, DATA_DIR=str(tmp_path / "file" / "data"))
    assert said.startswith(f"The folder DATA_DIR={tmp_path}/file/data cannot be made")


def test_a_setting_is_wrong(own):
    assert "DEMO is 'perhaps'; set it to 1 or 0." in refused(own, 2, DEMO="perhaps")
    assert "DATABASE_URL is 'mysql://x'" in refused(own, 2, DATABASE_URL="mysql://x")


def test_a_demonstration_is_never_shown_on_another_installation(own):
    assert "not marked as a demonstration" in refused(own, DEMO="1")


def test_a_demonstration_is_served_on_this_machine_only(tmp_path):
    own = Installation(tmp_path, PORT=str(free_port()), DEMO="1").migrated()
    assert own.manage("collectstatic", "--noinput", "--verbosity", "0").status == 0
    own.python("from cases.models import Installation; Installation.objects.create(demonstration=True)")
    with served(own) as (process, line):
        assert line.startswith("Peer reviews are served at")
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.2", int(own.env["PORT"])), timeout=5)
        process.terminate()
        assert process.wait(timeout=20) == 0
    with served(own, BIND="0.0.0.0") as (process, _line):  # noqa: S104  asked for
        socket.create_connection(("127.0.0.2", int(own.env["PORT"])), timeout=5).close()
        process.terminate()
        assert process.wait(timeout=20) == 0
