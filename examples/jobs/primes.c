// Counts the primes of a range: a long unit that can be stopped and go on at another computer.
//
// A job over a range of numbers: unit n counts the primes p with n * size <= p < (n + 1) * size; `size` is an argument,
// 100000000 without. The output is the count; sum.c adds them up.
//
// Between two steps all that the program knows is in its memory, and that is what a checkpoint keeps.
#define ALTHING_STEPS
#include "althing.h"

#define SEGMENT (1u << 18)    // Bytes, one for each odd number: they stay in the cache of a processor.
#define SEGMENTS_A_STEP 256   // About a quarter of a second.
#define END_MAX 1000000000000000ull    // Up to here the divisors take 8 MB.

static uint8_t is_composite[SEGMENT];    // Of the odd number segment_start + 1 + 2 * i.
static uint32_t *divisors;               // The odd primes up to the square root of the end.
static uint64_t *multiples;              // Of each, the next odd multiple that has to be crossed out.
static uint32_t divisor_count;
static uint64_t segment_start, end, count;

static uint64_t root_of(uint64_t square) {
    uint64_t root = (uint64_t)__builtin_sqrt((double)square);
    while (root * root > square) root--;
    while ((root + 1) * (root + 1) <= square) root++;
    return root;
}

static void find_divisors(uint64_t last) {
    uint8_t *is_crossed = allocate(last + 1);
    uint32_t room = 0;
    for (uint64_t n = 3; n <= last; n += 2) {
        if (is_crossed[n]) continue;
        room++;
        for (uint64_t multiple = n * n; multiple <= last; multiple += 2 * n) is_crossed[multiple] = 1;
    }
    divisors = allocate((uint64_t)room * sizeof *divisors);
    multiples = allocate((uint64_t)room * sizeof *multiples);
    divisor_count = 0;
    for (uint64_t n = 3; n <= last; n += 2)
        if (!is_crossed[n]) divisors[divisor_count++] = (uint32_t)n;
}

void begin(const Unit *unit) {
    uint64_t size = argument_number(unit->arguments, "size", 100000000);
    if (size == 0 || size > END_MAX || unit->number >= END_MAX / size) fail("primes are counted up to 10^15");
    uint64_t start = unit->number * size;
    end = start + size;
    segment_start = start & ~1ull;    // Even, so that segments begin with an odd number.
    count = start <= 2 && end > 2;    // 2 itself, the only even one.
    find_divisors(root_of(end - 1));
    for (uint32_t i = 0; i < divisor_count; i++) {
        uint64_t divisor = divisors[i], first = divisor * divisor;
        if (first < segment_start) first = (segment_start + divisor - 1) / divisor * divisor;
        multiples[i] = first % 2 == 0 ? first + divisor : first;
    }
}

static void count_segment(void) {
    uint64_t segment_end = segment_start + 2 * (uint64_t)SEGMENT;
    memset(is_composite, 0, SEGMENT);
    for (uint32_t i = 0; i < divisor_count; i++) {
        uint64_t divisor = divisors[i], multiple = multiples[i];
        if (divisor * divisor >= segment_end) break;
        for (; multiple < segment_end; multiple += 2 * divisor) is_composite[(multiple - segment_start) / 2] = 1;
        multiples[i] = multiple;
    }
    if (segment_start == 0) is_composite[0] = 1;    // 1 is no prime.
    uint64_t odd_numbers = end > segment_end ? SEGMENT : (end - segment_start) / 2;
    for (uint64_t i = 0; i < odd_numbers; i++) count += !is_composite[i];
    segment_start = segment_end;
}

bool step(void) {
    for (uint32_t i = 0; i < SEGMENTS_A_STEP && segment_start < end; i++) count_segment();
    if (segment_start < end) return false;
    write_number(count);
    write_byte('\n');
    return true;
}
