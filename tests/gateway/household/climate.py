"""Stands for a file that PVGIS 5 gives: *Hourly data* with *PV power*, as CSV.

The form is PVGIS's: latitude to losses above the table, a blank line and the legend below it. The values are made.
"""

from datetime import UTC, datetime, timedelta

HEAD = (
    "Latitude (decimal degrees):\t47.218\r\nLongitude (decimal degrees):\t-1.554\r\nElevation (m):\t20\r\n"
    "Radiation database:\tPVGIS-SARAH3\r\n\r\n\r\nSlope: 35 deg. \r\nAzimuth: -10 deg. \r\n"
    "Nominal power of the PV system (c-Si) (kWp):\t{peak}\r\nSystem losses (%):\t14.0\r\n"
)
COLUMNS = "time,P,G(i),H_sun,T2m,WS10m,Int\r\n"
LEGEND = (
    "\r\nP: PV system power (W)\r\nG(i): Global irradiance on the inclined plane (plane of the array) (W/m2)\r\n"
    "H_sun: Sun height (degree)\r\nT2m: 2-m air temperature (degree Celsius)\r\nWS10m: 10-m total wind speed (m/s)\r\n"
    "Int: 1 means solar radiation values are reconstructed\r\n\r\n\r\n\r\nPVGIS (c) European Union, 2001-2026"
)


def hours_of(year):
    """The hours of a year, UTC."""
    when = datetime(year, 1, 1, tzinfo=UTC)
    while when.year == year:
        yield when
        when += timedelta(hours=1)


def climate_csv(watts, years=(2021,), minute=10, peak="3.0"):
    """A file of these years; ``watts`` gives P at an hour."""
    every = (when for year in years for when in hours_of(year))
    rows = (f"{when:%Y%m%d:%H}{minute:02},{watts(when)},0.0,0.0,8.5,3.1,0.0\r\n" for when in every)
    return (HEAD.format(peak=peak) + COLUMNS + "".join(rows) + LEGEND).encode()
