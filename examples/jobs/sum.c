// Adds columns of whole numbers: the reduce for count.c, primes.c and everything else that counts.
//
// Reduce: each part is lines of numbers with spaces between them; the output is one line with the sum of each column.
// What comes out can go in again, so thousands of parts are added level by level.
#include "althing.h"

#define COLUMNS_MAX 64    // A line of counts that a person would still read.

void run(const Unit *unit) {
    uint64_t sums[COLUMNS_MAX] = { 0 };
    uint32_t columns = 0;
    Text rest = unit->input, part;
    while (take_part(&rest, &part)) {
        while (!is_empty(part)) {
            Text line = take_line(&part);
            for (uint32_t column = 0; !is_empty(line); column++) {
                if (column == COLUMNS_MAX) fail("a line has more than 64 numbers");
                if (column == columns) columns++;
                if (__builtin_add_overflow(sums[column], take_number(&line), &sums[column]))
                    fail("a sum does not fit 64 bits");
                while (!is_empty(line) && is_space(*line.at)) line.at++;
            }
        }
    }
    for (uint32_t column = 0; column < columns; column++) {
        if (column > 0) write_byte(' ');
        write_number(sums[column]);
    }
    write_byte('\n');
}
