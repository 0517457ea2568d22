"""What the tests of the commands share."""

import pytest
from django.core.management import load_command_class

from tests.installation import Done


@pytest.fixture
def run(capsys):
    """A command as the shell runs it, in this process: its status and what it wrote."""

    def run(name, *arguments) -> Done:
        capsys.readouterr()
        command = load_command_class("cases", name)
        status = command._run(["manage.py", name, *map(str, arguments)])
        return Done(status, *capsys.readouterr())

    return run
