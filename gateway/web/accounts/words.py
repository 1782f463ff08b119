"""What the pages *Home Assistant* and *sharing account* say, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "home_assistant": "Home Assistant and MQTT",
        "broker_intro": (
            "The gateway tells an MQTT broker of your house what the meter says each second; Home Assistant finds it"
            " there by itself, with energy, power, tariff and hours."
        ),
        "broker_host": "Address of the broker",
        "broker_host_hint": "Often that of Home Assistant, such as homeassistant.local or 192.168.1.20.",
        "broker_port": "Port",
        "broker_port_hint": "1883, or 8883 where it is encrypted.",
        "broker_tls": "Encrypted (TLS)",
        "broker_user": "User",
        "broker_password": "Password",
        "broker_password_kept": "Empty: the one that is kept.",
        "password_elsewhere": "The broker is another one, or no longer encrypted: type its password.",
        "broker_discovery": "Home Assistant finds the meter by itself",
        "save_account": "Try and save",
        "broker_saved": "Saved: the broker has let the gateway in.",
        "broker_left": "The gateway speaks to no broker any more.",
        "broker_leave": "Use no broker any more",
        "link_ok": "The gateway is connected.",
        "link_waiting": "The gateway is connecting.",
        "link_broken": "The gateway is not connected.",
        "not_let_in": "The gateway was not let in; nothing was changed.",
        "wrong_host": "Write the name or the number of a machine, such as homeassistant.local.",
        "wrong_port": "A port is a number from 1 to 65535.",
        "wrong_user": "Write the user to whom the password belongs.",
        "too_long_here": "This is too long.",
        "account": "Sharing account (XMPP)",
        "account_intro": (
            "With this account you share, if you want to, with a co-operative or another house; your messages come from"
            " it too. Nothing leaves before you have said yes to somebody on the page “Sharing”."
        ),
        "account_changes": (
            "Whoever receives your data knows you by the present address: with another one they have to ask you again."
        ),
        "account_jid": "Address of the account",
        "account_jid_hint": "Such as maison@example.org, as your server or your co-operative gave it to you.",
        "account_password": "Password of the account",
        "account_server": "Server",
        "account_server_hint": "Only if you were given one, with its port: xmpp.example.org:5222.",
        "account_saved": "Saved: the server has let the gateway in.",
        "wrong_jid": "Write an address such as maison@example.org.",
        "wrong_account_server": "Write a machine and a port, such as xmpp.example.org:5222.",
        "missing_account": "This is missing.",
    }
)
ACCOUNTS_WORDS = _OWN.with_those_of(FORM_WORDS)
