# shellcheck shell=bash
# A pair of KMEs for the scripts beside. Sourced from the root of the repository, with set -eu.
#
# After start_pair, $folder holds ca.pem and certificates and keys sae-ID.pem, sae-ID.key and
# kme-ID.pem, kme-ID.key; $kme_a and $kme_b are HOST:PORT of the two doors. SAEs: alice and carol
# at kme-a; bob, dave and erin at kme-b.
#
# QKMS_PAIR="FOLDER HOST:PORT HOST:PORT" names a pair that runs already, of any maker, in place of
# one that is started; QKMS names the binary in place of the one that is built.

# How long the pair may take until both pools hold keys, in seconds.
patience=90

start_pair() {
    if [ -n "${QKMS_PAIR:-}" ]; then
        read -r folder kme_a kme_b <<<"$QKMS_PAIR"
        return
    fi
    if [ -z "${QKMS:-}" ]; then
        cargo build --quiet --locked --release --manifest-path qkms/Cargo.toml
        QKMS=${CARGO_TARGET_DIR:-target}/release/qkms
    fi
    folder=$(mktemp -d)
    trap stop_pair EXIT
    trap 'exit 130' INT TERM
    make_certificates
    kme_a=localhost:$(free_port) kme_b=localhost:$(free_port)
    write_configuration >"$folder/qkms.toml"
    (umask 077 && head -c 65536 /dev/urandom >"$folder/first.key")
    "$QKMS" serve --config "$folder/qkms.toml" >"$folder/log" 2>&1 &
    served=$!
    wait_for_keys
}

make_certificates() {
    "$QKMS" pki init --dir "$folder" >/dev/null
    local id
    for id in kme-a kme-b; do
        "$QKMS" pki kme "$id" --dir "$folder" --host localhost --host 127.0.0.1 >/dev/null
    done
    for id in alice bob carol dave erin; do
        "$QKMS" pki sae "$id" --dir "$folder" >/dev/null
    done
}

# A link of 10 km that fills its pools within seconds and is drawn empty within seconds.
write_configuration() {
    local id saes
    for id in kme-a kme-b; do
        case $id in
        kme-a) saes='"alice", "carol"' door=$kme_a ;;
        kme-b) saes='"bob", "dave", "erin"' door=$kme_b ;;
        esac
        cat <<END
[[kme]]
id = "$id"
store = "store-$id"
saes = [$saes]
[kme.etsi014]
listen = "127.0.0.1:${door##*:}"
certificate = "kme-$id.pem"
key = "kme-$id.key"
client_ca = "ca.pem"
revocation_list = "ca.crl"

END
    done
    cat <<END
[[link]]
alice = "kme-a"
bob = "kme-b"
preset = "snspd"
km = 10
pulse_rate = 1e7
capacity_bits = 4194304
first_key = "first.key"
END
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_for_keys() {
    local second
    for ((second = 0; second < patience; second++)); do
        kill -0 "$served" 2>/dev/null || break
        if [ "$(stored alice "$kme_a" bob)" -ge 200 ] && [ "$(stored bob "$kme_b" alice)" -ge 1 ]; then
            return
        fi
        sleep 1
    done
    cat "$folder/log" >&2
    say "error: the pair holds no keys after $second s"
    exit 2
}

# Keys that $1 may draw at the KME $2 for $3; 0 if it does not answer.
stored() {
    curl --silent --max-time 5 --cacert "$folder/ca.pem" --cert "$folder/sae-$1.pem" \
        --key "$folder/sae-$1.key" "https://$2/api/v1/keys/$3/status" |
        python3 -c 'import json, sys
try: print(json.load(sys.stdin)["stored_key_count"])
except Exception: print(0)'
}

stop_pair() {
    local status=$?
    if [ -n "${served:-}" ]; then
        kill "$served" 2>/dev/null || true
        wait "$served" 2>/dev/null || true
    fi
    rm -rf "$folder"
    exit "$status"
}
