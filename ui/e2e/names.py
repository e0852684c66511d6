"""What a screen reader is told of the window: a line for each thing that is shown, with its role and its name.

Asked through AT-SPI, as Orca asks. Prints JSON: a list of [role, name].
"""

import json
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402


def walk(one, found):
    try:
        found.append([one.get_role_name(), (one.get_name() or "").strip()])
        for place in range(one.get_child_count()):
            child = one.get_child_at_index(place)
            if child is not None:
                walk(child, found)
    except gi.repository.GLib.Error:
        # It went away while it was looked at.
        pass


def main(program):
    Atspi.init()
    desktop = Atspi.get_desktop(0)
    found = []
    for place in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(place)
        if application is not None and application.get_name() == program:
            walk(application, found)
    json.dump(found, sys.stdout)


main(sys.argv[1])
