"""Signatures with a domain, as all of Althing's formats have them."""

import nacl.bindings as sodium


def signed_by(public, domain, message, signature):
    try:
        sodium.crypto_sign_open(signature + domain.encode() + b"\0" + message, public)
        return True
    except Exception:
        return False
