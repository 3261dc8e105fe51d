// Merges the sorted indexes of words.c into one: for each word, all documents that have it.
//
// Reduce: each part is sorted lines "word<TAB>document:count document:count …", and so is the output, which can go in
// again. In which order and how often parts are merged makes no difference: documents are sorted by number, and counts
// of the same document are added.
#include "althing.h"

typedef struct {
    Text word;         // Of the line that comes next; what follows is its documents.
    Text documents;
    Text rest;         // The lines after it.
} Part;

typedef struct {
    uint64_t document, count;
} Posting;

static Part *heap;    // A binary heap: the part whose next word comes first stands at 0.
static uint32_t heap_size;

static Posting *postings;
static uint64_t posting_count, posting_room;

static int32_t compare(Text a, Text b) {
    for (; !is_empty(a) && !is_empty(b); a.at++, b.at++)
        if (*a.at != *b.at) return *a.at < *b.at ? -1 : 1;
    return is_empty(a) ? (is_empty(b) ? 0 : -1) : 1;
}

// Goes to the next line of a part. Returns false at its end.
static bool next_word(Part *part) {
    if (is_empty(part->rest)) return false;
    part->documents = take_line(&part->rest);
    part->word = take_until(&part->documents, '\t');
    return true;
}

static void sift_down(uint32_t i) {
    for (uint32_t child; (child = 2 * i + 1) < heap_size; i = child) {
        if (child + 1 < heap_size && compare(heap[child + 1].word, heap[child].word) < 0) child++;
        if (compare(heap[i].word, heap[child].word) <= 0) return;
        Part swap = heap[i];
        heap[i] = heap[child];
        heap[child] = swap;
    }
}

static void add_postings(Text documents) {
    while (!is_empty(documents)) {
        Posting posting = { .document = take_number(&documents) };
        if (!take(&documents, ':')) fail("this is not an index of words");
        posting.count = take_number(&documents);
        take(&documents, ' ');
        if (posting_count == posting_room) {
            Posting *larger = allocate((posting_room = 2 * posting_room + 1024) * sizeof(Posting));
            if (posting_count > 0) memcpy(larger, postings, posting_count * sizeof(Posting));
            postings = larger;
        }
        // From behind into its place: documents almost always come in order, which costs one comparison.
        uint64_t i = posting_count;
        while (i > 0 && postings[i - 1].document > posting.document) i--;
        if (i > 0 && postings[i - 1].document == posting.document) { postings[i - 1].count += posting.count; continue; }
        for (uint64_t j = posting_count++; j > i; j--) postings[j] = postings[j - 1];
        postings[i] = posting;
    }
}

static void write_postings(void) {
    for (uint64_t i = 0; i < posting_count; i++) {
        write_byte(i == 0 ? '\t' : ' ');
        write_number(postings[i].document);
        write_byte(':');
        write_number(postings[i].count);
    }
    write_byte('\n');
}

void run(const Unit *unit) {
    uint32_t part_count = 0;
    Text rest = unit->input, part;
    while (take_part(&rest, &part)) part_count++;
    heap = allocate((uint64_t)part_count * sizeof(Part));
    heap_size = 0;
    postings = NULL;
    posting_room = 0;
    rest = unit->input;
    while (take_part(&rest, &part)) {
        heap[heap_size].rest = part;
        if (next_word(&heap[heap_size])) heap_size++;
    }
    for (uint32_t i = heap_size; i-- > 0;) sift_down(i);
    while (heap_size > 0) {
        Text word = heap[0].word;
        posting_count = 0;
        while (heap_size > 0 && compare(heap[0].word, word) == 0) {
            add_postings(heap[0].documents);
            if (!next_word(&heap[0])) heap[0] = heap[--heap_size];
            sift_down(0);
        }
        write_all(word);
        write_postings();
    }
}
