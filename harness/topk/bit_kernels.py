"""Processor instructions that numba does not generate from loops: comparing many scores at once, counting bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from harness.topk.kernel_state import RUN

_instruction = cast("Callable[[Callable[..., Any]], Callable[..., Any]]", intrinsic)

_BITS = ir.IntType(RUN)
_RUN = ir.VectorType(ir.FloatType(), RUN)
_PLACE = ir.IntType(32)


@_instruction
def bits_reaching(typing_context: Any, row: Any, begin: Any, threshold: Any) -> Any:
    """Return a uint64 with the bits set of the ``RUN`` scores from ``begin`` on that reach the threshold.

    ``row`` float32 ``(columns,)``, contiguous and ``RUN`` columns long from ``begin``; ``begin`` int64;
    ``threshold`` float32. NaN reaches nothing.
    """
    if row.layout != "C" or row.dtype != types.float32:
        return None  # a typing error of whoever compiles the call

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        scores = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        run = builder.bitcast(builder.gep(scores, [arguments[1]]), _RUN.as_pointer())
        undefined = ir.Constant(_RUN, ir.Undefined)
        first = builder.insert_element(undefined, arguments[2], ir.Constant(_PLACE, 0))
        everywhere = ir.Constant(ir.VectorType(_PLACE, RUN), [0] * RUN)
        thresholds = builder.shuffle_vector(first, undefined, everywhere)
        reached = builder.fcmp_ordered(">=", builder.load(run, align=4), thresholds)
        return builder.bitcast(reached, _BITS)

    return types.uint64(row, types.int64, types.float32), generate


@_instruction
def lowest_bit(typing_context: Any, bits: Any) -> Any:
    """Return the place of the lowest bit that is set, int64; ``bits`` uint64, not 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


@_instruction
def count_bits(typing_context: Any, bits: Any) -> Any:
    """Return how many bits are set, int64; ``bits`` uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate
