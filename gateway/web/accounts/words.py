"""What the pages *Home Assistant* and *sharing account* say, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "home_assistant": "Home Assistant and MQTT",
        "broker_intro": (
            "The gateway sends the meter’s values every second to an MQTT broker in your house; Home Assistant finds"
            " them there by itself, with energy, power, price period and hours."
        ),
        "broker_host": "Address of the broker",
        "broker_host_hint": "Often that of Home Assistant, for example homeassistant.local or 192.168.1.20.",
        "broker_port": "Port",
        "broker_port_hint": "1883, or 8883 if the connection is encrypted.",
        "broker_tls": "Encrypted (TLS)",
        "broker_user": "User",
        "broker_password": "Password",
        "broker_password_kept": "Empty: the saved one.",
        "password_elsewhere": "The broker has changed, or is no longer encrypted: enter its password.",
        "broker_discovery": "Home Assistant finds the meter by itself",
        "save_account": "Test and save",
        "broker_saved": "Saved: the broker has accepted the gateway.",
        "broker_left": "The gateway no longer uses a broker.",
        "broker_leave": "Stop using a broker",
        "link_ok": "The gateway is connected.",
        "link_waiting": "The gateway is connecting.",
        "link_broken": "The gateway is not connected.",
        "not_let_in": "The gateway could not connect; nothing was changed.",
        "wrong_host": "Enter the name or IP address of a machine, for example homeassistant.local.",
        "wrong_port": "A port is a number from 1 to 65535.",
        "wrong_user": "Enter the user this password belongs to.",
        "too_long_here": "This is too long.",
        "account": "Sharing account (XMPP)",
        "account_intro": (
            "With this account you share, if you wish, with a co-operative or another house; your messages come from"
            " it too. Nothing leaves until you have said yes to somebody on the “Sharing” page."
        ),
        "account_changes": (
            "Whoever receives your data knows you by the current address: with another one they will have to ask you"
            " again."
        ),
        "account_jid": "Address of the account",
        "account_jid_hint": "For example maison@example.org, as given by your server or your co-operative.",
        "account_password": "Password of the account",
        "account_server": "Server",
        "account_server_hint": "Only if you were given one, with its port: xmpp.example.org:5222.",
        "account_saved": "Saved: the server has accepted the gateway.",
        "wrong_jid": "Enter an address, for example maison@example.org.",
        "wrong_account_server": "Enter a machine and a port, for example xmpp.example.org:5222.",
        "missing_account": "This is missing.",
    }
)
ACCOUNTS_WORDS = _OWN.with_those_of(FORM_WORDS)
