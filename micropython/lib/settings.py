"""``config.json`` of a board: read, checked, and what is wrong with it said in one sentence.

micropython/README.md lists the keys. An unknown key is refused: a misspelt one would be a setting that does nothing.
"""

import json

import certificate
import mqtt

_TEXT, _NUMBER, _SWITCH = (str,), (int,), (bool,)

# Key -> (types, default); without a default the key must be there.
_WIFI = {"ssid": (_TEXT,), "password": (_TEXT, "")}
_BROKER = {"host": (_TEXT,), "port": (_NUMBER, 8883), "password": (_TEXT,), "ca": (_TEXT, None), "name": (_TEXT, None)}
_RELAY = {
    "uart": (_NUMBER, 2),
    "rx": (_NUMBER, 16),
    "tx": (_NUMBER, None),  # board.py knows a free one
    "invert": (_SWITCH, False),
    "led": (_NUMBER, 4),
}
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"


class SettingsError(ValueError):
    """The file cannot be used; one sentence says where and why."""


def load(path, tables=None):
    """The settings of the file; SettingsError when they cannot be used.

    Args:
        path: the file; the certificate that ``broker.ca`` names lies beside it.
        tables: other tables of this kind of board, name -> {key: (types, default)}; ``relay`` by default.
    """
    try:
        with open(path) as file:
            raw = json.load(file)
    except OSError:
        raise SettingsError("%s is missing: this board has not been set up" % path)
    except ValueError:
        raise SettingsError("%s is not valid JSON" % path)
    known = {"wifi": _WIFI, "broker": _BROKER}
    known.update({"relay": _RELAY} if tables is None else tables)
    optional = [name for name in known if name not in ("wifi", "broker")]
    if not isinstance(raw, dict):
        raise SettingsError("%s: not a table" % path)
    found = {"id": _identity(path, raw.pop("id", None))}
    ntp = raw.pop("ntp", None)
    if ntp is not None and not isinstance(ntp, str):
        raise SettingsError("%s: ntp: the name of a time server, or null" % path)
    found["ntp"] = ntp
    for name, keys in known.items():
        table = raw.pop(name, {} if name in optional else None)
        found[name] = _table("%s: %s" % (path, name), table, keys)
    for name in raw:
        raise SettingsError("%s: unknown key %s" % (path, name))
    if tables is None:
        _check_pins(path, found["relay"])
    broker = found["broker"]
    broker["user"] = found["id"]
    broker["context"], broker["valid"] = _authority(path, broker.pop("ca"))
    return found


def _identity(path, value):
    if not isinstance(value, str) or not 0 < len(value) <= 32 or [c for c in value if c not in _LETTERS]:
        raise SettingsError("%s: id: 1 to 32 characters of a-z, 0-9 and -" % path)
    return value


def _table(where, table, keys):
    if not isinstance(table, dict):
        raise SettingsError("%s is missing" % where)
    for key in table:
        if key not in keys:
            raise SettingsError("%s: unknown key %s" % (where, key))
    found = {}
    for key, rule in keys.items():
        value = table.get(key)
        if value is None:
            if len(rule) == 1:
                raise SettingsError("%s: %s is missing" % (where, key))
            value = rule[1]
        elif not isinstance(value, rule[0]) or (isinstance(value, bool) and bool not in rule[0]):
            raise SettingsError("%s: %s is not a %s" % (where, key, rule[0][0].__name__))
        found[key] = value
    return found


def _check_pins(path, relay):
    """Each of the relay's pins is for one thing: a UART whose output is its input would hear itself."""
    seen = {}
    for name in ("rx", "tx", "led"):
        pin = relay[name]
        if pin is not None and pin < 0:
            raise SettingsError("%s: relay: %s: no pin has the number %d" % (path, name, pin))
        if pin in seen:
            raise SettingsError("%s: relay: %s and %s are both on pin %d" % (path, seen[pin], name, pin))
        if pin is not None:
            seen[pin] = name


def _authority(path, name):
    """What verifies the broker, of the certificate beside the file, and from when to when that is good.

    None twice where it speaks no TLS.
    """
    if name is None:
        return None, None
    folder = path.rsplit("/", 1)[0] + "/" if "/" in path else ""
    try:
        with open(folder + name, "rb") as file:
            content = file.read()
        return mqtt.tls_context(content), certificate.validity(certificate.der(content))
    except OSError:
        raise SettingsError("%s: broker.ca: %s cannot be read" % (path, name))
    except ValueError:
        raise SettingsError("%s: broker.ca: %s is not a certificate" % (path, name))
