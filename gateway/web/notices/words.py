"""What the page *notices* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "be_told": "Being told",
        "be_told_intro": (
            "A red day tomorrow, too much power at once, water that runs all night, a meter that is silent: you are"
            " told once, and when it is over. At night only what is urgent wakes you."
        ),
        "no_ways": "You are not told anywhere yet.",
        "told_by": "You are told by",
        "add_way": "Add a way",
        "kind_mail": "E-mail",
        "kind_sms": "SMS (Free Mobile)",
        "kind_ntfy": "Phone app ntfy",
        "kind_telegram": "Telegram",
        "kind_gotify": "Gotify",
        "kind_webhook": "Home automation (webhook)",
        "kind_other": "Another service (apprise)",
        "kind_push": "Notices on a device",
        "kind_xmpp": "Messages (XMPP)",
        "kind_": "Not set up yet",
        "on_this_device": "Receive notices on this device",
        "about_push": "no account; also when this page is closed",
        "this_device": "This device.",
        "other_device": "Another device.",
        "device_encrypted": "This device can show notices itself, from the encrypted page.",
        "device_how": "How to open it",
        "device_install": (
            "On an iPhone or an iPad notices come to an app on the home screen alone: in Safari press “Share”, then"
            " “Add to Home Screen”, and open this page from there."
        ),
        "device_no_apple": (
            "This version of the gateway cannot send notices to the iPhone or the iPad itself: choose the app ntfy"
            " instead."
        ),
        "device_blocked": "This browser refuses notices of this page: allow them in its settings for this site.",
        "device_intro": "Your browser will ask whether the page may send you notices. A test comes at once.",
        "device_private": (
            "Notices go through a service of your browser’s maker, sealed: it cannot read them. No power, no hour and"
            " no name is in them. Signing out on this device ends them."
        ),
        "device_yes": "Allow and try",
        "device_failed": "Your browser could not do it now. Is this device connected to the Internet?",
        "device_no_script": "This takes a browser that runs scripts.",
        "device_wrong": "Your browser has not given what is needed for it: try again.",
        "about_mail": "your own mailbox",
        "about_sms": "no charge, for what cannot wait",
        "about_ntfy": "no account; iPhone and Android",
        "about_telegram": "a bot of your own",
        "about_gotify": "a server of your own",
        "about_webhook": "Node-RED, Jeedom, n8n",
        "about_other": "more than a hundred others",
        "way_for": "for {name}",
        "way_works": "works",
        "way_unused": "nothing has been told here yet",
        "way_waits": "to be looked at",
        "way_broken": "does not work",
        "try_it": "Try",
        "try_named": "Try {name}",
        "remove_way": Phrase("Remove", "a tariff"),
        "remove_way_named": Phrase("Remove {name}", "a way"),
        "remove_way_title": "Be told there no more",
        "remove_way_yes": "Remove this way",
        "tried_done": "A test message is on its way by {name}: look whether it has come.",
        "tried_some": "A test message is on its way by {name}, but: {why}",
        "tried_again": "The test by {name} has not gone: {why}",
        "tried_refused": "The test by {name} was refused: {why}",
        "way_saved": "Saved. A test message is on its way: look whether it has come.",
        "way_saved_anyway": "Saved. Try it when the other side answers.",
        "way_removed": "Removed.",
        "by_xmpp": "By XMPP as well",
        "by_xmpp_intro": "Addresses to which the account of your house writes, and the language of messages.",
        "for_whom": "For whom",
        "for_whom_hint": "Several ways of one person stand in for each other.",
        "add_it": "Test and save",
        "save_anyway": "Save it all the same, although the test has not gone",
        "missing_here": "This is missing.",
        "mail_mailbox": "Your e-mail address",
        "mail_secret": "Password of the mailbox",
        "mail_secret_hint": "Many providers want an application’s password, made in the settings of the mailbox.",
        "mail_server": "Outgoing mail server (SMTP)",
        "mail_server_hint": "Empty: smtp. and what stands behind the @ of your address.",
        "mail_to": "Send to another address",
        "sms_login": "Free Mobile identifier",
        "sms_login_hint": "Switch on “Notifications par SMS” in your Free Mobile account first.",
        "sms_secret": "Identification key",
        "ntfy_topic": "Topic to which the app subscribes",
        "ntfy_topic_hint": "Type the same into the app. It is like a password: this one was made at random.",
        "ntfy_server": "Server of your own",
        "telegram_secret": "Token of your bot",
        "telegram_secret_hint": "BotFather gives it; write to your bot once, so that it may answer.",
        "telegram_chat": "Number of the conversation",
        "gotify_server": "Server",
        "gotify_secret": "Token of the application",
        "webhook_url": "Address that is called",
        "webhook_url_hint": "With http:// it has to be a machine of your house.",
        "other_url": "Address, as apprise writes it",
        "other_url_hint": "Beginning with apprise+, for example apprise+slack://…",
        "wrong_mailbox": "Write an e-mail address, such as anne@example.org.",
        "wrong_free_login": "It is the number with which you sign in at Free Mobile.",
        "wrong_free_key": "The key has letters and digits alone, as Free Mobile shows it.",
        "wrong_topic": "Letters without accents, digits, hyphens, at most 64.",
        "wrong_bot": "The token looks like 123456789:AA… ; copy it from BotFather.",
        "wrong_chat": "The number of the conversation, such as 99887766.",
        "wrong_gotify": "The token has letters, digits and points, as Gotify shows it.",
        "wrong_url": "Write an address that begins with https:// or http://.",
        "wrong_server": "Write the name of a machine, such as smtp.example.org.",
        "wrong_person": "At most 40 characters.",
        "too_many_ways": "There are 20 ways already: remove one first.",
        "back_to_notices": "Back",
    }
)
NOTICES_WORDS = _OWN.with_those_of(FORM_WORDS)
