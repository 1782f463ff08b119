"""Which release is believed: ``keys`` (who may sign), ``latest`` (the signed list), ``seen`` (what was seen before).

No network here: whoever fetches hands the bytes in. Every refusal is one sentence, a ``ReleaseError``.
"""
