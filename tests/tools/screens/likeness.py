"""Whether two pictures are the same: with the same letters nearly to the pixel, with others from afar.

Pictures are kept as ``kept`` makes them: of a desk at half its size, all in a palette.
"""

from PIL import Image, ImageChops, ImageStat

# Cells of so many pixels square, and by how many of 255 a colour in one may be another one.
CELL_PX, SHADES = 4, 12
# So many cells may be others where the letters are the same: less than a short word in small print.
MOST_CELLS = 20
# With other letters: the mean of what 32 x 32 places differ by, and how much longer or shorter the page may be.
MOST_MEAN, MOST_LONGER = 8, 0.06
# The colours of the surfaces are kept exactly, those of letters' edges nearly.
SURFACES, EDGES = 64, 64
HALVED = {"phone": 1, "desk": 2, "glance": 1}


def kept(picture, size):
    """The picture as it is kept."""
    small = picture.convert("RGB").reduce(HALVED[size])
    counted = sorted(small.getcolors(small.width * small.height), reverse=True)
    edges = small.quantize(EDGES, method=Image.Quantize.MAXCOVERAGE).getpalette()
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(band for _, colour in counted[:SURFACES] for band in colour), *edges])
    return small.quantize(palette=palette, dither=Image.Dither.NONE)


def others(seen, known):
    """How many cells of two pictures as they are kept are others; what one has more than the other counts whole."""
    seen, known = seen.convert("RGB"), known.convert("RGB")
    width, height = min(seen.width, known.width), min(seen.height, known.height)
    more = (seen.width * seen.height + known.width * known.height - 2 * width * height) // CELL_PX**2
    small = [one.crop((0, 0, width, height)).reduce(CELL_PX) for one in (seen, known)]
    bands = ImageChops.difference(*small).split()
    worst = ImageChops.lighter(ImageChops.lighter(*bands[:2]), bands[2])
    return sum(worst.histogram()[SHADES + 1 :]) + more


def from_afar(seen, known):
    """How far two pictures are from each other, 0 to 255, and by which part of its length one is longer."""
    small = [one.convert("L").resize((32, 32), Image.Resampling.BOX) for one in (seen, known)]
    longer = abs(seen.height - known.height) / min(seen.height, known.height)
    return ImageStat.Stat(ImageChops.difference(*small)).mean[0], longer


def same(seen, known, *, same_letters):
    """Whether they are."""
    if same_letters:
        return others(seen, known) <= MOST_CELLS
    mean, longer = from_afar(seen, known)
    return mean <= MOST_MEAN and longer <= MOST_LONGER
