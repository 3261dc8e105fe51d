// One line of results of risk.c: what risk-sum.c adds up.
#ifndef RISK_LINE_H
#define RISK_LINE_H

#include "althing.h"

typedef struct {
    Text option;        // As in the arguments, for example "call S0=100 K=105 r=0.03 sigma=0.2 T=1".
    uint64_t paths;
    double sum;         // Of what the option pays today, and of the squares of that, over all paths.
    double squares;
} Line;

static void write_line(const Line *line) {
    double paths = (double)line->paths, price = line->sum / paths;
    double variance = line->squares / paths - price * price;
    write_all(line->option);
    write_text("\tpaths=");
    write_number(line->paths);
    write_text(" sum=");
    write_exact(line->sum);
    write_text(" squares=");
    write_exact(line->squares);
    write_text(" price=");
    write_decimal(price);
    write_text(" error=");
    write_decimal(variance > 0 ? __builtin_sqrt(variance / paths) : 0);
    write_byte('\n');
}

#endif
