"""What the series of a house are called, where two meters have the same paths."""

from contextlib import closing
from datetime import date

from gateway.household.series import as_json, of_house
from gateway.store.store import Archive
from tests.gateway.balance.conftest import SOLAR, House, panels, producing

WINTER = date(2026, 1, 14)


def test_the_panels_produce_and_the_meter_of_the_grid_injects(tmp_path):
    """Of one path, by who counts: the meter what leaves the house, a counter at the panels what they make."""
    house = House(tmp_path)
    house.configure(SOLAR)
    house.live_day(WINTER, producing)
    house.live_day(WINTER, panels, meter="solar")
    with closing(Archive(tmp_path)) as archive:
        told = {meter["meter"]: meter["series"] for meter in as_json(of_house(archive.meters, house.config))}
    for meter, fr, en in (("house", "inject", "inject"), ("solar", "produi", "produc")):
        made = [one for one in told[meter] if one["path"].startswith("production/")]
        assert len(made) >= 2
        assert [one["path"] for one in made if fr not in one["fr"] or en not in one["en"]] == []
