"""Answers a program's question for a file as a person does who uses no mouse, asked and told through AT-SPI.

`file-dialog.py PROGRAM PATH BUTTON` writes the path into the dialog and presses the button. Ends with 1 where there is
no such dialog yet.
"""

import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402


def within(one):
    for place in range(one.get_child_count()):
        child = one.get_child_at_index(place)
        if child is not None:
            yield child
            yield from within(child)


def shown(one):
    return one.get_state_set().contains(Atspi.StateType.SHOWING)


def first(root, role, fits=lambda _: True):
    return next((each for each in within(root) if each.get_role_name() == role and shown(each) and fits(each)), None)


def main(program, path, button):
    Atspi.init()
    desktop = Atspi.get_desktop(0)
    dialog = None
    for application in (desktop.get_child_at_index(place) for place in range(desktop.get_child_count())):
        if application is not None and application.get_name() == program:
            dialog = dialog or first(application, "file chooser")
    name = dialog and first(dialog, "text", lambda it: it.get_state_set().contains(Atspi.StateType.EDITABLE))
    press = dialog and first(dialog, "push button", lambda it: it.get_name() == button)
    if not name or not press:
        sys.exit("there is no dialog that asks for a file")
    name.get_editable_text_iface().set_text_contents(path)
    press.get_action_iface().do_action(0)


main(*sys.argv[1:])
