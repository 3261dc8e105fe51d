// Logarithm, exponential, sine and cosine out of + - * / alone, so that every computer gets the same bits.
//
// A C library's own functions differ in the last digit from one system to the next, and then no two peers would agree
// on a result. These are right to about 2 units in the last place in the ranges given. reference.py says the same in
// numpy, operation by operation: change both or none.
#ifndef MATHS_H
#define MATHS_H

#include <stdint.h>

// Everything is computed for two numbers at once, which fill one register of a processor and of WebAssembly. The
// compilers turn + - * / and comparisons of these types into one instruction each.
typedef double Two __attribute__((vector_size(16)));
typedef uint64_t TwoBits __attribute__((vector_size(16)));

static inline Two two(double x) { return (Two){ x, x }; }
static inline Two double_of(TwoBits bits) { return (Two)bits; }
static inline TwoBits bits_of(Two x) { return (TwoBits)x; }

// Rounds to a whole number, halves to the even one; |x| < 2^51. The addition pushes the digits behind the point out.
static inline Two round_even(Two x) { return (x + 0x1.8p52) - 0x1.8p52; }

// Natural logarithm of a positive, normal number.
static inline Two log_of(Two x) {
    // x = 2^power * m with m from sqrt(1/2) to sqrt(2); log m = 2 artanh(s) with s = (m - 1) / (m + 1).
    TwoBits bits = bits_of(x) + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
    Two power = double_of(0x4330000000000000 | bits >> 52) - (0x1p52 + 1023);
    Two m = double_of((bits & 0xfffffffffffff) + 0x3fe6a09e667f3bcd);
    Two s = (m - 1) / (m + 1), q = s * s;
    Two sum = two(1.0 / 21);
    sum = sum * q + 1.0 / 19;
    sum = sum * q + 1.0 / 17;
    sum = sum * q + 1.0 / 15;
    sum = sum * q + 1.0 / 13;
    sum = sum * q + 1.0 / 11;
    sum = sum * q + 1.0 / 9;
    sum = sum * q + 1.0 / 7;
    sum = sum * q + 1.0 / 5;
    sum = sum * q + 1.0 / 3;
    Two tail = 2 * (s * q * sum);
    return power * 0x1.62e42fefa39efp-1 + (2 * s + tail);
}

// e^x for |x| < 700.
static inline Two exp_of(Two x) {
    Two power = round_even(x * 0x1.71547652b82fep+0);
    Two r = (x - power * 0x1.62e42feep-1) - power * 0x1.a39ef35793c76p-33;    // ln 2 in two pieces.
    Two sum = two(1.0 / 6227020800);
    sum = sum * r + 1.0 / 479001600;
    sum = sum * r + 1.0 / 39916800;
    sum = sum * r + 1.0 / 3628800;
    sum = sum * r + 1.0 / 362880;
    sum = sum * r + 1.0 / 40320;
    sum = sum * r + 1.0 / 5040;
    sum = sum * r + 1.0 / 720;
    sum = sum * r + 1.0 / 120;
    sum = sum * r + 1.0 / 24;
    sum = sum * r + 1.0 / 6;
    sum = sum * r + 0.5;
    sum = sum * r + 1;
    sum = sum * r + 1;
    return sum * double_of((bits_of(power + 0x1.8p52) + 1023) << 52);
}

// Sine and cosine of `turns` full turns, |turns| < 2^20.
static inline void sine_cosine(Two turns, Two *sine, Two *cosine) {
    Two quarters = round_even(turns * 4);
    Two y = (turns - quarters * 0.25) * 0x1.921fb54442d18p+2;    // At most an eighth of a turn, in radians.
    Two q = y * y;
    Two s = two(1.0 / 355687428096000);
    s = s * q - 1.0 / 1307674368000;
    s = s * q + 1.0 / 6227020800;
    s = s * q - 1.0 / 39916800;
    s = s * q + 1.0 / 362880;
    s = s * q - 1.0 / 5040;
    s = s * q + 1.0 / 120;
    s = s * q - 1.0 / 6;
    s = s * q * y + y;
    Two c = two(1.0 / 20922789888000);
    c = c * q - 1.0 / 87178291200;
    c = c * q + 1.0 / 479001600;
    c = c * q - 1.0 / 3628800;
    c = c * q + 1.0 / 40320;
    c = c * q - 1.0 / 720;
    c = c * q + 1.0 / 24;
    c = c * q - 0.5;
    c = c * q + 1;
    // Quarter 1 and 3 swap the two; the signs go + + - - and + - - +. Bits instead of branches, for vectors.
    TwoBits quarter = bits_of(quarters + 0x1.8p52);
    TwoBits swap = 0 - (quarter & 1), sine_bits = bits_of(s), cosine_bits = bits_of(c);
    TwoBits both = (sine_bits ^ cosine_bits) & swap;
    *sine = double_of((sine_bits ^ both) ^ (quarter & 2) << 62);
    *cosine = double_of((cosine_bits ^ both) ^ ((quarter + 1) & 2) << 62);
}

#endif
