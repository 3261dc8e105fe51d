// Random numbers without a state: Philox4x32-10 of Salmon, Moraes, Dror and Shaw (2011).
//
// The n-th numbers of a unit are computed from n, the unit and the seed, so units never share numbers, may be computed
// anywhere and in any order, and come out the same when they are computed again.
#ifndef PHILOX_H
#define PHILOX_H

#include "maths.h"

typedef struct { uint32_t word[4]; } Random;

static inline Random philox(uint64_t seed, uint64_t unit, uint64_t n) {
    uint32_t a = (uint32_t)n, b = (uint32_t)(n >> 32), c = (uint32_t)unit, d = (uint32_t)(unit >> 32);
    uint32_t key_a = (uint32_t)seed, key_b = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t product_a = 0xd2511f53ull * a, product_c = 0xcd9e8d57ull * c;
        a = (uint32_t)(product_c >> 32) ^ b ^ key_a;
        c = (uint32_t)(product_a >> 32) ^ d ^ key_b;
        b = (uint32_t)product_c;
        d = (uint32_t)product_a;
        key_a += 0x9e3779b9;
        key_b += 0xbb67ae85;
    }
    return (Random){ { a, b, c, d } };
}

// Numbers above 0 and below 1.
static inline Two fraction_of(uint32_t a, uint32_t b) {
    TwoBits bits = { a, b };
    return ((double_of(bits | 0x4330000000000000) - 0x1p52) + 0.5) * 0x1p-32;
}

// Fills an array with `count` numbers of the normal distribution, a multiple of 4, the way of Box and Muller.
static void fill_with_normals(double *normals, uint32_t count, uint64_t seed, uint64_t unit, uint64_t first) {
    for (uint32_t i = 0; i < count; i += 4) {
        Random random = philox(seed, unit, (first + i) / 4);
        Two sine, cosine, square = -2 * log_of(fraction_of(random.word[0], random.word[2]));
        Two radius = { __builtin_sqrt(square[0]), __builtin_sqrt(square[1]) };
        sine_cosine(fraction_of(random.word[1], random.word[3]), &sine, &cosine);
        Two a = radius * cosine, b = radius * sine;
        normals[i] = a[0];
        normals[i + 1] = b[0];
        normals[i + 2] = a[1];
        normals[i + 3] = b[1];
    }
}

#endif
