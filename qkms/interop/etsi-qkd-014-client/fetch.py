"""Fetches keys from a pair of KMEs with the package etsi-qkd-014-client, by all three methods.

Usage: fetch.py FOLDER MASTER HOST:PORT SLAVE HOST:PORT, where FOLDER holds ca.pem and sae-ID.pem
and sae-ID.key of both SAEs. Exit status 0 if both ends got the same keys.
"""

import base64
import sys

from etsi_qkd_014_client import QKD014Client


def client(folder, sae, kme):
    return QKD014Client(
        kme, f"{folder}/sae-{sae}.pem", f"{folder}/sae-{sae}.key", f"{folder}/ca.pem"
    )


def expect(what, holds):
    if not holds:
        sys.exit(f"error: {what}")


def main(folder, master, master_kme, slave, slave_kme):
    at_master = client(folder, master, master_kme)
    at_slave = client(folder, slave, slave_kme)

    code, status = at_master.get_status(slave)
    expect("no status", code == 200)
    expect("a status of other SAEs", (status.master_sae_id, status.slave_sae_id) == (master, slave))
    print(f"get_status: {status.stored_key_count} keys of {status.key_size} bits")

    code, one = at_master.get_key(slave)
    expect("no key by GET", code == 200 and len(one.keys) == 1)
    code, drawn = at_master.get_key(
        slave, number=3, size=512, extension_mandatory=[{"qkms_route": "direct"}]
    )
    expect("no keys by POST", code == 200 and len(drawn.keys) == 3)
    expect("a wrong size", all(len(base64.b64decode(key.key)) == 64 for key in drawn.keys))
    keys = one.keys + drawn.keys
    print("get_key:", *(key.key_id for key in keys))

    code, fetched = at_slave.get_key_with_key_IDs(master, [key.key_id for key in keys])
    expect("no keys at the slave", code == 200)
    pairs = [[(key.key_id, key.key) for key in side] for side in (keys, fetched.keys)]
    expect("other keys at the slave", pairs[0] == pairs[1])
    print(f"get_key_with_key_IDs: the same {len(fetched.keys)} keys")

    code, error = at_slave.get_key_with_key_IDs(master, [keys[0].key_id])
    expect("a key was told twice", code == 400)
    expect("another text", error.message == "one or more keys specified are not found on KME")


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
