"""The page that shows several places side by side, on one axis: a school, a home, a roof."""
