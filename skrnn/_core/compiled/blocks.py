"""Blocks of a matrix product, whose sums stay in registers over the whole inner dimension.

A number of A fills a vector, by which a vector of B's columns is multiplied as it stands. A block
must have enough sums to keep the multipliers busy, and no more than there are registers for (Low et
al., 2016): 8 rows by 2 vectors with AVX-512, 6 by 2 with AVX2.

Each number of the product is a sum in the order of the inner dimension, whatever the number of
columns.
"""

from itertools import chain

from llvmlite import ir
from numba import types
from numba.core.cgutils import alloca_once, for_range, get_or_insert_function, unpack_tuple
from numba.extending import intrinsic

BIT, INT, LONG = (ir.IntType(bits) for bits in (1, 32, 64))


def block(rows, bits, vectors):
    """Make a function of compiled code that writes a block, ``multiply_block(sizes, A, B, C)``.

    It has some rows by some vectors of so many bits.

    sizes  the inner dimension, columns of B and C, how many of them there are from here on, beyond
           which a single vector neither reads nor writes, and 1 to add to C
    A      a pointer, a place, and how many numbers lie between two rows and between two columns
    B, C   a pointer and a place
    """

    @intrinsic
    def multiply_block(typing_context, sizes, A, B, C):
        def codegen(context, builder, signature, args):
            def matrix(j):
                pointer, place, *strides = unpack_tuple(builder, args[j])
                return [builder.gep(pointer, [place]), *strides]

            (k, n, rest, adds), a = unpack_tuple(builder, args[0]), matrix(1)
            (b,), (c,) = matrix(2), matrix(3)
            code = Vectors(builder, b.type.pointee, bits, rest if vectors == 1 else None)
            sums = begin(code, n, c, builder.trunc(adds, BIT), (rows, vectors))
            sum_up(code, (k, n), a, b, sums)
            write(code, n, sums, c)
            return context.get_dummy_value()

        return types.void(sizes, A, B, C), codegen

    return multiply_block


def begin(code, n, c, adds, shape):
    """List places for the sums of each row, which begin with what is in C, or with zero."""
    builder, (rows, vectors) = code.builder, shape
    # LLVM finds registers for what has a place on the stack.
    sums = [[alloca_once(builder, code.type) for _ in range(vectors)] for _ in range(rows)]
    with builder.if_else(adds) as (then, otherwise):
        with then:
            for row, places in zip(code.rows(c, n, rows), sums, strict=True):
                for j, place in enumerate(places):
                    builder.store(code.read(row, j), place)
        with otherwise:
            for place in chain(*sums):
                builder.store(code.zero, place)
    return sums


def sum_up(code, sizes, A, b, sums):
    """Add the products of numbers of A and vectors of B to the sums."""
    builder, (k, n), (a, down, across) = code.builder, sizes, A
    starts = code.rows(a, down, len(sums))
    with for_range(builder, k) as loop:
        row, step = builder.gep(b, [builder.mul(loop.index, n)]), builder.mul(loop.index, across)
        columns = [code.read(row, j) for j in range(len(sums[0]))]
        for start, places in zip(starts, sums, strict=True):
            number = code.fill(builder.load(builder.gep(start, [step])))
            for vector, place in zip(columns, places, strict=True):
                code.add_product(number, vector, place)


def write(code, n, sums, c):
    """Write the sums to rows of C."""
    for row, places in zip(code.rows(c, n, len(sums)), sums, strict=True):
        for j, place in enumerate(places):
            code.write(code.builder.load(place), row, j)


class Vectors:
    """LLVM's code for vectors, of which the first n numbers are used, or all."""

    def __init__(self, builder, real, bits, n=None):
        self.builder, self.size = builder, 4 if real == ir.FloatType() else 8
        self.lanes, self.mask = bits // (8 * self.size), None
        self.type = ir.VectorType(real, self.lanes)
        self.zero = ir.Constant(self.type, None)
        if n is not None:
            lanes = list(range(self.lanes))
            lane = ir.Constant(ir.VectorType(LONG, self.lanes), lanes)
            self.mask = builder.icmp_signed("<", lane, self.fill(n))

    def rows(self, first, distance, n_rows):
        """List the places of rows that begin so many numbers after one another."""
        places = (self.builder.mul(distance, LONG(i)) for i in range(n_rows))
        return [self.builder.gep(first, [place]) for place in places]

    def fill(self, number):
        """Fill a vector with a number."""
        nothing = ir.Constant(ir.VectorType(number.type, self.lanes), ir.Undefined)
        one = self.builder.insert_element(nothing, number, INT(0))
        firsts = ir.Constant(ir.VectorType(INT, self.lanes), None)
        return self.builder.shuffle_vector(one, nothing, firsts)

    def add_product(self, number, vector, place):
        """Add a product to what lies at a place, by one instruction where there is one."""
        product = self.call("fmuladd", self.type, number, vector, self.builder.load(place))
        self.builder.store(product, place)

    def read(self, row, j):
        """Read the j-th vector of a row."""
        place = self.place(row, j)
        if self.mask is None:
            return self.builder.load(place, align=self.size)
        return self.call("masked.load", self.type, place, INT(self.size), self.mask, self.zero)

    def write(self, vector, row, j):
        """Write the j-th vector of a row."""
        place = self.place(row, j)
        if self.mask is None:
            self.builder.store(vector, place, align=self.size)
        else:
            self.call("masked.store", ir.VoidType(), vector, place, INT(self.size), self.mask)

    def place(self, row, j):
        place = self.builder.gep(row, [LONG(j * self.lanes)])
        return self.builder.bitcast(place, self.type.as_pointer())

    def call(self, name, result, *args):
        """Call one of LLVM's own functions."""
        kind = ir.FunctionType(result, [arg.type for arg in args])
        end = ".p0" if name.startswith("masked") else ""  # for a pointer of any kind
        name = f"llvm.{name}.v{self.lanes}f{8 * self.size}{end}"
        return self.builder.call(get_or_insert_function(self.builder.module, kind, name), args)
