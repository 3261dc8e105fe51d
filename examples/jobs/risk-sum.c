// Adds up the results of risk.c: the more units, the smaller the error.
//
// Reduce: each part is lines of risk.c, and so is the output. Lines of the same option become one. Their sums are exact
// (see `add_paths` there), so the bits of the result don't depend on which parts are added first.
#include "risk-line.h"

#define OPTIONS_MAX 256

static bool is_same(Text a, Text b) {
    if (size_of(a) != size_of(b)) return false;
    while (!is_empty(a))
        if (*a.at++ != *b.at++) return false;
    return true;
}

static Text take_value(Text *rest, const char *name) {
    Text value = argument(*rest, name);
    if (is_empty(value)) fail("this is not a line of risk.wasm");
    return value;
}

void run(const Unit *unit) {
    static Line lines[OPTIONS_MAX];
    uint32_t count = 0;
    Text rest = unit->input, part;
    while (take_part(&rest, &part)) {
        while (!is_empty(part)) {
            Text values = take_line(&part), option = take_until(&values, '\t');
            Text paths = take_value(&values, "paths"), sum = take_value(&values, "sum");
            Text squares = take_value(&values, "squares");
            uint32_t i = 0;
            while (i < count && !is_same(lines[i].option, option)) i++;
            if (i == OPTIONS_MAX) fail("a book has at most 256 options");
            if (i == count) lines[count++] = (Line){ option, 0, 0, 0 };
            lines[i].paths += take_number(&paths);
            lines[i].sum += take_exact(&sum);
            lines[i].squares += take_exact(&squares);
        }
    }
    for (uint32_t i = 0; i < count; i++) write_line(&lines[i]);
}
