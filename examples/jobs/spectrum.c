// Searches a chunk of radio noise for carriers that drift: the search of SETI@home, on a sky that it makes itself.
//
// A job over a range of numbers: unit n makes its chunk of the recording from the seed, as a radio telescope would have
// sent it (noise in 2 bits for each of both axes), with the carriers planted there that the arguments name, and
// searches it. Whoever started the job knows what is to be found, and that nothing else is:
//
//     seed=1 chunks=100 plant=17:1000.5:-3.2:2.5,42:3210:7:2
//
// That is unit:frequency:drift:strength. Frequency is in channels at the beginning of the chunk (0 to 4095), drift in
// channels over the whole chunk, strength is the power of the carrier in its channel, noise being 1. The output has a
// line "unit frequency drift power" for each candidate; power is that of the mean noise.
#include "althing.h"
#include "philox.h"

#define CHANNELS 4096
#define SPECTRA 64                       // One after the other: power that stays in one channel stands out of noise.
#define SAMPLES (CHANNELS * SPECTRA)
#define DRIFT_MAX 16                     // Channels over a chunk, up and down.
#define THRESHOLD 2.0f                   // Of 64 powers of noise: 1 chunk in about 20,000 has one above by chance.
#define PEAK_WIDTH 20                    // Channels in which one carrier, seen under wrong drifts, leaves a trace.

// Four spectra at once, one in each lane: the transform below reads as if it were of single numbers.
typedef float Four __attribute__((vector_size(16)));

static float sample_re[SAMPLES], sample_im[SAMPLES];
static float turn_re[CHANNELS], turn_im[CHANNELS];    // exp(-2 pi i k / 4096).
static Four re[2][CHANNELS], im[2][CHANNELS];
static float best_power[CHANNELS];
static int32_t best_drift[CHANNELS];

// ------------------------------------------------------------------------------------------------ the recording

// Adds a carrier to `count` samples from `first` on.
static void add_carrier(double *axes, uint32_t first, uint32_t count, double frequency, double drift, double strength) {
    double amplitude = __builtin_sqrt(2 * strength / CHANNELS);
    for (uint32_t i = 0; i < count; i += 2) {
        Two time = { first + i, first + i + 1 }, sine, cosine;
        Two turns = (frequency + drift * time * (0.5 / SAMPLES)) * time * (1.0 / CHANNELS);
        sine_cosine(turns - round_even(turns), &sine, &cosine);
        for (uint32_t lane = 0; lane < 2; lane++) {
            axes[2 * (i + lane)] += amplitude * cosine[lane];
            axes[2 * (i + lane) + 1] += amplitude * sine[lane];
        }
    }
}

static void add_planted(double *axes, uint32_t first, uint32_t count, const Unit *unit) {
    Text plants = argument(unit->arguments, "plant");
    while (!is_empty(plants)) {
        Text plant = take_until(&plants, ',');
        uint64_t number = take_number(&plant);
        if (number != unit->number) continue;
        double values[3];
        for (uint32_t i = 0; i < 3; i++) {
            if (!take(&plant, ':')) fail("plant is unit:frequency:drift:strength");
            values[i] = take_decimal(&plant);
        }
        add_carrier(axes, first, count, values[0], values[1], values[2]);
    }
}

// Two bits: the best levels for normal noise are -3, -1, 1 and 3 with limits at 0 and almost one deviation.
static float two_bits(double value) {
    double size = (value < 0 ? -value : value) < 0.98 ? 1 : 3;
    return (float)(value < 0 ? -size : size);
}

static void record(const Unit *unit) {
    enum { COUNT = 1024 };
    static double axes[2 * COUNT];
    uint64_t seed = argument_number(unit->arguments, "seed", 1);
    for (uint32_t first = 0; first < SAMPLES; first += COUNT) {
        fill_with_normals(axes, 2 * COUNT, seed, unit->number, 2 * (uint64_t)first);
        add_planted(axes, first, COUNT, unit);
        for (uint32_t i = 0; i < COUNT; i++) {
            sample_re[first + i] = two_bits(axes[2 * i]);
            sample_im[first + i] = two_bits(axes[2 * i + 1]);
        }
    }
}

// ------------------------------------------------------------------------------------------------ the search

static void prepare_turns(void) {
    for (uint32_t k = 0; k < CHANNELS; k++) {
        Two sine, cosine;
        sine_cosine(two(k * (-1.0 / CHANNELS)), &sine, &cosine);
        turn_re[k] = (float)cosine[0];
        turn_im[k] = (float)sine[0];
    }
}

// One step of the transform (Stockham, radix 4): the input is `stride` interleaved sequences of 4 * quarter numbers.
static void transform_step(uint32_t quarter, uint32_t stride, const Four *x, const Four *y, Four *to_x, Four *to_y) {
    for (uint32_t p = 0; p < quarter; p++) {
        float c1 = turn_re[p * stride], s1 = turn_im[p * stride];
        float c2 = turn_re[2 * p * stride], s2 = turn_im[2 * p * stride];
        float c3 = turn_re[3 * p * stride], s3 = turn_im[3 * p * stride];
        for (uint32_t q = 0; q < stride; q++) {
            uint32_t i = q + stride * p, step = stride * quarter, o = q + stride * 4 * p;
            Four ax = x[i] + x[i + 2 * step], ay = y[i] + y[i + 2 * step];
            Four bx = x[i] - x[i + 2 * step], by = y[i] - y[i + 2 * step];
            Four cx = x[i + step] + x[i + 3 * step], cy = y[i + step] + y[i + 3 * step];
            Four dx = y[i + step] - y[i + 3 * step], dy = x[i + 3 * step] - x[i + step];    // Times -i.
            to_x[o] = ax + cx;
            to_y[o] = ay + cy;
            Four ux = bx + dx, uy = by + dy, vx = ax - cx, vy = ay - cy, wx = bx - dx, wy = by - dy;
            to_x[o + stride] = ux * c1 - uy * s1;
            to_y[o + stride] = ux * s1 + uy * c1;
            to_x[o + 2 * stride] = vx * c2 - vy * s2;
            to_y[o + 2 * stride] = vx * s2 + vy * c2;
            to_x[o + 3 * stride] = wx * c3 - wy * s3;
            to_y[o + 3 * stride] = wx * s3 + wy * c3;
        }
    }
}

// Puts four spectra of samples into re[0] and im[0], turned back by the drift so that a carrier with it stands still.
//
// The phase of the drift is drift * time^2 / (2 * CHANNELS * SAMPLES) turns. In whole numbers, where 2^32 is one turn,
// that has no rounding at all: 2 * 2^12 * 2^18 = 2^31.
static void load(uint32_t spectrum, int32_t drift) {
    for (uint32_t lane = 0; lane < 4; lane++) {
        uint32_t first = (spectrum + lane) * CHANNELS;
        for (uint32_t i = 0; i < CHANNELS; i++) {
            uint32_t time = first + i, phase = (uint32_t)drift * time * time * 2;
            uint32_t turn = (phase + (1u << 19)) >> 20;
            float c = turn_re[turn & (CHANNELS - 1)], s = turn_im[turn & (CHANNELS - 1)];
            re[0][i][lane] = sample_re[time] * c - sample_im[time] * s;
            im[0][i][lane] = sample_re[time] * s + sample_im[time] * c;
        }
    }
}

static void search_drift(int32_t drift) {
    static Four power[CHANNELS];
    memset(power, 0, sizeof power);
    for (uint32_t spectrum = 0; spectrum < SPECTRA; spectrum += 4) {
        load(spectrum, drift);
        uint32_t from = 0;
        for (uint32_t quarter = CHANNELS / 4, stride = 1; quarter > 0; quarter /= 4, stride *= 4, from ^= 1)
            transform_step(quarter, stride, re[from], im[from], re[from ^ 1], im[from ^ 1]);
        for (uint32_t k = 0; k < CHANNELS; k++) power[k] += re[from][k] * re[from][k] + im[from][k] * im[from][k];
    }
    for (uint32_t k = 0; k < CHANNELS; k++) {
        float sum = (power[k][0] + power[k][1]) + (power[k][2] + power[k][3]);
        if (sum > best_power[k]) best_power[k] = sum, best_drift[k] = drift;
    }
}

// Returns the power that noise has in a channel on average: that of all samples, carriers being too weak to matter.
static float noise_power(void) {
    double sum = 0;
    for (uint32_t i = 0; i < SAMPLES; i++) sum += sample_re[i] * sample_re[i] + sample_im[i] * sample_im[i];
    return (float)sum;    // Of whole numbers: exact. 64 spectra of 4096 samples have it in each of 4096 channels.
}

static void write_candidates(uint64_t unit) {
    float noise = noise_power();
    for (int32_t k = 0; k < CHANNELS; k++) {
        bool is_peak = best_power[k] > THRESHOLD * noise;
        for (int32_t i = k - PEAK_WIDTH; i <= k + PEAK_WIDTH && is_peak; i++) {
            float other = best_power[i & (CHANNELS - 1)];    // The spectrum is a ring.
            is_peak = other < best_power[k] || (other == best_power[k] && i >= k);
        }
        if (!is_peak) continue;
        write_number(unit);
        write_byte(' ');
        write_number((uint64_t)k);
        write_text(best_drift[k] < 0 ? " -" : " ");
        write_number((uint64_t)(best_drift[k] < 0 ? -best_drift[k] : best_drift[k]));
        write_byte(' ');
        write_decimal((double)(best_power[k] / noise));
        write_byte('\n');
    }
}

void run(const Unit *unit) {
    if (unit->number >= argument_number(unit->arguments, "chunks", UINT64_MAX)) fail("there are fewer chunks than that");
    memset(best_power, 0, sizeof best_power);
    prepare_turns();
    record(unit);
    for (int32_t drift = -DRIFT_MAX; drift <= DRIFT_MAX; drift++) search_drift(drift);
    write_candidates(unit->number);
}
