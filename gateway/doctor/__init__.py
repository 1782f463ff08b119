"""The signal doctor: listens to a port, looks at the system, and says in plain words what is wrong and what to do.

``heard`` bytes → what was heard, ``listen`` the port, ``system`` the machine; ``causes`` evidence → causes,
``sentences`` causes → words, ``bundle`` an anonymised archive for support, ``command`` all of it in order.
"""
