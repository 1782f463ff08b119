"""The first evening with an installed gateway, run inside its machine; its words are a folder and the gateway.toml.

Run by ``test_first_evening.py`` where the installation's own files and ports are at their places (``machine.py``): here
are the servers at which a household has accounts, what systemd does there, and the person with the phone.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import paho.mqtt.client as paho

from gateway.config.tables import load
from gateway.federation.connection.session import Account, Session
from gateway.federation.wire.form import parse_result
from harness.accounts import FAR, HOME
from harness.browser import Browser
from harness.person import Person
from relay_faults.broker import mosquitto
from servers import Federation, wait_until
from servers.certificates import Authority
from tests.gateway.federation.conftest import QUICK, running
from tests.integration.processes import ENVIRONMENT, Process
from tests.integration.test_asking import FORM, Asker

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD, SECRET, PASSPHRASE = "un-hamac-sous-les-tilleuls", "canary-xmpp-7d21", "neuf marmottes au soleil"
CODE = r"[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}"
STATE, SECRETS = Path("/var/lib/linky-gateway"), "secrets"
NET, NTFY = "127.77.0", "10.77.0.9"
WEB = "http://127.0.0.1:8080"


class Machine:
    """What runs beside the gateway: mosquitto, and of systemd the unit that lets displays in."""

    def __init__(self, folder: Path, config: Path) -> None:
        self.folder, self.config = folder, config
        self._ended = threading.Event()

    def gateway(self, *words: object) -> str:
        """One command of the installed gateway; what it prints."""
        command = [sys.executable, "-m", "gateway", *map(str, words), "--config", str(self.config)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def broker(self) -> Iterator[None]:
        """Mosquitto with what is installed; ``linky-gateway-displays.path`` and its unit, as long as it runs."""
        whole = self.folder / "mosquitto.conf"
        whole.write_text("user root\npersistence false\ninclude_dir /etc/mosquitto/conf.d\n")
        log = self.folder / "mosquitto.log"
        with log.open("wb") as out:
            broker = subprocess.Popen([mosquitto(), "-c", whole], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        watching = threading.Thread(target=self._let_in, args=[broker])
        try:
            wait_until(lambda: " running" in log.read_text(), 30, "mosquitto runs")
            watching.start()
            yield
        finally:
            self._ended.set()
            watching.join(60)
            broker.terminate()
            broker.wait(30)

    def _let_in(self, broker: subprocess.Popen[bytes]) -> None:
        """PathChanged=displays.json: ``display apply``, then mosquitto's ExecReload."""
        known = None
        while not self._ended.wait(0.2):
            file = STATE / "displays.json"
            said = file.read_bytes() if file.exists() else None
            if said != known:
                known = said
                self.gateway("display", "apply")
                broker.send_signal(signal.SIGHUP)


def main(folder: Path, config: Path) -> None:
    """Drive it; the decisions are printed. ``config`` is the installed one."""
    machine = Machine(folder, config)
    federation = Federation(folder / "xmpp", "prosody", "prosody", NET)
    with federation, machine.broker(), ntfy(folder, federation):
        for jid in (HOME, FAR):
            federation.register(*jid.split("@"), SECRET)
        secrets = config.parent / SECRETS
        run = Process(folder, "gateway", "run", "--config", config)
        run.environment = {**ENVIRONMENT, "CREDENTIALS_DIRECTORY": str(secrets), "SSL_CERT_FILE": str(federation.ca)}
        with run, Browser(folder / "chromium") as browser:
            wait_until(lambda: "the page is served" in run.log.read_text(), 60, "the page")
            person = Person(browser, WEB)
            evening(machine, person, federation, browser)
            came_back(machine, run)
            print(json.dumps(person.decisions, ensure_ascii=False))


@contextmanager
def ntfy(folder: Path, federation: Federation) -> Iterator[None]:
    """Debian's ntfy, by the name and with the encryption of the public one; the address is none of loopback."""
    subprocess.run(["ip", "addr", "add", f"{NTFY}/24", "dev", "lo"], check=True)
    found = Authority(federation.ca.parent).issue("ntfy.sh", folder)
    log = folder / "ntfy.log"
    words = ["serve", "--config", "/dev/null", "--listen-http", "-", "--listen-https", f"{NTFY}:443"]
    words += ["--cert-file", found.certificate, "--key-file", found.key, "--base-url", "https://ntfy.sh"]
    words += ["--cache-file", folder / "ntfy.db"]
    with log.open("wb") as out:
        server = subprocess.Popen([shutil.which("ntfy"), *words], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        wait_until(lambda: "Listening" in log.read_text(), 30, "ntfy listens")
        yield
    finally:
        server.terminate()
        server.wait(30)


def told(folder: Path) -> list[str]:
    """What ntfy has for who subscribes."""
    with closing(sqlite3.connect(f"file:{folder}/ntfy.db?mode=ro", uri=True)) as db:
        return [text for (text,) in db.execute("SELECT message FROM messages ORDER BY id")]


def first_visit(person: Person, machine: Machine) -> None:
    """The code stands on the label, and at the end of the installation."""
    code = re.search(CODE, machine.gateway("page", "code"))
    person.visit()
    person.type("Code de la passerelle", code[0])
    person.type("Nouveau mot de passe", PASSWORD, "le mot de passe de la page")
    person.type("Le même, encore une fois", PASSWORD)
    person.press("button", "Enregistrer")


def tariff(person: Person) -> None:
    """The meter has said contract and power; the example's prices are compared with the bill."""
    settings(person, "Tarif d’électricité")
    person.await_words("Votre compteur indique")
    person.press("button", "Voir les prix")
    person.press("button", "Ce sont les prix de ma facture")
    person.decides("les prix sont ceux de la facture")
    assert "C’est enregistré" in person.read()


def notice(person: Person, folder: Path) -> None:
    """The subject was made at random; a first message is tried before anything is kept."""
    settings(person, "Être prévenu")
    person.press("link", "Application ntfy")
    person.decides("être prévenu par l’application ntfy")
    assert person.proposed("Sujet auquel")
    person.type("Votre mot de passe", PASSWORD)
    person.press("button", "Essayer et enregistrer")
    assert "Un message d’essai est parti" in person.read(), person.read()
    assert told(folder)


def account(person: Person) -> None:
    """As the co-operative, or whoever has the server, has given it; the server is found by its name."""
    settings(person, "Compte de partage")
    person.type("Adresse du compte", HOME, "l’adresse du compte de partage")
    person.type("Mot de passe du compte", SECRET, "son mot de passe")
    person.type("Votre mot de passe", PASSWORD)
    person.press("button", "Essayer et enregistrer")
    assert "le serveur a accepté la passerelle" in person.read(), person.read()
    person.await_words("connectée")


def recipient(person: Person, federation: Federation) -> None:
    """What it needs is on the page *sharing*; it asks; three steps, each by what the household ticks itself."""
    person.press("link", "Partage")
    person.press("link", "Ce qu’il faut donner")
    name = re.search(rf"{HOME}/\S+@sen1\.test", person.read())
    asyncio.run(ask(federation, f"{name[0]}/consumption"))
    person.press("link", "Partage")
    person.await_words("La Coop demande")
    person.press("link", "Lire et répondre")
    person.choose("J’accepte que ces données servent à ceci", "à quoi elles peuvent servir")
    person.press("button", "Continuer")
    person.choose("Puissance apparente soutirée", "quelles données")
    person.choose("chaque valeur du compteur", "avec quel détail")
    person.press("button", "Continuer")
    person.choose("Aussi longtemps que demandé", "jusqu’à quand")
    person.choose("Envoyer chaque nouvelle mesure", "par envoi")
    person.press("button", "Lire le texte avant de dire oui")
    person.type("Votre mot de passe", PASSWORD)
    person.press("button", "Oui")
    person.decides("oui")
    assert "C’est accordé" in person.read(), person.read()


async def ask(federation: Federation, identifier: str) -> None:
    """What a co-operative asks for, by the name that the household gave it."""
    session = Session(at_coop(federation, "asker"), QUICK)
    async with running(session):
        await session.connected.wait()
        until = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 300 * 86400))
        fields = {"identifier": identifier, "granularity": "raw", "until": until}
        answer = await Asker(session).do("request_access", **(FORM | fields))
        assert parse_result(answer)["request"]


def at_coop(federation: Federation, resource: str) -> Account:
    """The account of the co-operative, at its own server."""
    return Account(FAR, SECRET, federation.address("sen2.test"), federation.ca, resource)


@contextmanager
def receiving(folder: Path, federation: Federation) -> Iterator[Path]:
    """The recipient's program, from now on; its log."""
    (folder / "coop").mkdir()
    secret = folder / "coop" / "password"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    words = ["consume", "--jid", FAR, "--password-file", secret, "--address", federation.address("sen2.test")]
    words += ["--ca-file", federation.ca, "--gateway", f"{HOME}/proxy", "--store", folder / "coop" / "recipient.sqlite"]
    words += ["--identifier", f"{HOME}/{sensor()}@sen1.test/consumption/power/apparent"]
    with Process(folder / "coop", "recipient", *words) as program:
        yield program.log


def sensor() -> str:
    """The id in the names of the meter's series."""
    with closing(sqlite3.connect(f"file:{STATE}/linky-gateway.sqlite?mode=ro", uri=True)) as db:
        return str(db.execute("SELECT sensor FROM meter").fetchone()[0])


def backup(person: Person, machine: Machine, browser: Browser) -> None:
    """A file on the phone, which ``restore`` reads to its end."""
    settings(person, "Sauvegarde")
    person.type("Phrase de passe de cette sauvegarde", PASSPHRASE, "la phrase de passe de la sauvegarde")
    person.type("Encore une fois", PASSPHRASE)
    person.type("Votre mot de passe", PASSWORD)
    person.press("button", "Préparer la sauvegarde")
    person.await_words("Le fichier est prêt")
    taken = machine.folder / "phone"
    taken.mkdir()
    person.download("Télécharger", taken)
    wait_until(lambda: [*taken.glob("*.backup")], 60, "the backup is on the phone", every=0.2)
    (machine.folder / "phrase").write_text(PASSPHRASE)
    (file,) = taken.glob("*.backup")
    machine.gateway("restore", file, "--list", "--passphrase-file", machine.folder / "phrase")


def display(person: Person) -> None:
    """A name is proposed; what is shown lets any MQTT client in, at the broker's own port, encrypted."""
    settings(person, "Écrans")
    assert re.fullmatch(r"[a-z0-9-]+", person.proposed("Nom"))
    person.type("Votre mot de passe", PASSWORD)
    person.press("button", "Ajouter")
    person.await_words("Le serveur MQTT l’accepte déjà", again=False)
    person.press("more", "Le fichier display.json")
    given = json.loads(re.search(r"\{.*?\n\}", person.read(), re.DOTALL)[0])
    for shown in (given["host"], str(given["port"]), given["user"], given["password"]):
        assert shown in person.read()
    heard: list[str] = []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.username_pw_set(given["user"], given["password"])
    client.tls_set_context(ssl.create_default_context(cadata=given["authority"]))
    client.on_connect = lambda one, *_: one.subscribe("linky/#", qos=1)
    client.on_message = lambda _client, _data, message: heard.append(message.topic)
    client.connect(given["host"], given["port"])
    client.loop_start()
    power = "linky/meter/house/value/consumption/power/apparent/raw"
    wait_until(lambda: power in heard, 60, "a value at the display")
    client.disconnect()
    client.loop_stop()


def settings(person: Person, topic: str) -> None:
    """By the bar below the page, as every time."""
    person.press("link", "Plus")
    person.press("link", "Réglages")
    person.press("link", topic)


def came_back(machine: Machine, run: Process) -> None:
    """What was taken along is what was there: tariff, way, account and consent, on a card that has nothing of it."""
    assert run.stop() == 0
    # Another card: nothing of this house is on it.
    for path in STATE.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    empty = load(machine.config)
    assert (len(empty.tariff), len(empty.notice)) == (0, 0)
    (file,) = (machine.folder / "phone").glob("*.backup")
    machine.gateway("restore", file, "--replace", "--passphrase-file", machine.folder / "phrase")
    kept = load(machine.config)
    assert (len(kept.tariff), len(kept.notice), kept.federation.jid) == (1, 1, HOME)
    assert FAR in machine.gateway("consent", "list")


def evening(machine: Machine, person: Person, federation: Federation, browser: Browser) -> None:
    first_visit(person, machine)
    tariff(person)
    notice(person, machine.folder)
    account(person)
    recipient(person, federation)
    with receiving(machine.folder, federation) as log:
        backup(person, machine, browser)
        display(person)
        wait_until(lambda: "consumption/power/apparent" in log.read_text(), 120, "a value at the co-operative")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
