// Computes for as many steps as its arguments say, each a multiplication that waits for the one before.
#include "../../../../examples/jobs/althing.h"

void run(const Unit *unit) {
    uint64_t steps = 0, state = unit->number | 1;
    for (const uint8_t *at = unit->arguments.at; at < unit->arguments.end; at++) steps = steps * 10 + (*at - '0');
    for (uint64_t step = 0; step < steps; step++) state = state * 6364136223846793005u + 1442695040888963407u;
    write_number(state);
}
