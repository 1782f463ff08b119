"""What the page *notices* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "be_told": Phrase("Alerts", "of the household"),
        "be_told_intro": (
            "A red day tomorrow, too much power at once, water running all night, a silent meter: you are alerted"
            " once, then again when it is over. At night, only what is urgent wakes you."
        ),
        "no_ways": "You do not receive alerts anywhere yet.",
        "told_by": "Alert methods",
        "add_way": "Add a method",
        "kind_mail": "E-mail",
        "kind_sms": "SMS (Free Mobile)",
        "kind_ntfy": "Phone app ntfy",
        "kind_telegram": "Telegram",
        "kind_gotify": "Gotify",
        "kind_webhook": "Home automation (webhook)",
        "kind_other": "Another service (apprise)",
        "kind_push": "Alerts on a device",
        "kind_xmpp": "Messages (XMPP)",
        "kind_": "Not set up yet",
        "on_this_device": "Receive alerts on this device",
        "about_push": "no account; even when this page is closed",
        "this_device": "This device.",
        "other_device": "Another device.",
        "device_encrypted": "This device can show alerts itself, from the encrypted page.",
        "device_how": "How to open it",
        "device_install": (
            "On an iPhone or iPad, alerts only reach an app on the home screen: in Safari, press “Share”, then “Add"
            " to Home Screen”, and open this page from there."
        ),
        "device_no_apple": ("This version cannot send alerts directly to an iPhone or iPad: use the ntfy app instead."),
        "device_blocked": "This browser blocks notifications from this page: allow them for this site in its settings.",
        "device_intro": (
            "Your browser will ask whether the page may send you notifications. A test arrives straight away."
        ),
        "device_private": (
            "Alerts go through a service run by your browser’s maker, encrypted: it cannot read them. They contain no"
            " power, no time and no name. Signing out on this device stops them."
        ),
        "device_yes": "Allow and test",
        "device_failed": "Your browser could not do it. Is this device connected to the Internet?",
        "device_no_script": "This needs a browser that runs scripts.",
        "device_wrong": "Your browser has not provided what is needed: try again.",
        "about_mail": "your own mailbox",
        "about_sms": "free of charge, for what cannot wait",
        "about_ntfy": "no account; iPhone and Android",
        "about_telegram": "your own bot",
        "about_gotify": "your own server",
        "about_webhook": "Node-RED, Jeedom, n8n",
        "about_other": "more than a hundred others",
        "way_for": "for {name}",
        "way_works": "works",
        "way_unused": "nothing sent here yet",
        "way_waits": "needs checking",
        "way_broken": "does not work",
        "try_it": "Test",
        "try_named": "Test {name}",
        "remove_way": Phrase("Remove", "a tariff"),
        "remove_way_named": Phrase("Remove {name}", "a way"),
        "remove_way_title": "Stop sending alerts here",
        "remove_way_yes": "Remove this method",
        "tried_done": "A test message has been sent by {name}: check that it arrives.",
        "tried_some": "A test message has been sent by {name}, but: {why}",
        "tried_again": "The test by {name} was not sent: {why}",
        "tried_refused": "The test by {name} was refused: {why}",
        "way_saved": "Saved. A test message has been sent: check that it arrives.",
        "way_saved_anyway": "Saved. Test it once the other side responds.",
        "way_removed": "Removed.",
        "by_xmpp": "Also by XMPP",
        "by_xmpp_intro": "The addresses your house’s account writes to, and the language of messages.",
        "for_whom": "For whom",
        "for_whom_hint": "Several methods for one person back each other up.",
        "add_it": "Test and save",
        "save_anyway": "Save anyway, even though the test was not sent",
        "missing_here": "This is missing.",
        "mail_mailbox": "Your e-mail address",
        "mail_secret": "Password of the mailbox",
        "mail_secret_hint": "Many providers require an app password, created in the mailbox settings.",
        "mail_server": "Outgoing mail server (SMTP)",
        "mail_server_hint": "Empty: “smtp.” followed by what comes after the @ in your address.",
        "mail_to": "Send to another address",
        "sms_login": "Free Mobile identifier",
        "sms_login_hint": "Switch on “Notifications par SMS” in your Free Mobile account first.",
        "sms_secret": "Identification key",
        "ntfy_topic": "Topic to which the app subscribes",
        "ntfy_topic_hint": "Enter the same one in the app. It is like a password: this one was made at random.",
        "ntfy_server": "Your own server",
        "telegram_secret": "Token of your bot",
        "telegram_secret_hint": "BotFather gives it to you; write to your bot once so that it can answer.",
        "telegram_chat": "Number of the conversation",
        "gotify_server": "Server",
        "gotify_secret": "Token of the application",
        "webhook_url": "Address that is called",
        "webhook_url_hint": "With http:// it has to be a machine in your home.",
        "other_url": "Address, in apprise format",
        "other_url_hint": "Beginning with apprise+, for example apprise+slack://…",
        "wrong_mailbox": "Enter an e-mail address, for example anne@example.org.",
        "wrong_free_login": "It is the number you sign in to Free Mobile with.",
        "wrong_free_key": "The key has only letters and digits, as Free Mobile shows it.",
        "wrong_topic": "Letters without accents, digits and hyphens, 64 at most.",
        "wrong_bot": "The token looks like 123456789:AA… ; copy it from BotFather.",
        "wrong_chat": "The number of the conversation, for example 99887766.",
        "wrong_gotify": "The token has letters, digits and dots, as Gotify shows it.",
        "wrong_url": "Enter an address that begins with https:// or http://.",
        "wrong_server": "Enter the name of a machine, for example smtp.example.org.",
        "wrong_person": "At most 40 characters.",
        "too_many_ways": "There are already 20 methods: remove one first.",
        "back_to_notices": "Back",
    }
)
NOTICES_WORDS = _OWN.with_those_of(FORM_WORDS)
