// Counts the lines, words and bytes of one file, as `wc` does: the smallest program worth reading.
//
// Map: input is a file, output is the text "lines words bytes". Add them up with sum.c.
#include "althing.h"

void run(const Unit *unit) {
    uint64_t lines = 0, words = 0;
    bool is_in_word = false;
    for (const uint8_t *at = unit->input.at; at < unit->input.end; at++) {
        bool is_letter = !is_space(*at);
        if (*at == '\n') lines++;
        if (is_letter && !is_in_word) words++;
        is_in_word = is_letter;
    }
    write_number(lines);
    write_byte(' ');
    write_number(words);
    write_byte(' ');
    write_number(size_of(unit->input));
    write_byte('\n');
}
