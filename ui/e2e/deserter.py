"""A copy of Loquat in the moment of its end: it has the name on the bus, and is gone when it is spoken to.

`names` prints the names of Loquat's on the bus; `desert NAME` takes one, says `ready`, and leaves at the first call.
"""

import os
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)


def names():
    to = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ListNames")
    answer = bus.call_sync(*to, None, None, Gio.DBusCallFlags.NONE, -1, None)
    return [name for name in answer.unpack()[0] if name.startswith("dev.loquat.")]


def desert(name):
    xml = '<node><interface name="org.SingleInstance.DBus"><method name="ExecuteCallback"><arg type="as" direction="in"/><arg type="s" direction="in"/></method></interface></node>'
    interface = Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0]
    path = "/" + name.replace(".", "/").replace("-", "_")
    bus.register_object(path, interface, lambda *_: os._exit(0), None, None)
    Gio.bus_own_name_on_connection(bus, name, Gio.BusNameOwnerFlags.NONE, lambda *_: print("ready", flush=True), None)
    GLib.MainLoop().run()


if sys.argv[1] == "names":
    print("\n".join(names()))
else:
    desert(sys.argv[2])
