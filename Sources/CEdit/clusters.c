#define _GNU_SOURCE
#include "clusters.h"

#include <stdlib.h>
#include <string.h>

enum {
    scalars_max = 32,  // of one cluster; what comes after that is a character of its own
    narrow_base = 0xF0000,
    narrow_max = 0xFFFD,
    wide_base = 0x30000,
    wide_max = 0x134A,
    joiner = 0x200D,
    emoji_variation = 0xFE0F,
    keycap = 0x20E3,
};

typedef struct {
    wchar_t (*texts)[scalars_max + 1];
    size_t count, room, max;
    wchar_t base;
} table;

struct cedit_clusters {
    table narrow, wide;
};

cedit_clusters *cedit_clusters_make(void) {
    cedit_clusters *all = calloc(1, sizeof *all);
    if (!all) return NULL;
    all->narrow.base = narrow_base;
    all->narrow.max = narrow_max;
    all->wide.base = wide_base;
    all->wide.max = wide_max;
    return all;
}

void cedit_clusters_free(cedit_clusters *all) {
    if (!all) return;
    free(all->narrow.texts);
    free(all->wide.texts);
    free(all);
}

static bool is_within(const table *table, wchar_t character) {
    return character >= table->base && character < table->base + (wchar_t)table->max;
}

const wchar_t *cedit_expansion(const cedit_clusters *all, wchar_t character) {
    if (!all) return NULL;
    const table *tables[] = {&all->narrow, &all->wide};
    for (int i = 0; i < 2; i++)
        if (is_within(tables[i], character) && (size_t)(character - tables[i]->base) < tables[i]->count)
            return tables[i]->texts[character - tables[i]->base];
    return NULL;
}

/// 0 when there is no room.
static wchar_t stand_in(table *table, const wchar_t *text) {
    // Looked through from the last: what was typed just now comes again first.
    for (size_t i = table->count; i > 0; i--)
        if (!wcscmp(table->texts[i - 1], text)) return table->base + (wchar_t)(i - 1);
    if (table->count == table->max) return 0;
    if (table->count == table->room) {
        size_t room = table->room ? 2 * table->room : 64;
        void *texts = realloc(table->texts, room * sizeof *table->texts);
        if (!texts) return 0;
        table->texts = texts;
        table->room = room;
    }
    wcscpy(table->texts[table->count], text);
    return table->base + (wchar_t)table->count++;
}

wchar_t cedit_single(cedit_clusters *all, wchar_t character) {
    table *table = NULL;
    if (is_within(&all->wide, character))
        table = &all->wide;
    else if (is_within(&all->narrow, character) || (character >= 0xA0 && wcwidth(character) == 0))
        table = &all->narrow;
    if (!table) return character;
    wchar_t text[2] = {character, 0};
    wchar_t found = stand_in(table, text);
    return found ? found : 0xFFFD;
}

// MARK: What belongs together

static bool is_regional(wchar_t c) { return c >= 0x1F1E6 && c <= 0x1F1FF; }
static bool is_pictograph(wchar_t c) {
    return (c >= 0x1F000 && c <= 0x1FAFF) || (c >= 0x2190 && c <= 0x2BFF) || c == 0xA9 || c == 0xAE;
}
static bool is_skin_tone(wchar_t c) { return c >= 0x1F3FB && c <= 0x1F3FF; }

bool cedit_joins(const cedit_clusters *all, wchar_t before, wchar_t next) {
    if (before < 0x20 || before == 0x7F || next < 0x80) return false;
    const wchar_t *text = cedit_expansion(all, before);
    size_t count = text ? wcslen(text) : 1;
    wchar_t last = text ? text[count - 1] : before, first = text ? text[0] : before;
    if (count == scalars_max) return false;
    if (wcwidth(next) == 0) return true;
    if (last == joiner) return is_pictograph(next);
    if (is_skin_tone(next)) return is_pictograph(first);
    return is_regional(next) && is_regional(first) && count == 1;
}

static int columns(const wchar_t *text) {
    if (is_regional(text[0]) && is_regional(text[1])) return 2;
    return wcwidth(text[0]) == 2 ? 2 : 1;
}

wchar_t cedit_joined(cedit_clusters *all, wchar_t before, wchar_t next) {
    wchar_t text[scalars_max + 1] = {before};
    const wchar_t *old = cedit_expansion(all, before);
    if (old) wcscpy(text, old);
    size_t count = wcslen(text);
    text[count] = next;
    text[count + 1] = 0;
    wchar_t found = stand_in(columns(text) == 2 ? &all->wide : &all->narrow, text);
    return found ? found : next;
}

size_t cedit_drawn(const wchar_t *text) {
    size_t count = 1;
    while (text[count] && text[count] != joiner && text[count] != emoji_variation && text[count] != keycap
           && !is_skin_tone(text[count]))
        count++;
    return count;
}

// MARK: Texts

wchar_t *cedit_line_of(cedit_clusters *all, const char *text, size_t bytes) {
    wchar_t *line = malloc((bytes + 1) * sizeof *line);
    if (!line) return NULL;
    size_t count = 0;
    mbstate_t state = {0};
    while (bytes > 0) {
        wchar_t next;
        size_t length = mbrtowc(&next, text, bytes, &state);
        if (length == (size_t)-1 || length == (size_t)-2) {
            next = 0xFFFD;
            length = 1;
            memset(&state, 0, sizeof state);
        }
        if (length == 0) length = 1, next = 0;
        text += length;
        bytes -= length;
        if (next == '\r') {
            if (bytes > 0 && *text == '\n') continue;
            next = '\n';
        }
        if ((next < 0x20 && next != '\n' && next != '\t') || (next >= 0x7F && next < 0xA0)) continue;
        if (count > 0 && cedit_joins(all, line[count - 1], next)) {
            wchar_t joined = cedit_joined(all, line[count - 1], next);
            if (joined == next)
                line[count++] = next;
            else
                line[count - 1] = joined;
        } else {
            line[count++] = cedit_single(all, next);
        }
    }
    line[count] = 0;
    return line;
}

char *cedit_text_of(const cedit_clusters *all, const wchar_t *line, size_t count) {
    size_t scalars = 0;
    for (size_t i = 0; i < count; i++) {
        const wchar_t *text = cedit_expansion(all, line[i]);
        scalars += text ? wcslen(text) : 1;
    }
    char *bytes = malloc(4 * scalars + 1), *end = bytes;
    if (!bytes) return NULL;
    for (size_t i = 0; i < count; i++) {
        wchar_t alone[2] = {line[i], 0};
        const wchar_t *text = cedit_expansion(all, line[i]);
        for (const wchar_t *next = text ? text : alone; *next; next++) {
            char one[16];
            mbstate_t state = {0};
            size_t length = wcrtomb(one, *next, &state);
            if (length == (size_t)-1 || length > 4) continue;
            memcpy(end, one, length);
            end += length;
        }
    }
    *end = 0;
    return bytes;
}
