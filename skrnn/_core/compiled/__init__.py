"""The loop over time compiled by numba, for the cells' own equations.

    vecmath   exp and tanh that LLVM turns into SIMD code
    blas      matrix products by SciPy's BLAS, called from compiled code
    blocks    a block of a matrix product whose sums stay in registers
    products  matrix products of a step, by blocks or by BLAS, whichever is faster
    calls     what stands for NumPy's functions under the names that the equations use
    build     compiles a kernel with the equations of a cell, once
    kernels   the loop, forward and back, for packed rows of one direction
    unroll    the same as `skrnn._core.unroll`, by these kernels
    stepper   the same as `skrnn._core.stepper`, by a kernel of its own

numba is optional: what it is needed for is in this folder, and imported when it is used.
"""
