from dataclasses import dataclass
from typing import Protocol


class Shape(Protocol):
    def area(self) -> float: ...


@dataclass
class Square:
    side: float

    def area(self) -> float:
        return self.side * self.side


@dataclass
class Label:
    text: str


def total(shapes: list[Shape]) -> float:
    return sum(shape.area() for shape in shapes)


total([Square(1), Label("no area")])
