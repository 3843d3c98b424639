"""Values: made once, compared by what they hold, changed by nobody.

The type checker keeps the rule. What stands for a right (who called, what was granted) is a `NamedTuple`, which also
refuses at run time; a frozen dataclass would set each member through `object.__setattr__`, at five times the cost.
"""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def valueclass(kind: type[_T]) -> type[_T]:
    """Make a class of annotated members a value with slots, equality and a hash."""
    return dataclass(slots=True, unsafe_hash=True)(kind)
