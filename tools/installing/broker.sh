# The broker of the house, for displays and ESP32 boards: mosquitto with nobody anonymous. Sourced by tools/setup.
#
# Without boards it listens on this machine alone; with them also on 8883, by TLS, with an authority of the house's own.
# shellcheck shell=bash disable=SC2034,SC2154

readonly BROKER=/etc/mosquitto
readonly BROKER_FILE=$BROKER/conf.d/linky.conf

broker_is_done() {
  [[ ${ANSWER[mqtt]:-no} == yes ]] || return 0
  broker_configuration "$SCRATCH/linky.conf"
  broker_rights "$SCRATCH/linky.acl"
  same "$SCRATCH/linky.conf" "$BROKER_FILE" 644 && same "$SCRATCH/linky.acl" "$BROKER/linky.acl" 600 &&
    [[ -e $ROOT$SECRETS/mqtt-password && -e $ROOT$BROKER/linky.passwords ]]
}

# The file as it ships, without the part from "listener 8883" to the next empty line when there are no boards.
broker_configuration() {
  if [[ ${ANSWER[boards]:-no} == yes ]]; then
    cat "$TREE/systemd/mosquitto/linky.conf" >"$1"
  else
    sed '/^# Boards and displays/,/^$/d' "$TREE/systemd/mosquitto/linky.conf" >"$1"
  fi
}

# The access list as it ships, with what the household has in it of its own.
broker_rights() {
  PYTHONPATH=$TREE python3 -P -m gateway.boards.rights "$TREE/systemd/mosquitto/linky.acl" "$ROOT$BROKER/linky.acl" \
    "$ROOT$BROKER/linky.passwords" "$ROOT$STATE/boards" >"$1" || fail "$EXIT_FAILED" no_broker_rights
}

broker_do() {
  broker_configuration "$SCRATCH/linky.conf"
  broker_rights "$SCRATCH/linky.acl"
  put_file "$SCRATCH/linky.acl" "$BROKER/linky.acl" 600 mosquitto
  [[ ${ANSWER[boards]:-no} != yes ]] || make_certificates
  if [[ ! -e $ROOT$BROKER/linky.passwords || ! -e $ROOT$SECRETS/mqtt-password ]]; then make_broker_user; fi
  put_file "$SCRATCH/linky.conf" "$BROKER_FILE" 644
  on_running systemctl restart mosquitto.service
}

# For a household that wants a display or a board afterwards: the broker, heard in the house, and the gateway's own login.
open_broker() {
  require_system
  [[ -e $ROOT$ETC/gateway.toml ]] || fail "$EXIT_FAILED" check_no_configuration "$ETC/gateway.toml"
  answers_of_system
  ANSWER[mqtt]=yes ANSWER[boards]=yes
  step packages
  step broker
  if ! grep -q '^[[:space:]]*\[mqtt\]' "$ROOT$ETC/gateway.toml"; then
    cp -- "$ROOT$ETC/gateway.toml" "$SCRATCH/gateway.toml"
    # A configuration of the household's own has no such lines to take the # from: the table goes to its end.
    grep -qxF '#[mqtt]' "$SCRATCH/gateway.toml" || printf '\n#[mqtt]\n#user = "gateway"\n' >>"$SCRATCH/gateway.toml"
    set_key "$SCRATCH/gateway.toml" '[mqtt]' user gateway
    put_file "$SCRATCH/gateway.toml" "$ETC/gateway.toml" 640 ":$USER_NAME"
  fi
  ((!DRY_RUN)) || { say dry_run_end && exit 0; }
  on_running systemctl restart linky-gateway.service
  say broker_open
}

# A password that nobody has to know: made here, hashed by our own code, in no argument of any program.
make_broker_user() {
  if ((DRY_RUN)); then
    say would_write_secret "$SECRETS/mqtt-password"
    return
  fi
  # Where there is one, displays and boards are in it: only the gateway's line is made anew.
  if [[ ! -e $ROOT$BROKER/linky.passwords ]]; then
    : >"$SCRATCH/passwords"
    put_file "$SCRATCH/passwords" "$BROKER/linky.passwords" 600 mosquitto
  fi
  if ! PYTHONPATH=$TREE python3 -P -c 'import pathlib, sys; from gateway.boards.passwords import GATEWAY_USER, add
print(add(pathlib.Path(sys.argv[1]), GATEWAY_USER))' "$ROOT$BROKER/linky.passwords" >"$SCRATCH/mqtt-password"; then
    fail "$EXIT_FAILED" no_broker_user
  fi
  put_file "$SCRATCH/mqtt-password" "$SECRETS/mqtt-password" 600
}

make_certificates() {
  local folder=$ROOT$BROKER/linky name
  [[ ! -e $folder/server.crt ]] || return 0
  name=$(cat "$ROOT/etc/hostname" 2>/dev/null || hostname).local
  put_dir "$BROKER/linky" 755
  ((!DRY_RUN)) || { say would_make "$BROKER/linky/server.crt" && return; }
  (
    umask 077
    cd "$folder" || exit
    run openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7300 -subj "/CN=linky at home" \
      -addext basicConstraints=critical,CA:TRUE -keyout ca.key -out ca.crt
    run openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7300 -subj "/CN=$name" \
      -addext "subjectAltName=DNS:$name" -addext basicConstraints=critical,CA:FALSE \
      -CA ca.crt -CAkey ca.key -keyout server.key -out server.crt
  )
  own "$BROKER/linky/ca.crt" root 644
  own "$BROKER/linky/server.crt" root 644
  own "$BROKER/linky/server.key" mosquitto 600
  for name in ca.key ca.crt server.key server.crt; do remember file "$BROKER/linky/$name"; done
}
