// Makes the index of one document: which words it has, and how often.
//
// Map: input is a file, output is the sorted lines "word<TAB>document:count"; the document is the number of the unit.
// A word is 2 to 40 bytes of letters and digits; A to Z become small, all other letters of UTF-8 stay as they are. What
// is not UTF-8 text has an empty index. Put the indexes of many documents together with merge.c.
#include "althing.h"

#define WORD_SIZE_MIN 2
#define WORD_SIZE_MAX 40    // Longer runs of letters are encoded pictures and keys, hardly ever words.

typedef struct {
    const uint8_t *at;    // In the input; NULL: an empty place of the table.
    uint32_t size;
    uint32_t hash;
    uint64_t count;
    uint64_t start;       // The first 8 bytes as a number: most comparisons need no more.
} Word;

static Word *table;    // A hash table with linear probing, at most half full.
static uint32_t table_size, word_count;

static uint8_t small_letters[256];    // Of each byte; 0: it stands between words.

static uint8_t small(uint8_t byte) { return small_letters[byte]; }

static void prepare_letters(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        bool is_large = byte >= 'A' && byte <= 'Z', is_small = byte >= 'a' && byte <= 'z';
        if (is_large || is_small || byte >= 0x80 || (byte >= '0' && byte <= '9'))
            small_letters[byte] = (uint8_t)(is_large ? byte + 32 : byte);
    }
}

static int32_t compare(const Word *a, const Word *b) {
    if (a->start != b->start) return a->start < b->start ? -1 : 1;
    for (uint32_t i = 8; i < a->size && i < b->size; i++)
        if (small(a->at[i]) != small(b->at[i])) return small(a->at[i]) < small(b->at[i]) ? -1 : 1;
    return (int32_t)a->size - (int32_t)b->size;
}

static Word *place_of(const Word *word) {
    uint32_t i = word->hash & (table_size - 1);
    while (table[i].at != NULL && (table[i].hash != word->hash || compare(&table[i], word) != 0))
        i = (i + 1) & (table_size - 1);
    return &table[i];
}

static void enlarge_table(void) {
    Word *old = table;
    uint32_t old_size = table_size;
    table_size = old_size == 0 ? 4096 : old_size * 4;
    table = allocate((uint64_t)table_size * sizeof(Word));
    for (uint32_t i = 0; i < old_size; i++)
        if (old[i].at != NULL) *place_of(&old[i]) = old[i];
}

static void count_word(const uint8_t *at, uint32_t size) {
    if (size < WORD_SIZE_MIN || size > WORD_SIZE_MAX) return;
    Word word = { .at = at, .size = size, .hash = 2166136261u, .count = 1 };
    for (uint32_t i = 0; i < size; i++) word.hash = (word.hash ^ small(at[i])) * 16777619u;    // FNV-1a.
    word.hash ^= word.hash >> 15;
    for (uint32_t i = 0; i < 8; i++) word.start = word.start << 8 | (i < size ? small(at[i]) : 0);
    if (word_count >= table_size / 2) enlarge_table();
    Word *place = place_of(&word);
    if (place->at != NULL) { place->count++; return; }
    *place = word;
    word_count++;
}

// Takes a character above ASCII. Returns UINT32_MAX where the bytes are no UTF-8.
static uint32_t take_character(Text *rest) {
    uint32_t character = *rest->at++;
    uint32_t more = character >= 0xf0 ? 3 : character >= 0xe0 ? 2 : 1;
    if (character < 0xc2 || character > 0xf4 || size_of(*rest) < more) return UINT32_MAX;
    uint32_t least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
    character &= 0x3fu >> more;
    while (more--) {
        if ((*rest->at & 0xc0) != 0x80) return UINT32_MAX;
        character = character << 6 | (*rest->at++ & 0x3f);
    }
    bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
    return character < least || character > 0x10ffff || is_surrogate ? UINT32_MAX : character;
}

// Whether a character above ASCII belongs to a word: all but the blocks of signs and punctuation.
static bool is_letter(uint32_t c) {
    bool is_latin_sign = c < 0xc0 || c == 0xd7 || c == 0xf7;
    bool is_sign = (c >= 0x2000 && c < 0x2c00) || (c >= 0x3000 && c < 0x3040) || c == 0xfeff || c == 0xfffd;
    return !is_latin_sign && !is_sign;
}

// Returns whether the input is text to its end.
static bool count_words(Text rest) {
    const uint8_t *start = rest.at;    // Of the word that we are in.
    while (!is_empty(rest)) {
        const uint8_t *at = rest.at;
        if (*at < 0x80) {
            rest.at++;
            if (small(*at) != 0) continue;
            if (*at == 0) return false;    // No text has a zero byte.
        } else {
            uint32_t character = take_character(&rest);
            if (character == UINT32_MAX) return false;
            if (is_letter(character)) continue;
        }
        count_word(start, (uint32_t)(at - start));
        start = rest.at;
    }
    count_word(start, (uint32_t)(rest.end - start));
    return true;
}

// Sorts by merging runs of 1, 2, 4, … words to and fro between two arrays; returns the one that holds the result.
static Word *sort(Word *from, Word *to, uint32_t count) {
    for (uint64_t run = 1; run < count; run *= 2) {
        for (uint64_t left = 0; left < count; left += 2 * run) {
            uint64_t middle = left + run < count ? left + run : count;
            uint64_t end = middle + run < count ? middle + run : count;
            uint64_t a = left, b = middle;
            for (uint64_t i = left; i < end; i++)
                to[i] = b == end || (a < middle && compare(&from[a], &from[b]) <= 0) ? from[a++] : from[b++];
        }
        Word *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

void run(const Unit *unit) {
    prepare_letters();
    table = NULL;
    table_size = word_count = 0;
    if (!count_words(unit->input)) return;
    Word *words = allocate((uint64_t)word_count * sizeof(Word)), *other = allocate((uint64_t)word_count * sizeof(Word));
    for (uint32_t i = 0, next = 0; i < table_size; i++)
        if (table[i].at != NULL) words[next++] = table[i];
    words = sort(words, other, word_count);
    for (uint32_t i = 0; i < word_count; i++) {
        uint8_t name[WORD_SIZE_MAX];
        for (uint32_t j = 0; j < words[i].size; j++) name[j] = small(words[i].at[j]);
        write_bytes(name, words[i].size);
        write_byte('\t');
        write_number(unit->number);
        write_byte(':');
        write_number(words[i].count);
        write_byte('\n');
    }
}
