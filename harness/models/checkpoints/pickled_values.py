"""Read the plain values of a pickle by interpreting its instructions, without creating objects or calling code."""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_MOST_STEPS = 10_000_000  # each makes one value at most, so that memory stays below some GB
_LONGEST_NAME = 100
_LARGEST = 1 << 28  # bytes of a pickle: tensors stand outside of it

# Instructions that push the value which stands in them.
_VALUES = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
    | {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
    | {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)
_MAKERS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
    "EMPTY_SET": set,
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"})
_GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})
_NOTHING = frozenset({"PROTO", "FRAME", "STOP"})
_ATOMS = (str, bytes, int, float, complex, type(None))


@dataclass(frozen=True, eq=False)
class PickledName:
    """Name of a class or function in a pickle, as ``module.name``."""

    name: str

    def __str__(self) -> str:
        return f"the name {_printable(self.name)}"


@dataclass(frozen=True, eq=False)
class OmittedObject:
    """Placeholder for an object that only code can create.

    Parameters
    ----------
    name
        Name of the class or function that creates it.
    """

    name: str

    def __str__(self) -> str:
        return f"an object made by {_printable(self.name)}"


Make = Callable[[str, tuple[Any, ...]], Any]


def values_of(pickle: bytes, *, make: Make, stored: Callable[[Any], Any]) -> Any:
    """Return the values of a pickle, with an ``OmittedObject`` in place of each object.

    No instruction imports or calls anything, or sets the state of an object. Containers, text and numbers are created.
    The result of a call comes from ``make``, which gets the name of the callable, never the callable itself. The state
    of objects is dropped.

    Parameters
    ----------
    pickle
        The bytes.
    make
        Called with the name of a class or function and its arguments; it returns a value, or an ``OmittedObject``.
    stored
        Called with each persistent id; it returns the value.

    Raises
    ------
    ValueError
        The pickle is cut short or damaged, holds an instruction that plain values do not need, or is too large.
    """
    if len(pickle) > _LARGEST:
        raise ValueError(f"its pickle has {len(pickle):,} bytes; up to {_LARGEST:,} are read")
    machine = _PickleMachine(make, stored)
    try:
        for number, (instruction, argument, _) in enumerate(pickletools.genops(pickle)):
            if number >= _MOST_STEPS:
                raise ValueError(f"its pickle has more than {_MOST_STEPS:,} instructions")
            machine.follow(instruction.name, argument)
        return machine.stack.pop()
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"its pickle is damaged ({type(error).__name__}: {str(error)[:80]})") from error


class _PickleMachine:
    """Stack and memory of the pickle instructions."""

    def __init__(self, make: Make, stored: Callable[[Any], Any]) -> None:
        self.stack: list[Any] = []
        self._below: list[list[Any]] = []  # the stacks under marks
        self._memory: dict[int, Any] = {}
        self._make, self._stored = make, stored

    def follow(self, name: str, argument: Any) -> None:
        """Execute one instruction."""
        stack = self.stack
        if name in _VALUES:
            stack.append(argument)
        elif name in _MAKERS:
            stack.append(_MAKERS[name]())
        elif name in _PUTS:
            self._memory[len(self._memory) if name == "MEMOIZE" else argument] = stack[-1]
        elif name in _GETS:
            stack.append(self._memory[argument])
        elif name == "MARK":
            self._below.append(stack)
            self.stack = []
        elif name in _TUPLES:
            stack[-_TUPLES[name] :] = [tuple(_last(stack, _TUPLES[name]))]
        elif name not in _NOTHING:
            if name not in _RULES:
                raise ValueError(f"its pickle has the instruction {name}, which plain values do not need")
            _RULES[name](self, argument)

    def _marked(self) -> list[Any]:
        """Remove the last mark and the values above it, and return the values."""
        found, self.stack = self.stack, self._below.pop()
        return found

    # --- containers

    def _tuple(self, _: Any) -> None:
        found = tuple(self._marked())
        self.stack.append(found)

    def _list(self, _: Any) -> None:
        found = self._marked()
        self.stack.append(found)

    def _dict(self, _: Any) -> None:
        found = dict(_pairs(self._marked()))
        self.stack.append(found)

    def _frozenset(self, _: Any) -> None:
        found = frozenset(map(_key, self._marked()))
        self.stack.append(found)

    def _append(self, _: Any) -> None:
        self._extend([self.stack.pop()])

    def _appends(self, _: Any) -> None:
        self._extend(self._marked())

    def _extend(self, values: list[Any]) -> None:
        into = self._container(list)
        if into is not None:
            into.extend(values)

    def _setitem(self, _: Any) -> None:
        pair = _last(self.stack, 2)
        del self.stack[-2:]
        self._update(pair)

    def _setitems(self, _: Any) -> None:
        self._update(self._marked())

    def _update(self, flat: list[Any]) -> None:
        into = self._container(dict)
        if into is not None:
            into.update(_pairs(flat))

    def _additems(self, _: Any) -> None:
        values = self._marked()
        into = self._container(set)
        if into is not None:
            into.update(map(_key, values))

    def _container(self, kind: type) -> Any:
        """Return the container on top of the stack; None if it was omitted, and its content with it."""
        into = self.stack[-1]
        if type(into) is not kind and not isinstance(into, OmittedObject):
            raise ValueError(f"its pickle is damaged: {type(into).__name__} in the place of {kind.__name__}")
        return into if type(into) is kind else None

    # --- the stack

    def _pop(self, _: Any) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self._marked()

    def _pop_mark(self, _: Any) -> None:
        self._marked()

    def _dup(self, _: Any) -> None:
        self.stack.append(self.stack[-1])

    # --- objects that only code can create

    def _global(self, argument: str) -> None:
        self.stack.append(PickledName(argument.replace(" ", ".", 1)))

    def _stack_global(self, _: Any) -> None:
        module, name = _last(self.stack, 2)
        self.stack[-2:] = [PickledName(f"{module}.{name}" if type(module) is type(name) is str else "nothing by name")]

    def _reduce(self, _: Any) -> None:
        called, arguments = _last(self.stack, 2)
        is_known = isinstance(called, PickledName) and type(arguments) is tuple
        self.stack[-2:] = [self._make(called.name, arguments) if is_known else OmittedObject(_name(called))]

    def _newobj(self, _: Any) -> None:
        self.stack[-2:] = [OmittedObject(_name(_last(self.stack, 2)[0]))]

    def _newobj_ex(self, _: Any) -> None:
        self.stack[-3:] = [OmittedObject(_name(_last(self.stack, 3)[0]))]

    def _inst(self, argument: str) -> None:
        self._marked()
        self.stack.append(OmittedObject(argument.replace(" ", ".", 1)))

    def _obj(self, _: Any) -> None:
        found = self._marked()
        self.stack.append(OmittedObject(_name(found[0])))

    def _build(self, _: Any) -> None:
        _last(self.stack, 2)
        self.stack.pop()

    def _binpersid(self, _: Any) -> None:
        self.stack[-1] = self._stored(self.stack[-1])


_RULES: dict[str, Callable[[_PickleMachine, Any], None]] = {
    "TUPLE": _PickleMachine._tuple,
    "LIST": _PickleMachine._list,
    "DICT": _PickleMachine._dict,
    "FROZENSET": _PickleMachine._frozenset,
    "APPEND": _PickleMachine._append,
    "APPENDS": _PickleMachine._appends,
    "SETITEM": _PickleMachine._setitem,
    "SETITEMS": _PickleMachine._setitems,
    "ADDITEMS": _PickleMachine._additems,
    "POP": _PickleMachine._pop,
    "POP_MARK": _PickleMachine._pop_mark,
    "DUP": _PickleMachine._dup,
    "GLOBAL": _PickleMachine._global,
    "STACK_GLOBAL": _PickleMachine._stack_global,
    "REDUCE": _PickleMachine._reduce,
    "NEWOBJ": _PickleMachine._newobj,
    "NEWOBJ_EX": _PickleMachine._newobj_ex,
    "INST": _PickleMachine._inst,
    "OBJ": _PickleMachine._obj,
    "BUILD": _PickleMachine._build,
    "BINPERSID": _PickleMachine._binpersid,
}


def _last(stack: list[Any], count: int) -> list[Any]:
    if len(stack) < count:
        raise IndexError("nothing is left on the stack")
    return stack[-count:]


def _name(called: Any) -> str:
    return called.name if isinstance(called, (PickledName, OmittedObject)) else type(called).__name__


def _pairs(flat: list[Any]) -> Iterator[tuple[Any, Any]]:
    if len(flat) % 2:
        raise ValueError("its pickle is damaged: a key without a value")
    for place in range(0, len(flat), 2):
        yield _key(flat[place]), flat[place + 1]


def _key(value: Any) -> Any:
    """Return a value that can be a key. Of tuples only flat ones can: Python hashes to any depth."""
    if isinstance(value, (*_ATOMS, OmittedObject, PickledName)):
        return value
    if type(value) is tuple and all(isinstance(one, _ATOMS) for one in value):
        return value
    return OmittedObject(f"a key of type {type(value).__name__}")


def _printable(name: str) -> str:
    """Return a name without characters that a terminal would interpret."""
    return "".join(one if one.isprintable() else "?" for one in name[:_LONGEST_NAME])
