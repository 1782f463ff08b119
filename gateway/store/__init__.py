"""SQLite: readings, roll-ups, outbox, consents. The only room that speaks SQL.

Read in this order: ``points`` (the values), ``recorder`` (frames to a batch, in memory), ``store`` (a batch to the
file, in one transaction with the outbox), then ``outbox``, ``terms`` and ``consents``, ``access`` (what strangers
ask) and ``domains`` (whom the household does not hear), ``notices``, ``absence`` (who is not there), ``pseudonyms``
(who knows the meters by which names), ``transfers`` (who received what), ``history``, ``neighbours`` (what stands
out), ``watching`` (live values), ``corrections`` and ``erasure``; ``labels`` says what a series is called; ``prepare``
checks and migrates the file before the daemon opens it, ``dump`` and ``restore`` carry a household to another file.
"""
