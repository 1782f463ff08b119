"""A household joins a co-operative by its invitation: an account, a consent, a word to the collector, in this order.

What is written down before each step is in ``gateway.account.joining_note``. Read in this order: ``asked`` (what an
invitation asks of this house), ``carry_out`` (the steps, each done again where it was cut off), ``collector`` (who is
asked on the way), ``steps`` (a yes from its text to its end), ``house`` (in the running gateway, or by the command
where none runs).
"""
