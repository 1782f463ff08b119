"""What the page *https* says, in French and in English.

Steps are those of iOS 18, Android 15, Windows 11, macOS 15, Firefox and Chromium of 2026; systems word them otherwise.
"""

from __future__ import annotations

from gateway.words.table import WordTable

HTTPS_WORDS = WordTable(
    {
        "app_name": "Linky at home",
        "app_about": "Your electricity, read at your meter and kept at home.",
        "no_https": "There is no encrypted page right now: {why}",
        "https_off": "This gateway has no encrypted page: whoever installed it can switch it on.",
        "https_make": "On the gateway this makes one:",
        "is_encrypted": "You are reading this page encrypted, and your browser trusts it: there is nothing to do.",
        "is_not_believed": (
            "You are reading this page encrypted, but your browser does not trust its certificate: follow the steps"
            " below. Until then, somebody on your network could pretend to be the gateway."
        ),
        "is_encrypted_anyhow": "You are reading this page encrypted.",
        "is_believed": "This browser trusts the encrypted page: you can use it.",
        "is_clear": (
            "You are reading this page unencrypted: anybody on your Wi-Fi can see what you see and type. In a house"
            " whose Wi-Fi has a good password, many leave it at that."
        ),
        "go_encrypted": "Open the encrypted page",
        "given": "Your browser already trusts its certificate: there is nothing to install.",
        "why": "What it is for",
        "why_alone": (
            "Nobody on the Wi-Fi can read what you see or type, your password included. And browsers reserve some"
            " things for encrypted pages: as an app on the home screen, the page opens without the browser’s bar and"
            " shows what you saw last when the gateway is not responding; and a phone or computer shows the gateway’s"
            " alerts itself, if you ask for it under “Alerts”."
        ),
        "why_without": (
            "Everything else works without it: figures, curves, consents, displays on the wall, an icon on the home"
            " screen, and all messages the gateway sends you."
        ),
        "what_it_is": "What you are asked to do",
        "what_limits": (
            "Your device has to trust a certificate authority (CA) that this gateway has made for itself. Your system"
            " will warn you, and rightly so: most authorities can vouch for any site. This one cannot: it is valid"
            " for names ending in .local or .home.arpa and for addresses within a home, and for nothing else, neither"
            " banks nor e-mail."
        ),
        "what_it_takes": "Allow 3 to 6 minutes per device; it can be removed again.",
        "take": "Get the certificate",
        "take_it": "Download the certificate",
        "compare": "Before you trust it, compare its fingerprint with the one the gateway itself shows:",
        "by_system": "The steps, for each system",
        "ios": "iPhone and iPad",
        "ios_1": "In Safari, open this page and press “Download the certificate”; allow the download of the profile.",
        "ios_2": "Open Settings, press “Profile Downloaded” at the top, then “Install”; enter your passcode.",
        "ios_3": "In Settings, open General, About, Certificate Trust Settings (at the very bottom).",
        "ios_4": "Switch on “{name}”, and confirm.",
        "ios_5": "Open {address}",
        "ios_off": "To remove it: Settings, General, VPN and Device Management, “{name}”, Remove Profile.",
        "android": "Android",
        "android_1": "Press “Download the certificate”.",
        "android_2": "Open Settings and search for “CA certificate” (under Security, Encryption and credentials).",
        "android_3": "Press “Install anyway”, enter your PIN, and choose the file that you have downloaded.",
        "android_4": (
            "Android may then say that the network may be monitored: it says so for any certificate authority that"
            " somebody has installed."
        ),
        "android_5": (
            "Open {address} in Chrome. Firefox needs more: Settings, About Firefox, press the logo five times; then"
            " Settings, Secret Settings, “Use third party CA certificates”."
        ),
        "android_off": "To remove it: Settings, Security, Trusted credentials, User, “{name}”, Remove.",
        "windows": "Windows (Edge, Chrome)",
        "windows_1": "Press “Download the certificate”, open the file, and press “Install Certificate…”.",
        "windows_2": "Choose “Current User”, then “Place all certificates in the following store”.",
        "windows_3": "Press “Browse…”, choose “Trusted Root Certification Authorities”, then Next and Finish.",
        "windows_4": "The warning shows a thumbprint (sha1); if it is {sha1}, answer Yes.",
        "windows_5": "Restart the browser, and open {address}",
        "windows_off": "To remove it: run certmgr.msc, Trusted Root Certification Authorities, “{name}”, Delete.",
        "macos": "Mac (Safari, Chrome)",
        "macos_1": "Press “Download the certificate” and open the file; add it to the keychain “login”.",
        "macos_2": "In Keychain Access, under “login” and “Certificates”, open “{name}”.",
        "macos_3": "Open “Trust”, choose “Always Trust”, close the window, and type your password.",
        "macos_4": "Open {address}",
        "macos_off": "To remove it: in Keychain Access, delete “{name}”.",
        "firefox": "Firefox on a computer",
        "firefox_1": "Press “Download the certificate”: Firefox asks at once whether to trust it.",
        "firefox_2": "Tick “Trust this CA to identify websites”, and press OK.",
        "firefox_3": "Open {address}",
        "firefox_off": (
            "To remove it: Settings, Privacy and Security, View Certificates…, Authorities, “{name}”, then “Delete or"
            " Distrust…”."
        ),
        "chromium": "Chrome and Chromium on Linux",
        "chromium_1": "Press “Download the certificate”.",
        "chromium_2": "Open Settings, Privacy and security, Security, Manage certificates, “Installed by you”.",
        "chromium_3": "Beside “Trusted Certificates”, press “Import”, and choose the file.",
        "chromium_4": "Open {address}",
        "https_back": "Back to the page",
        "chromium_off": "To remove it: in the same place, delete “{name}”.",
        "offline": "The gateway is not responding",
        "offline_said": "Your device cannot reach the gateway.",
        "offline_do": (
            "Is this device on your home Wi-Fi? Does the gateway have power? After a power cut, wait three minutes."
        ),
        "offline_again": "Try again",
    }
)
