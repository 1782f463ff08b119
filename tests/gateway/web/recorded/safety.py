"""How safe a house may be: nothing known yet, all well, whatever can be at fault; and what a report says of it."""

from dataclasses import replace

from gateway.web.security.values import (
    AccessFacts,
    BoardNow,
    BrowserNow,
    Installed,
    JournalFacts,
    MachineFacts,
    RefusedFacts,
    SecurityFacts,
    TlsFacts,
    UpdateFacts,
)

_EMPTY = SecurityFacts(
    now=1_768_500_000,
    since=1_768_496_400,
    nightly={"place": "", "keep": 0, "good": None, "failed": False, "state": ""},
    update=UpdateFacts("1.0.0"),
    tls=TlsFacts(),
    refused=RefusedFacts(),
    boards=(),
    access=AccessFacts(password_at=1_768_496_500),
    machine=MachineFacts(),
    journal=JournalFacts(2),
)
_WELL = SecurityFacts(
    now=1_768_500_000,
    since=1_768_000_000,
    nightly={"place": "/media/stick", "keep": 14, "good": 1_768_440_000, "failed": False, "state": "ok"},
    update=UpdateFacts(
        "1.0.0", checked=1_768_490_000, wanted=True, support_end="2031-12-31", keys=2, kind="deb", fixes=True
    ),
    tls=TlsFacts(
        served=True, alone=True, until=1_790_000_000, fingerprint="AB12 CD34", authority="EF56 7890", here=True
    ),
    refused=RefusedFacts(
        sign_ins=3,
        strangers=2,
        last=1_768_490_000,
        away=12,
        senders=40,
        denied=2,
        denied_last=1_768_480_000,
        boards=0,
        waiting=1,
        domains=1,
    ),
    boards=(
        BoardNow("garage", "relay", "esp32c3", there=True, seen=1_768_499_970, version="1.0.0", standing="current"),
        BoardNow("salon", "display", "esp32s3", there=True, seen=1_768_499_980, version="0.9", standing="pending"),
    ),
    access=AccessFacts(
        password_at=1_768_000_000,
        browsers=(
            BrowserNow("ab12", "Home, Linky", 1_768_400_000, 1_768_500_000, own=True),
            BrowserNow("cd34", "", 1_768_300_000, 1_768_310_000, own=False),
        ),
        links=(("Télé <1>", "display"),),
        account="maison@sen1.test",
        account_state="ok",
        recipients=("coop@sen2.test", "<b>@sen3.test"),
        installers=(("installer@sen4.test", 1_790_000_000.0),),
        broker=(("salon", False), ("hall", True)),
    ),
    machine=MachineFacts(
        ports=(8080, 8443), own=(8080, 8443), enclosed=True, exposed=0, broker="here", told=True, contact=True
    ),
    journal=JournalFacts(512, 1_768_499_000, whole=True),
)
_FAULTY = replace(
    _WELL,
    nightly={"place": "/media/stick", "keep": 14, "good": 1_767_000_000, "failed": True, "state": "broken"},
    update=UpdateFacts(
        "1.0.0",
        newer="1.0.1",
        security=True,
        checked=1_768_490_000,
        wanted=True,
        support_end="2026-01-01",
        kind="setup",
        fixes=False,
    ),
    tls=TlsFacts(served=True, broken=True, until=1_768_400_000, fingerprint="AB12 CD34"),
    boards=(
        BoardNow("garage", "relay", "esp32c3", there=False, seen=None, version="", standing="silent"),
        BoardNow("toit", "relay", "esp32c3", there=None, seen=None, version="<b>1", standing="cable"),
        BoardNow("salon", "display", "esp32s3", there=True, seen=1_768_499_990, version="1.0", standing="refused"),
        BoardNow("hall", "display", "esp32s3", there=True, seen=1_768_499_990, version="1.1", standing="trial"),
    ),
    access=AccessFacts(
        password=False, account="maison@sen1.test", account_state="broken", asks="installer@<neuf>.test"
    ),
    machine=MachineFacts(
        ports=(22, 445, 8080), own=(8080,), enclosed=True, root=True, exposed=2, foreign=1, broker="clear", broken=3
    ),
    journal=JournalFacts(512, 1_768_499_000, whole=False),
)
SAFETY = {"nothing yet": _EMPTY, "all well": _WELL, "faults": _FAULTY}
INSTALLED = Installed(
    begun=1_700_000_000,
    versions=(("1.0.0", 1_768_000_000), ("0.1.0", 1_700_000_000)),
    meters=(("house", "index"), ("garage <2>", "board:garage")),
    acts=((1_768_000_000, "install-update", True), (1_767_000_000, "reboot", False), (1_767_000_000, "zz-9", True)),
    duties={"radio": ("RED", "Étude"), "updates": ("CRA", "maison <b>")},
    installer="installer@sen4.test",
)
