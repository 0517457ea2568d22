#!/usr/bin/env python
"""Run an administrative command: see docs/formats.md §1."""

import json
import os
import sys


def main() -> int:
    """Run the command; a wrong setting is a sentence and status 2, as for other bad usage."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        if "--json" in sys.argv:
            sys.stdout.write(json.dumps({"error": str(error)}, separators=(",", ":")) + "\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
