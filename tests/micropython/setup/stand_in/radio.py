"""What is in the air in tests."""

ADDRESS = "127.0.0.1"


def networks():
    return [("Maison", -48), ("Voisins <b>&'\" très très longs", -71), ("Café", -93)]
