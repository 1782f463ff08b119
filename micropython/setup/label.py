"""What stands on a board's label, derived from its key: nothing on the label opens another board, or tells the key.

The passphrase lets a phone into the board's own Wi-Fi. The code proves on the page that the label has been read: phones
share a passphrase with each other and with their makers' clouds, but not the code. tools/flash runs this file too.
"""

from signature import hmac_sha256

# Crockford's base 32: no I, L, O, U, which are misread.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def network(board):
    """The name of the Wi-Fi that the board opens while it is not set up."""
    return ("Linky-" + board)[:32]


def passphrase(key):
    """The passphrase of that Wi-Fi: 60 bits, more than can be tried offline on a recorded handshake."""
    letters = "".join([_LETTERS[byte & 31] for byte in hmac_sha256(key, b"wifi")[:12]])
    return "-".join([letters[:4], letters[4:8], letters[8:]])


def code(key):
    """The eight digits that the page asks for."""
    number = 0
    for byte in hmac_sha256(key, b"code")[:6]:
        number = number << 8 | byte
    return "%08d" % (number % 100_000_000)


def wifi_qr(board, key):
    """The text of a QR code that joins that Wi-Fi when a phone's camera sees it."""
    return "WIFI:T:WPA;S:%s;P:%s;;" % (network(board), passphrase(key))
