// Counts lines, words and bytes: an ordinary C program. Althing gives it the input of the unit as standard input, and
// what it prints is the output.
#include <stdbool.h>
#include <stdio.h>

int main(void) {
    unsigned long lines = 0, words = 0, bytes = 0;
    bool in_word = false;
    for (int c; (c = getchar()) != EOF; bytes++) {
        bool is_space = c == ' ' || (c >= 9 && c <= 13);
        lines += c == '\n';
        words += !is_space && !in_word;
        in_word = !is_space;
    }
    printf("%lu %lu %lu\n", lines, words, bytes);
}
