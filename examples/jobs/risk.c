// Prices a book of European options by throwing dice: the price is what an option pays on average.
//
// A job over a range of numbers: each unit walks its own random paths. Arguments are a list of options with semicolons
// between them; an option takes over what it doesn't say from the one before it:
//
//     seed=7 paths=100000 ; call S0=100 K=105 r=0.03 sigma=0.2 T=1 ; put K=95 ; put K=90 T=0.5
//
// Without a word in front an option is a call. S0 is the price today, K the strike, r interest per year, sigma volatility
// per year, T years. The output has a line for each option; `price` and `error` are for people, `sum` and `squares` are
// exact and are added up by risk-sum.c.
#include "althing.h"
#include "philox.h"
#include "risk-line.h"

#define OPTIONS_MAX 256     // A book of more is several jobs.
#define PATHS_AT_ONCE 1024  // Their numbers stay in the nearest cache.

typedef struct {
    bool is_put;
    double spot, strike, rate, volatility, years;
    double drift, spread, discount;    // Made from those: price then = exp(drift + spread * normal).
    double sum, squares;
} Option;

static Option options[OPTIONS_MAX];
static uint32_t option_count;
static double normals[PATHS_AT_ONCE] __attribute__((aligned(16)));

// Takes an option out of one piece of the arguments. Returns false if the piece has only settings.
static bool read_option(Text piece, Option *option) {
    Text rest = piece, kind = take_word(&rest);
    option->is_put = is_text(kind, "put");
    if (!option->is_put && !is_text(kind, "call") && is_empty(argument(piece, "K"))) return false;
    option->spot = argument_decimal(piece, "S0", option->spot);
    option->strike = argument_decimal(piece, "K", option->strike);
    option->rate = argument_decimal(piece, "r", option->rate);
    option->volatility = argument_decimal(piece, "sigma", option->volatility);
    option->years = argument_decimal(piece, "T", option->years);
    option->sum = option->squares = 0;
    if (!(option->spot > 0 && option->strike > 0 && option->volatility > 0 && option->years > 0))
        fail("an option needs S0, K, sigma and T above 0");
    double growth = option->rate - option->volatility * option->volatility * 0.5;
    option->spread = option->volatility * __builtin_sqrt(option->years);
    option->drift = log_of(two(option->spot))[0] + growth * option->years;
    option->discount = exp_of(two(-(option->rate * option->years)))[0];
    if (!(option->spread < 10 && option->drift > -100 && option->drift < 100)) fail("an option is out of proportion");
    return true;
}

static void read_book(Text arguments) {
    Option option = { .strike = 0 };
    for (option_count = 0; !is_empty(arguments);) {
        if (!read_option(take_until(&arguments, ';'), &option)) continue;
        if (option_count == OPTIONS_MAX) fail("a book has at most 256 options");
        options[option_count++] = option;
    }
    if (option_count == 0) fail("the arguments have no option: call S0=100 K=105 r=0.03 sigma=0.2 T=1");
}

// Adds what an option pays on `count` paths.
//
// What is paid is rounded to 1/65536 and its square to 1/1024: then all sums up to 10^11 and 10^12 are exact, and it
// makes no difference which of them are added first. Adding a large number and taking it away again rounds.
static void add_paths(Option *option, uint32_t count) {
    Two sums = two(0), square_sums = two(0);
    double sign = option->is_put ? -1 : 1;
    for (uint32_t i = 0; i < count; i += 2) {
        Two normal = { normals[i], normals[i + 1] };
        Two price = exp_of(option->drift + option->spread * normal);
        Two gain = (price - option->strike) * sign;
        Two paid = option->discount * double_of(bits_of(gain) & (TwoBits)(gain > 0));
        Two rounded = (paid + 0x1.8p36) - 0x1.8p36;
        Two squares = (rounded * rounded + 0x1.8p42) - 0x1.8p42;
        if (i + 1 == count) rounded[1] = squares[1] = 0;
        sums += rounded;
        square_sums += squares;
    }
    option->sum += sums[0] + sums[1];
    option->squares += square_sums[0] + square_sums[1];
}

static void write_option(const Option *option, uint64_t paths) {
    static const char *names[] = { " S0=", " K=", " r=", " sigma=", " T=" };
    double values[] = { option->spot, option->strike, option->rate, option->volatility, option->years };
    uint32_t start = output_size;
    write_text(option->is_put ? "put" : "call");
    for (uint32_t i = 0; i < 5; i++) {
        write_text(names[i]);
        write_decimal(values[i]);
        while (output[output_size - 1] == '0') output_size--;
        if (output[output_size - 1] == '.') output_size--;
    }
    // The name is the same in all units, so that risk-sum.c can put lines together; `write_line` writes it again.
    uint8_t *name = allocate(output_size - start);
    memcpy(name, output + start, output_size - start);
    Line line = { { name, name + (output_size - start) }, paths, option->sum, option->squares };
    output_size = start;
    write_line(&line);
}

void run(const Unit *unit) {
    read_book(unit->arguments);
    uint64_t seed = argument_number(unit->arguments, "seed", 1);
    uint64_t paths = argument_number(unit->arguments, "paths", 100000);
    if (paths == 0 || paths > 1u << 30) fail("paths are from 1 to 1073741824 for each unit");
    for (uint64_t first = 0; first < paths; first += PATHS_AT_ONCE) {
        uint32_t count = paths - first < PATHS_AT_ONCE ? (uint32_t)(paths - first) : PATHS_AT_ONCE;
        fill_with_normals(normals, (count + 3) & ~3u, seed, unit->number, first);
        for (uint32_t i = 0; i < option_count; i++) add_paths(&options[i], count);
    }
    for (uint32_t i = 0; i < option_count; i++) write_option(&options[i], paths);
}
