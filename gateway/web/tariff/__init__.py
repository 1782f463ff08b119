"""The page's tariff: what the household pays its supplier, with dates."""
