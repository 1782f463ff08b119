"""Home Assistant's rules for a device that is found by MQTT, as of version 2026.2.3, written down anew as tables.

From components/mqtt (abbreviations, schemas, discovery, sensor, binary_sensor), components/sensor/const and
components/binary_sensor. Stricter in one thing: an unknown key of an entity is refused, where the original drops it.
The devices of test_discovery were given to that version's own schemas and templates once, with the same result.
"""

import json
import re

# Short key -> key, those that we use or might.
KEYS = {
    "avty": "availability",
    "avty_mode": "availability_mode",
    "cmps": "components",
    "def_ent_id": "default_entity_id",
    "dev": "device",
    "dev_cla": "device_class",
    "en": "enabled_by_default",
    "ent_cat": "entity_category",
    "exp_aft": "expire_after",
    "json_attr_t": "json_attributes_topic",
    "json_attr_tpl": "json_attributes_template",
    "lrst_val_tpl": "last_reset_value_template",
    "o": "origin",
    "ops": "options",
    "p": "platform",
    "stat_cla": "state_class",
    "stat_t": "state_topic",
    "sug_dsp_prc": "suggested_display_precision",
    "t": "topic",
    "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}
DEVICE_KEYS = {
    "ids": "identifiers",
    "mf": "manufacturer",
    "mdl": "model",
    "sw": "sw_version",
    "cu": "configuration_url",
}
ORIGIN_KEYS = {"sw": "sw_version", "url": "support_url"}

SHARED = {"availability", "availability_mode", "state_topic"}
TOP = {"device", "components", "origin", "qos", "encoding"} | SHARED
COMMON = {"platform", "name", "device_class", "enabled_by_default", "entity_category", "default_entity_id", "unique_id"}
COMMON |= {"value_template", "expire_after", "qos", "force_update", "icon"} | SHARED
COMMON |= {"json_attributes_topic", "json_attributes_template"}
OF_PLATFORM = {
    "sensor": {
        "state_class",
        "unit_of_measurement",
        "options",
        "suggested_display_precision",
        "last_reset_value_template",
    },
    "binary_sensor": {"payload_on", "payload_off", "off_delay"},
}
DEVICE = {"name", "identifiers", "manufacturer", "model", "sw_version", "configuration_url", "serial_number"}
ORIGIN = {"name", "sw_version", "support_url"}

# Device class -> the units and the state classes that go with it.
UNITS = {
    "apparent_power": {"mVA", "VA", "kVA"},
    "current": {"A", "mA"},
    "energy": {"J", "kJ", "MJ", "GJ", "mWh", "Wh", "kWh", "MWh", "GWh", "TWh", "cal", "kcal", "Mcal", "Gcal"},
    "monetary": {"EUR"},
    "power": {"mW", "W", "kW", "MW", "GW", "TW"},
    "power_factor": {None, "%"},
    "voltage": {"V", "mV", "µV", "kV", "MV"},
}
STATE_CLASSES = {kind: {"measurement"} for kind in UNITS} | {
    "energy": {"total", "total_increasing"},
    "enum": set(),
    "monetary": {"total"},
    "timestamp": set(),
}
BINARY = {"opening", "problem", "power", "plug", "connectivity", "running", "safety"}

TOPIC = re.compile(r"(?P<component>\w+)/(?:(?P<node>[a-zA-Z0-9_-]+)/)?(?P<object>[a-zA-Z0-9_-]+)/config")


def found(prefix, topic, payload):
    """Entity id -> its whole configuration, as Home Assistant would set it up; AssertionError where it would not."""
    match = TOPIC.fullmatch(topic.removeprefix(f"{prefix}/"))
    assert match, topic
    assert match["component"] == "device", topic
    told = _long(json.loads(payload), KEYS)
    assert told.keys() <= TOP, told.keys() - TOP
    device, origin = _long(told["device"], DEVICE_KEYS), _long(told["origin"], ORIGIN_KEYS)
    assert device["identifiers"]
    assert device.keys() <= DEVICE
    assert origin["name"]
    assert origin.keys() <= ORIGIN
    entities, unique = {}, set()
    for short in told["components"].values():
        entity = {key: told[key] for key in SHARED & told.keys()} | _long(short, KEYS)
        _check(entity)
        assert entity["unique_id"] not in unique
        unique.add(entity["unique_id"])
        assert entity["default_entity_id"] not in entities
        entities[entity["default_entity_id"]] = entity
    return entities


def _long(told, keys):
    return {keys.get(key, key): value for key, value in told.items()}


def _check(entity):
    platform = entity["platform"]
    allowed = COMMON | OF_PLATFORM[platform]
    assert entity.keys() <= allowed, entity.keys() - allowed
    # ``object_id`` went with version 2026.4.
    domain, _, name = entity["default_entity_id"].partition(".")
    assert domain == platform
    assert re.fullmatch(r"[a-z0-9_]+", name), name
    assert _is_topic(entity["state_topic"])
    assert entity["availability_mode"] in {"all", "any", "latest"}
    for one in (_long(short, KEYS) for short in entity["availability"]):
        assert _is_topic(one["topic"])
        assert one.keys() <= {"topic", "payload_available", "payload_not_available", "value_template"}
    if platform == "binary_sensor":
        assert entity["device_class"] in BINARY
        return
    kind, state, unit = (entity.get(key) for key in ("device_class", "state_class", "unit_of_measurement"))
    if kind == "enum":
        assert entity["options"]
        assert (state, unit) == (None, None)
        return
    assert "options" not in entity
    if kind == "timestamp":
        assert (state, unit) == (None, None)
        return
    assert unit in UNITS[kind], (kind, unit)
    assert state in STATE_CLASSES[kind], (kind, state)
    assert "last_reset_value_template" not in entity or state == "total"


def _is_topic(text):
    return text and not re.search(r"[+#\0]", text)
