"""Lists that are paged by number alone, and rows that move while they are read."""


def page_after(count: int, most: int) -> tuple[int, int]:
    """Return number and size of the page with row *count* that reaches furthest on.

    Pages of one size do not overlap, and a row that moves up between two of them is in
    neither. A page of another size, *most* at most, shows whether the last row is
    where it was.
    """
    if count == 0:
        return 1, most
    sizes = range(most // 2, most + 1)
    pages = (((count - 1) // size + 1, size) for size in sizes)
    return max(pages, key=lambda page: page[0] * page[1])
