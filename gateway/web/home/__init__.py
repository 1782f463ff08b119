"""What the meters say now: the first page, the screen on the wall, the picture of it."""
