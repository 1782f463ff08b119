"""What is said to a person: sentences (``phrase``), their translations (``catalogue``), which language (``language``).

The source is English. Another language is a folder here, kept by ``tools/words``.
"""
