// Draws one tile of an animation by following light backwards: spheres that circle above a floor, in the evening sun.
//
// A job over a range of numbers. Arguments, with what they are otherwise:
//
//     width=640 height=360 tile=64 frame=0 frames=120 samples=16
//
// Unit n is tile n of frame `frame`; tiles go from left to right and from top to bottom, and after the last one comes
// the first one of the next frame. After `frames` frames the animation is where it began. The output is x, y, width and
// height of the tile (2 bytes each, little end first) and its pixels, 3 bytes each. stitch.py makes pictures of tiles.
#include "althing.h"
#include "maths.h"

typedef float Vector __attribute__((vector_size(16)));    // x to the right, y up, z away; the fourth is not used.

typedef struct {
    Vector center, color;
    float radius;
    float mirror;      // Share of light that is reflected when looked at from the front.
    bool is_glass;
} Sphere;

typedef struct {
    float distance;    // 0: only the sky is there.
    Vector normal, color;
    float mirror;
    bool is_glass;
} Hit;

#define RING 11
#define SPHERES (RING + 5)
#define BOUNCES_MAX 6
#define FAR 1e9f
#define NEAR 1e-3f     // A ray doesn't hit what it starts from.

static Sphere spheres[SPHERES];
static Vector sun;     // Its direction.

static Vector vector(float x, float y, float z) { return (Vector){ x, y, z, 0 }; }
static Vector gray(float x) { return vector(x, x, x); }
static float dot(Vector a, Vector b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
static Vector unit_vector(Vector a) { return a * (1 / __builtin_sqrtf(dot(a, a))); }
static Vector mix(Vector a, Vector b, float share) { return a + (b - a) * share; }
static float limited(float x) { return x < 0 ? 0 : x > 1 ? 1 : x; }
static Vector mirrored(Vector direction, Vector normal) { return direction - normal * (2 * dot(direction, normal)); }

static Vector cross(Vector a, Vector b) {
    return vector(a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]);
}

// x^(2^doublings).
static float power_of_two(float x, int doublings) {
    while (doublings-- > 0) x *= x;
    return x;
}

// What looks like chance in one sample of a pixel, and is the same on every computer.
typedef struct {
    uint32_t state;
    float sun_turns, sun_radius;    // Where on the sun this sample looks: those of a pixel cover it evenly.
} Dice;

// Returns a number from 0 to 1 (the PCG of O'Neill).
static float chance(Dice *dice) {
    uint32_t x = dice->state = dice->state * 747796405u + 2891336453u;
    x = (x >> (x >> 28) % 16 ^ x) * 277803737u;
    return (float)((x >> 22 ^ x) >> 8) * 0x1p-24f;
}

static float sine(float turns) {
    Two s, c;
    sine_cosine(two(turns), &s, &c);
    return (float)s[0];
}

static float cosine(float turns) { return sine(turns + 0.25f); }

// ------------------------------------------------------------------------------------------------ the scene

static Vector hue(float turns) {
    Vector color = vector(cosine(turns), cosine(turns - 1 / 3.0f), cosine(turns - 2 / 3.0f)) * 0.5f + gray(0.5f);
    return color * color * 0.9f + gray(0.03f);
}

static void arrange(float time) {
    sun = unit_vector(vector(-0.85f, 0.44f, 0.12f));
    spheres[0] = (Sphere){ vector(0, 1.35f, 0), vector(0.97f, 0.96f, 0.94f), 1.35f, 0.86f, false };
    spheres[1] = (Sphere){ vector(1.15f, 0.62f, -1.85f), gray(0.98f), 0.62f, 0.04f, true };
    spheres[2] = (Sphere){ vector(-1.35f, 0.45f, -1.55f), vector(1.0f, 0.62f, 0.25f), 0.45f, 0.6f, false };
    spheres[3] = (Sphere){ vector(-0.45f, 0.28f, -2.1f), vector(0.75f, 0.08f, 0.1f), 0.28f, 0.06f, false };
    spheres[4] = (Sphere){ vector(0.2f, 0.2f, -2.3f), vector(0.9f, 0.88f, 0.82f), 0.2f, 0.05f, false };
    for (int i = 0; i < RING; i++) {
        float place = (float)i / RING, turns = place + time;
        float height = 0.95f + 0.5f * sine(2 * turns + RING / 2.0f * time);
        spheres[5 + i] = (Sphere){
            .center = vector(3.2f * cosine(turns), height, 3.2f * sine(turns)),
            .color = hue(place),
            .radius = 0.34f,
            .mirror = 0.07f,
        };
    }
}

static Vector sky(Vector direction) {
    float height = limited(direction[1]), toward = limited(dot(direction, sun));
    float low = 1 - height;
    Vector color = mix(vector(0.06f, 0.14f, 0.40f), vector(0.95f, 0.52f, 0.36f), low * low * low * low);
    color += vector(1.0f, 0.55f, 0.25f) * (0.45f * power_of_two(toward, 3));
    color += vector(1.0f, 0.75f, 0.45f) * (0.8f * power_of_two(toward, 6));
    return color + vector(12, 9, 6) * power_of_two(toward, 11);
}

// Returns how far away a ray enters a sphere (or leaves it, from inside); FAR if it misses.
static float distance_to(const Sphere *sphere, Vector origin, Vector direction) {
    Vector from = origin - sphere->center;
    float b = dot(from, direction), c = dot(from, from) - sphere->radius * sphere->radius, square = b * b - c;
    if (square <= 0) return FAR;
    float root = __builtin_sqrtf(square);
    return -b - root > NEAR ? -b - root : root - b > NEAR ? root - b : FAR;
}

static Vector floor_color(Vector at) {
    // Shifted far to the right, where cutting off the digits behind the point always rounds down.
    int32_t tile = (int32_t)(at[0] * 0.8f + 4096) + (int32_t)(at[2] * 0.8f + 4096);
    return tile & 1 ? vector(0.80f, 0.72f, 0.62f) : vector(0.07f, 0.09f, 0.13f);
}

static Hit first_hit(Vector origin, Vector direction) {
    Hit hit = { .distance = FAR };
    int nearest = -1;
    for (int i = 0; i < SPHERES; i++) {
        float distance = distance_to(&spheres[i], origin, direction);
        if (distance < hit.distance) hit.distance = distance, nearest = i;
    }
    float down = direction[1] < -1e-5f ? -origin[1] / direction[1] : FAR;
    if (down > NEAR && down < hit.distance && down < 500) {
        return (Hit){ down, vector(0, 1, 0), floor_color(origin + direction * down), 0.05f, false };
    }
    if (nearest < 0) return (Hit){ .distance = 0 };
    const Sphere *sphere = &spheres[nearest];
    hit.normal = (origin + direction * hit.distance - sphere->center) * (1 / sphere->radius);
    hit.color = sphere->color;
    hit.mirror = sphere->mirror;
    hit.is_glass = sphere->is_glass;
    return hit;
}

// ------------------------------------------------------------------------------------------------ light

// How much of the sun is seen: once per sample, at another point of its disc each time, which makes soft edges.
static float sunlight(Vector at, Dice *dice) {
    float turns = dice->sun_turns, radius = 0.045f * dice->sun_radius;
    Vector side = unit_vector(cross(sun, vector(0, 1, 0))), up = cross(side, sun);
    Vector direction = unit_vector(sun + side * (radius * cosine(turns)) + up * (radius * sine(turns)));
    float light = 1;
    for (int i = 0; i < SPHERES; i++)
        if (distance_to(&spheres[i], at, direction) < FAR) light *= spheres[i].is_glass ? 0.7f : 0;
    return light;
}

// How much of the sky is seen: each sphere takes away its share.
static float skylight(Vector at, Vector normal) {
    float light = 1;
    for (int i = 0; i < SPHERES; i++) {
        Vector toward = spheres[i].center - at;
        float square = dot(toward, toward), cosine = dot(toward, normal) / __builtin_sqrtf(square);
        float share = spheres[i].radius * spheres[i].radius / square;
        if (share < 0.99f && cosine > 0) light *= 1 - cosine * share;
    }
    return light;
}

// The light that a surface scatters towards us.
static Vector shade(Vector at, Vector direction, const Hit *hit, Dice *dice) {
    float facing = dot(hit->normal, sun);
    float direct = facing > 0 ? sunlight(at, dice) : 0;
    float up = 0.5f + 0.5f * hit->normal[1];
    Vector ambient = mix(vector(0.30f, 0.22f, 0.17f), vector(0.36f, 0.42f, 0.58f), up) * skylight(at, hit->normal);
    Vector color = hit->color * (ambient + vector(2.5f, 1.85f, 1.2f) * (direct * limited(facing)));
    float gleam = limited(dot(mirrored(direction, hit->normal), sun));
    return color + vector(2.5f, 1.9f, 1.3f) * (direct * power_of_two(gleam, 7) * (hit->mirror + 0.02f) * 8);
}

// Bends a ray that goes in or out of glass. Returns false where all of it is reflected.
static bool bend(Vector *direction, Vector normal) {
    float cosine = -dot(*direction, normal), ratio = cosine > 0 ? 1 / 1.5f : 1.5f;
    if (cosine < 0) normal = -normal, cosine = -cosine;
    float square = 1 - ratio * ratio * (1 - cosine * cosine);
    if (square < 0) return false;
    *direction = unit_vector(*direction * ratio + normal * (ratio * cosine - __builtin_sqrtf(square)));
    return true;
}

static Vector follow(Vector origin, Vector direction, Dice *dice) {
    Vector light = gray(0), share = gray(1);
    for (int bounce = 0; bounce < BOUNCES_MAX; bounce++) {
        Hit hit = first_hit(origin, direction);
        if (hit.distance == 0) return light + share * sky(direction);
        Vector at = origin + direction * hit.distance;
        // Schlick: flat looks reflect more.
        float cosine = dot(direction, hit.normal), flat = 1 - (cosine < 0 ? -cosine : cosine);
        float mirror = hit.mirror + (1 - hit.mirror) * flat * flat * flat * flat * flat * 0.9f;
        if (hit.is_glass) {
            // Both ways at once would double the rays. Of what is reflected outside, the sky is enough.
            if (cosine < 0) light += share * sky(mirrored(direction, hit.normal)) * mirror;
            share *= hit.color * (cosine < 0 ? 1 - mirror : 1);
            if (!bend(&direction, hit.normal)) direction = mirrored(direction, hit.normal);
            origin = at + direction * NEAR;
            continue;
        }
        Vector color = shade(at + hit.normal * NEAR, direction, &hit, dice);
        // What is far away takes the color of the sky behind it, so that the floor has no end.
        float haze = hit.distance > 8 ? 1 - 1 / (1 + (hit.distance - 8) * (hit.distance - 8) * 0.0007f) : 0;
        light += share * (color * ((1 - mirror) * (1 - haze)) + sky(direction) * haze);
        share *= mix(gray(1), hit.color, hit.mirror) * (mirror * (1 - haze));
        if (dot(share, gray(1)) < 0.01f) break;
        direction = mirrored(direction, hit.normal);
        origin = at + hit.normal * NEAR;
    }
    return light;
}

static uint8_t eye(float light) {
    float shown = light * (2.51f * light + 0.03f) / (light * (2.43f * light + 0.59f) + 0.14f);    // As film does.
    return (uint8_t)(255 * __builtin_sqrtf(limited(shown)) + 0.5f);
}

// ------------------------------------------------------------------------------------------------ the tile

void run(const Unit *unit) {
    uint32_t width = (uint32_t)argument_number(unit->arguments, "width", 640);
    uint32_t height = (uint32_t)argument_number(unit->arguments, "height", 360);
    uint32_t tile = (uint32_t)argument_number(unit->arguments, "tile", 64);
    uint32_t frames = (uint32_t)argument_number(unit->arguments, "frames", 120);
    uint32_t grid = (uint32_t)argument_number(unit->arguments, "samples", 16);
    if (!width || !height || !tile || width > 16384 || height > 16384 || tile > 1024) fail("a size is out of range");
    if (!frames || grid > 1024) fail("frames are at least 1, samples at most 1024");
    uint32_t across = (width + tile - 1) / tile, down = (height + tile - 1) / tile, side = 1;
    while ((side + 1) * (side + 1) <= grid) side++;
    uint64_t frame = argument_number(unit->arguments, "frame", 0) + unit->number / (across * down);
    uint32_t number = (uint32_t)(unit->number % (across * down));
    uint32_t left = number % across * tile, right = left + tile < width ? left + tile : width;
    uint32_t top = number / across * tile, bottom = top + tile < height ? top + tile : height;

    float time = (float)(frame % frames) / (float)frames;
    arrange(time / RING * 2);    // After two places further every sphere stands where another one stood…
    for (int i = 0; i < RING; i++) spheres[5 + i].color = hue((float)i / RING + 2 * time / RING);    // …in its color.
    float orbit = -0.215f + 0.05f * sine(time);
    Vector camera = vector(8.0f * cosine(orbit), 2.7f + 0.3f * cosine(time), 8.0f * sine(orbit));
    Vector forward = unit_vector(vector(0, 0.95f, 0) - camera), aside = unit_vector(cross(vector(0, 1, 0), forward));
    Vector up = cross(forward, aside);

    uint16_t header[] = { (uint16_t)left, (uint16_t)top, (uint16_t)(right - left), (uint16_t)(bottom - top) };
    write_bytes(header, sizeof header);
    for (uint32_t y = top; y < bottom; y++) {
        for (uint32_t x = left; x < right; x++) {
            Vector light = gray(0);
            Dice dice = { .state = (y * width + x) * 747796405u + (uint32_t)frame * 2654435761u };
            float offset = chance(&dice);
            for (uint32_t sample = 0; sample < side * side; sample++) {
                dice.sun_turns = offset + (float)sample * 0.618034f;    // The golden angle, as in a sunflower.
                dice.sun_radius = __builtin_sqrtf(((float)sample + 0.5f) / (float)(side * side));
                float dx = ((float)(sample % side) + chance(&dice)) / (float)side;
                float dy = ((float)(sample / side) + chance(&dice)) / (float)side;
                float u = (2 * ((float)x + dx) - (float)width) / (float)height * 0.42f;
                float v = ((float)height - 2 * ((float)y + dy)) / (float)height * 0.42f;
                light += follow(camera, unit_vector(forward + aside * u + up * v), &dice);
            }
            light *= 1 / (float)(side * side);
            for (int i = 0; i < 3; i++) write_byte(eye(light[i]));
        }
    }
}
