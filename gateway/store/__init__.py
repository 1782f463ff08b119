"""SQLite: readings, roll-ups, outbox, consents. The only room that speaks SQL.

Read in this order: ``points`` (the values), ``recorder`` (frames to a batch, in memory), ``store`` (a batch to the
file, in one transaction with the outbox), then ``outbox``, ``terms`` and ``consents``, ``access`` (what strangers
ask), ``notices``, ``transfers`` (who received what) and ``history``; ``labels`` says what a series is called;
``prepare`` checks and migrates the file before the daemon opens it.
"""
