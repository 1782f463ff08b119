"""SQLite: readings, roll-ups, outbox, consents. The only room that speaks SQL.

``store`` builds the parts over one connection and holds them; a part owns its tables. Read in this order: ``points``
(the values), ``recorder`` (frames to a batch, in memory), ``transactions``, ``meters``, ``rollups`` and ``batches`` (a
batch to the file, in one transaction with the outbox), then ``terms`` and ``consents``, ``queue`` and ``outbox``; the
README says what each of the others keeps. ``labels`` says what a series is called; ``prepare`` checks and migrates the
file before the daemon opens it, ``dump`` and ``restore`` carry a household to another file.
"""
