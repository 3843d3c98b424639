"""Values: made once, compared by what they hold, changed by nobody.

The type checker keeps the rule. A dataclass that also refuses at run time (as those do that stand for a right: who
called, what was granted) sets each member through `object.__setattr__`, at five times the cost.
"""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def valueclass(kind: type[_T]) -> type[_T]:
    """Make a class of annotated members a value with slots, equality and a hash."""
    return dataclass(slots=True, unsafe_hash=True)(kind)
