import missing_module
from shapes import Square, total


def report(count: int) -> str:
    squares = [Square("wide") for _ in range(count)]
    return total(squares)


report("many").undefined
