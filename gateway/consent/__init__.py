"""Who may have what: what a household can consent to, checked before it is stored."""
