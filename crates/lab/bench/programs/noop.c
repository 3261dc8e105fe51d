// Does nothing: what a unit costs besides its work.
#include "../../../../examples/jobs/althing.h"

void run(const Unit *unit) {
    (void)unit;
}
