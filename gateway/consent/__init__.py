"""Who may have what: what a household can consent to, the text it reads first, its answers to those who ask.

Read in this order: ``grant`` (an order, checked), ``answer`` (a request, narrowed), ``text`` (what is shown, what a
notice says), ``information`` (all that one recipient may have), ``orders`` and ``act`` (what can be ordered, and who
does it), ``command`` (``linky-gateway consent``). Apart: ``health``, who may ask whether the gateway is well.
Values and tables are the store's: ``gateway.store.terms``, ``consents`` and ``health``.
"""
