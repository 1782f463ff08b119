"""What stands for Raspberry Pi OS, whose archive is out of reach: how its first start is ordered, and what waits in it.

userconfig.service: RPi-Distro/userconf-pi, debian/userconf-pi.userconfig.service at ca2620a (0.9, bookworm), and what
its changelog says of 0.15 (trixie): after cloud-config.service. Its program is a dialogue on tty8 that ends when a name
and a password are typed; here it waits for ever, and opens no tty, since a container has none.

cloud-init's stages: canonical/cloud-init at 04eacd0, systemd/cloud-init-network.service.tmpl, cloud-config.service and
cloud-final.service, as they are for Debian and Raspberry Pi OS. tools/setup-test has Debian's cloud-init itself, which
does not know "raspberry-pi-os": that calls rename-user (userconf-pi) for each user that it makes, which switches
userconfig.service on and puts a banner before sshd.

The seed and the host keys: RPi-Distro/pi-gen, stage2/04-cloud-init/files/99_raspberry-pi.cfg at 37a4214.
"""

from __future__ import annotations

USERCONFIG = """[Unit]
Description=User configuration dialog
After=systemd-user-sessions.service{after}
Before=lightdm.service

[Service]
Type=oneshot
ExecStart=/bin/sleep infinity
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""
BOOKWORM, TRIXIE = USERCONFIG.format(after=""), USERCONFIG.format(after=" cloud-config.service")

SEED = """datasource_list: [ NoCloud, None ]
datasource:
  NoCloud:
    seedfrom: file:///boot/firmware
ssh_deletekeys: false
ssh_genkeytypes: []
"""

# The stages by their order alone: what bootcmd runs, and a mark where the last one would begin.
STAGES = {
    "cloud-init.target": "[Unit]\nDescription=Cloud-init target\nAfter=multi-user.target\n",
    "cloud-init-network.service": """[Unit]
DefaultDependencies=no
Before=network-online.target sshd.service systemd-user-sessions.service sysinit.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /etc/trial-bootcmd
""",
    "cloud-config.service": """[Unit]
After=network-online.target cloud-init-network.service
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
""",
    "cloud-final.service": """[Unit]
After=network-online.target time-sync.target cloud-config.service rc-local.service multi-user.target
Wants=network-online.target cloud-config.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/touch /run/trial-final
""",
}
