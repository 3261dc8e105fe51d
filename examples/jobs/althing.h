// What a work unit written in C needs, in one file: copy it beside your program and write `run`.
//
//     #include "althing.h"
//
//     void run(const Unit *unit) {
//         write_number(size_of(unit->input));
//         write_text(" bytes\n");
//     }
//
// A program is given a unit: its number, the arguments of the whole job, and bytes. It writes an output. It has no
// clock, no chance, no files and no network, so whoever computes a unit gets the same bytes. Every unit starts in fresh
// memory, therefore nothing here is ever freed.
//
// A unit that takes minutes can be stopped and go on elsewhere: define ALTHING_STEPS before the include and write
// `begin` and `step` instead of `run` (see primes.c).
//
// This is the *core* way of taking input: no imports, no C library. Compiled for the computer itself instead of for
// WebAssembly, the same program becomes a library that check.py and speed.py compare with.
#ifndef ALTHING_H
#define ALTHING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes that are somewhere else: from `at` up to, but not with, `end`. Reading moves `at`.
typedef struct {
    const uint8_t *at, *end;
} Text;

typedef struct {
    uint64_t number;    // Of this unit in its job, from 0.
    Text arguments;     // Of the job, for example "width=320 height=200".
    Text input;         // What this unit works on; empty in a job over a range of numbers.
} Unit;

#ifdef ALTHING_STEPS
void begin(const Unit *unit);
bool step(void);    // Works for a second at most; returns whether the output is complete.
#else
void run(const Unit *unit);
#endif

// ------------------------------------------------------------------------------------------------ memory and failing

#define PAGE 65536u

static uint32_t heap_end;    // Address of the first byte that nobody has got yet; 0 before the first asks.
static const char *last_words = "";

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name))) name
#define AT(address) ((uint8_t *)(address))
#define ADDRESS(pointer) ((uint32_t)(pointer))
extern uint8_t __heap_base;    // From the linker: where a program's own variables end.

static bool has_memory_up_to(uint64_t end) {
    uint64_t pages = (end + PAGE - 1) / PAGE, pages_now = __builtin_wasm_memory_size(0);
    return pages <= pages_now ||
           (pages < PAGE && __builtin_wasm_memory_grow(0, (size_t)(pages - pages_now)) != (size_t)-1);
}

// Compilers make calls to these out of ordinary code; with -mbulk-memory each is one instruction.
void *memcpy(void *to, const void *from, size_t size) { return __builtin_memcpy(to, from, size); }
void *memset(void *to, int byte, size_t size) { return __builtin_memset(to, byte, size); }
#else
// The computer's own addresses don't fit 32 bits; there an address is a place in this array.
static uint8_t native_memory[1u << 30] __attribute__((aligned(16)));
#define EXPORT(name) name
#define AT(address) (native_memory + (address))
#define ADDRESS(pointer) ((uint32_t)((const uint8_t *)(pointer) - native_memory))
#define __heap_base native_memory[16]
#define memcpy __builtin_memcpy
#define memset __builtin_memset

static bool has_memory_up_to(uint64_t end) { return end <= sizeof native_memory; }

// Gives the memory, empty again as at the start of a unit.
uint8_t *althing_native_memory(void) {
    memset(native_memory, 0, heap_end);
    heap_end = 0;
    return native_memory;
}
#endif

// Ends the unit; its owner reads the reason.
__attribute__((noreturn)) static inline void fail(const char *reason) {
    last_words = reason;
    __builtin_trap();
}

// Returns memory full of zeros, at a multiple of 16.
static inline void *allocate(uint64_t size) {
    if (heap_end == 0) heap_end = (ADDRESS(&__heap_base) + 15) & ~15u;
    uint64_t end = (heap_end + size + 15) & ~15ull;
    if (size > UINT32_MAX || !has_memory_up_to(end)) fail("a unit may not use enough memory for this");
    void *start = AT(heap_end);
    heap_end = (uint32_t)end;
    return start;
}

// ------------------------------------------------------------------------------------------------ writing the output

static uint8_t *output;
static uint32_t output_size, output_room;

static inline void write_bytes(const void *bytes, uint32_t size) {
    if (size > output_room - output_size) {
        uint64_t room = 2 * ((uint64_t)output_size + size) + 4096;
        uint8_t *larger = allocate(room);
        if (output_size > 0) memcpy(larger, output, output_size);
        output = larger;
        output_room = (uint32_t)room;
    }
    memcpy(output + output_size, bytes, size);
    output_size += size;
}

static inline uint32_t length_of(const char *text) {
    uint32_t length = 0;
    while (text[length] != 0) length++;
    return length;
}

static inline void write_text(const char *text) { write_bytes(text, length_of(text)); }

static inline void write_byte(uint8_t byte) { write_bytes(&byte, 1); }

static inline void write_number(uint64_t number) {
    uint8_t digits[20];
    uint32_t first = 20;
    do digits[--first] = (uint8_t)('0' + number % 10);
    while ((number /= 10) > 0);
    write_bytes(digits + first, 20 - first);
}

// Writes six digits behind the point: for people. What a program reads again is written with `write_exact`.
static inline void write_decimal(double value) {
    if (!(value > -1e12 && value < 1e12)) { write_text("out of range"); return; }
    if (value < 0) { write_byte('-'); value = -value; }
    uint64_t millionths = (uint64_t)(value * 1e6 + 0.5);
    write_number(millionths / 1000000);
    write_byte('.');
    for (uint64_t scale = 100000; scale > 0; scale /= 10) write_byte((uint8_t)('0' + millionths / scale % 10));
}

// Writes all bits of a number as C (%a) and Python (float.hex) do: 1.5 is 0x1.8000000000000p+0. Finite numbers only.
static inline void write_exact(double value) {
    uint64_t bits;
    memcpy(&bits, &value, 8);
    if (bits >> 63) write_byte('-');
    int32_t power = (int32_t)(bits >> 52 & 2047) - 1023;
    if (power == -1023) { write_text("0x0.0p+0"); return; }
    write_text("0x1.");
    for (int32_t shift = 48; shift >= 0; shift -= 4) write_byte((uint8_t)"0123456789abcdef"[bits >> shift & 15]);
    write_text(power < 0 ? "p-" : "p+");
    write_number((uint64_t)(power < 0 ? -power : power));
}

static inline uint32_t size_of(Text text) { return (uint32_t)(text.end - text.at); }

static inline void write_all(Text text) { write_bytes(text.at, size_of(text)); }

// ------------------------------------------------------------------------------------------------ reading

static inline bool is_empty(Text text) { return text.at == text.end; }

static inline bool is_digit(Text text) { return !is_empty(text) && *text.at >= '0' && *text.at <= '9'; }

static inline bool is_space(uint8_t byte) { return byte == ' ' || (byte >= 9 && byte <= 13); }

// Takes one byte away if it is the expected one.
static inline bool take(Text *rest, uint8_t byte) {
    if (is_empty(*rest) || *rest->at != byte) return false;
    rest->at++;
    return true;
}

// Takes everything before a byte, and the byte itself if it is there.
static inline Text take_until(Text *rest, uint8_t byte) {
    Text taken = { rest->at, rest->at };
    while (taken.end < rest->end && *taken.end != byte) taken.end++;
    rest->at = taken.end < rest->end ? taken.end + 1 : taken.end;
    return taken;
}

static inline Text take_line(Text *rest) { return take_until(rest, '\n'); }

static inline uint64_t take_number(Text *rest) {
    if (!is_digit(*rest)) fail("a number was expected");
    uint64_t number = 0;
    for (; is_digit(*rest); rest->at++) {
        uint64_t digit = (uint64_t)(*rest->at - '0');
        if (number > (UINT64_MAX - digit) / 10) fail("a number does not fit 64 bits");
        number = number * 10 + digit;
    }
    return number;
}

// Takes a decimal number of at most 15 digits: the nearest double, as in Python.
static inline double take_decimal(Text *rest) {
    bool is_negative = take(rest, '-');
    uint64_t digits = 0;
    double scale = 1;
    bool is_behind_point = false;
    if (!is_digit(*rest)) fail("a decimal number was expected");
    for (; is_digit(*rest) || (!is_behind_point && !is_empty(*rest) && *rest->at == '.'); rest->at++) {
        if (*rest->at == '.') { is_behind_point = true; continue; }
        digits = digits * 10 + (uint64_t)(*rest->at - '0');
        if (digits >= 1000000000000000) fail("a decimal number has too many digits");
        if (is_behind_point) scale *= 10;
    }
    double value = (double)digits / scale;
    return is_negative ? -value : value;
}

// Takes a number written by `write_exact`.
static inline double take_exact(Text *rest) {
    uint64_t sign = take(rest, '-') ? 1ull << 63 : 0, fraction = 0;
    if (!take(rest, '0') || !take(rest, 'x')) fail("an exact number was expected");
    if (take(rest, '0')) { take_until(rest, '+'); take(rest, '0'); return 0; }
    if (!take(rest, '1') || !take(rest, '.')) fail("an exact number was expected");
    for (uint32_t digit = 0; digit < 13 && !is_empty(*rest); digit++) {
        uint8_t byte = *rest->at++;
        fraction = fraction << 4 | (uint64_t)(byte <= '9' ? byte - '0' : byte - 'a' + 10);
    }
    if (!take(rest, 'p')) fail("an exact number was expected");
    bool is_negative = take(rest, '-');
    if (!is_negative) take(rest, '+');
    uint64_t power = take_number(rest);
    uint64_t bits = sign | (is_negative ? 1023 - power : 1023 + power) << 52 | (fraction & 0xfffffffffffff);
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

static inline bool is_separator(uint8_t byte) { return is_space(byte) || byte == ';'; }

// Takes the next word of arguments, which have spaces or semicolons between them; empty at the end.
static inline Text take_word(Text *rest) {
    while (!is_empty(*rest) && is_separator(*rest->at)) rest->at++;
    Text word = { rest->at, rest->at };
    while (word.end < rest->end && !is_separator(*word.end)) word.end++;
    rest->at = word.end;
    return word;
}

static inline bool is_text(Text text, const char *expected) {
    while (!is_empty(text) && *expected != 0 && *text.at == (uint8_t)*expected) text.at++, expected++;
    return is_empty(text) && *expected == 0;
}

// Returns the value of `name=value` in arguments; empty if the name is absent.
static inline Text argument(Text arguments, const char *name) {
    for (Text word; !is_empty(word = take_word(&arguments));) {
        Text value = word, found = take_until(&value, '=');
        if (found.end < word.end && is_text(found, name)) return value;
    }
    return arguments;
}

static inline uint64_t argument_number(Text arguments, const char *name, uint64_t otherwise) {
    Text value = argument(arguments, name);
    return is_empty(value) ? otherwise : take_number(&value);
}

static inline double argument_decimal(Text arguments, const char *name, double otherwise) {
    Text value = argument(arguments, name);
    return is_empty(value) ? otherwise : take_decimal(&value);
}

static inline uint32_t little_end_32(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

// Takes the next part of an input that was put together from the outputs of several units.
//
// Each of several parts is preceded by its length, but a single part comes as it is. Text can't be mistaken for the
// first: four of its bytes, read as a length, are more than 150 MB.
static inline bool take_part(Text *rest, Text *part) {
    if (is_empty(*rest)) return false;
    bool is_single = size_of(*rest) < 4 || little_end_32(rest->at) > size_of(*rest) - 4;
    part->at = is_single ? rest->at : rest->at + 4;
    part->end = is_single ? rest->end : part->at + little_end_32(rest->at);
    rest->at = part->end;
    return true;
}

// ------------------------------------------------------------------------------------------------ what Althing calls

uint32_t EXPORT(althing_alloc)(uint32_t size) { return ADDRESS(allocate(size)); }

uint64_t EXPORT(althing_log)(void) {
    return (uint64_t)ADDRESS(last_words) << 32 | length_of(last_words);
}

static uint64_t output_range(void) {
    if (output == NULL) output = allocate(1);    // Of a step, 0 would mean "call me again".
    return (uint64_t)ADDRESS(output) << 32 | output_size;
}

static Unit unit_from(uint32_t address, uint32_t length) {
    const uint8_t *from = AT(address);
    output = NULL;
    output_size = output_room = 0;
    if (length < 12 || little_end_32(from + 8) > length - 12) fail("this is not a unit");
    const uint8_t *input = from + 12 + little_end_32(from + 8);
    return (Unit){
        .number = little_end_32(from) | (uint64_t)little_end_32(from + 4) << 32,
        .arguments = { from + 12, input },
        .input = { input, from + length },
    };
}

#ifdef ALTHING_STEPS
void EXPORT(althing_begin)(uint32_t address, uint32_t length) {
    Unit unit = unit_from(address, length);
    begin(&unit);
}

uint64_t EXPORT(althing_step)(void) { return step() ? output_range() : 0; }
#else
uint64_t EXPORT(althing_run)(uint32_t address, uint32_t length) {
    Unit unit = unit_from(address, length);
    run(&unit);
    return output_range();
}
#endif

#endif
