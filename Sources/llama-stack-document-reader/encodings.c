#include "encodings.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>
#include <uchardet/uchardet.h>

#include "arena.h"
#include "labels.h"
#include "ownword.h"
#include "utf8.h"

enum { ENCODINGS_MAX = 64, GUESS_BYTES = 256 << 10 };

static iconv_t converters[ENCODINGS_MAX];

void encodings_setup(void) {
    for (size_t i = 0; i < encoding_count() && i < ENCODINGS_MAX; i++) {
        converters[i] = iconv_open("UTF-8", encoding_at(i)->iconv);
    }
}

static decoded convert(span from, const encoding *by, int is_guess) {
    if (strcmp(by->name, "utf-8") == 0) return (decoded){utf8_repaired(from), by->name, is_guess};
    iconv_t converter = converters[by - encoding_at(0)];
    if (converter == (iconv_t)-1) {
        document_end(OUTCOME_UNKNOWN_ENCODING, "this machine can't convert the encoding '%s'", by->name);
    }
    iconv(converter, NULL, NULL, NULL, NULL);
    // A larger piece would be a second one beside it; what is not written of this one takes no memory.
    size_t capacity = from.size > (1 << 20) && from.size <= (64 << 20) ? 3 * from.size : from.size + from.size / 2 + 64;
    size_t length = 0;
    size_t unit = strncmp(by->name, "utf-16", 6) == 0 ? 2 : strncmp(by->name, "utf-32", 6) == 0 ? 4 : 1;
    char *to = arena_take(capacity), *in = (char *)from.bytes;
    for (size_t left = from.size; left > 0;) {
        char *out = to + length;
        size_t room = capacity - length;
        size_t answer = iconv(converter, &in, &left, &out, &room);
        length = capacity - room;
        if (answer != (size_t)-1) break;
        if (errno != E2BIG) {
            // Bytes that mean nothing, or the beginning of something at the end.
            size_t skipped = left < unit ? left : unit;
            (in += skipped, left -= skipped);
            if (capacity - length >= 3) {
                memcpy(to + length, "\xEF\xBF\xBD", 3);
                length += 3;
                continue;
            }
            (in -= skipped, left += skipped);
        }
        to = arena_resize(to, capacity *= 2);
        document_check_time();
    }
    return (decoded){{to, length}, by->name, is_guess};
}

static const encoding *named(const char *name) { return encoding_of_label(name, strlen(name)); }

static const encoding *of_mark(span *content) {
    static const struct {
        const char *mark, *name;
        size_t size;
    } marks[] = {
        {"\xEF\xBB\xBF", "utf-8", 3}, {"\xFF\xFE\0\0", "utf-32le", 4}, {"\0\0\xFE\xFF", "utf-32be", 4},
        {"\xFF\xFE", "utf-16le", 2}, {"\xFE\xFF", "utf-16be", 2},
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (content->size < marks[i].size || memcmp(content->bytes, marks[i].mark, marks[i].size) != 0) continue;
        (content->bytes += marks[i].size, content->size -= marks[i].size);
        return named(marks[i].name);
    }
    return NULL;
}

// Half of what is Latin in UTF-16 are zeros; text in any other encoding has none.
static const encoding *by_zeros(span content) {
    size_t zeros[2] = {0, 0}, size = content.size < 4096 ? content.size & ~(size_t)1 : 4096;
    for (size_t i = 0; i < size; i++) zeros[i & 1] += content.bytes[i] == 0;
    if (size < 8 || (zeros[0] + zeros[1]) * 4 < size) return NULL;
    if (zeros[1] > 16 * zeros[0]) return named("utf-16le");
    return zeros[0] > 16 * zeros[1] ? named("utf-16be") : NULL;
}

static int looks_binary(span content) {
    size_t controls = 0, size = content.size < 65536 ? content.size : 65536;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)content.bytes[i];
        controls += byte < 0x20 && !(byte >= 0x08 && byte <= 0x0D) && byte != 0x1B;
    }
    return controls * 50 > size;
}

static const encoding *by_letters(span content) {
    size_t first = 0;
    while (first < content.size && (unsigned char)content.bytes[first] < 0x80) first++;
    first = first > 1024 ? first - 1024 : 0;
    size_t size = content.size - first < GUESS_BYTES ? content.size - first : GUESS_BYTES;
    uchardet_t guess = uchardet_new();
    uchardet_handle_data(guess, content.bytes + first, size);
    uchardet_data_end(guess);
    const encoding *found = named(uchardet_get_charset(guess));
    uchardet_delete(guess);
    return found;
}

static decoded guessed(span content) {
    const encoding *found = by_zeros(content);
    if (found) return convert(content, found, 1);
    utf8_counts counts = utf8_count(content);
    // A file of UTF-8 with a broken letter here and there is one still; a pure one needs no guess.
    if (counts.invalid == 0) return (decoded){content, "utf-8", 0};
    if (counts.letters >= 20 * counts.invalid) return convert(content, named("utf-8"), 1);
    if (looks_binary(content)) {
        document_end(OUTCOME_UNKNOWN_ENCODING, "its bytes are no text in any encoding that is known");
    }
    found = by_letters(content);
    if (!found || strncmp(found->name, "utf-", 4) == 0) found = named("windows-1252");
    return convert(content, found, 1);
}

static int is_ascii(span label) {
    static const char *const names[] = {"us-ascii", "ascii", "ansi_x3.4-1968"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (label.size == strlen(names[i]) && strncasecmp(label.bytes, names[i], label.size) == 0) return 1;
    }
    return 0;
}

decoded encodings_decode(span content, span charset, form as) {
    const encoding *known = of_mark(&content);
    if (known) return convert(content, known, 0);
    // What is called ASCII and is not, is as if nothing had been declared.
    if (charset.size > 0 && !is_ascii(charset)) {
        known = encoding_of_label(charset.bytes, charset.size);
        // UTF-16 without a mark: the order of its bytes shows where half of them are zeros.
        if (known && strcmp(known->name, "utf-16le") == 0 && by_zeros(content)) known = by_zeros(content);
        if (known) return convert(content, known, 0);
    }
    span word = own_word(content, as);
    known = encoding_of_label(word.bytes, word.size);
    // What could be read as ASCII to this point is no UTF-16 (the Encoding Standard says the same).
    if (known && strncmp(known->name, "utf-16", 6) == 0) known = by_zeros(content) ? by_zeros(content) : named("utf-8");
    if (known) return convert(content, known, 0);
    if (charset.size > 0 && !is_ascii(charset)) {
        document_end(
            OUTCOME_UNKNOWN_ENCODING, "the charset '%.*s' is not known", (int)(charset.size < 60 ? charset.size : 60),
            charset.bytes);
    }
    return guessed(content);
}
