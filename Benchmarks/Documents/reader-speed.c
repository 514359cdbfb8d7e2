// How fast documents are read through the limited process, beside the parsers called directly.
//
//     reader-speed PROGRAM html|markdown ROUNDS FILE...
//
// Prints the bytes of all files, and for each of the two ways the seconds of its fastest round. Directly: parse and
// free, nothing else. Through the process: what a provider does for a document, from its bytes to its text.
#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <gumbo.h>
#include <limited_process.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    char *bytes;
    size_t size;
} file;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static file load(const char *path) {
    FILE *stream = fopen(path, "rb");
    file loaded = {NULL, 0};
    if (!stream) return loaded;
    fseek(stream, 0, SEEK_END);
    loaded.size = (size_t)ftell(stream);
    rewind(stream);
    loaded.bytes = malloc(loaded.size + 1);
    loaded.size = fread(loaded.bytes, 1, loaded.size, stream);
    fclose(stream);
    return loaded;
}

static void parse_html(file page) {
    GumboOptions options = kGumboDefaultOptions;
    options.max_errors = 0;
    gumbo_destroy_output(&options, gumbo_parse_with_options(&options, page.bytes, page.size));
}

static void parse_markdown(file document) {
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_DEFAULT);
    cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension("table"));
    cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension("strikethrough"));
    cmark_parser_feed(parser, document.bytes, document.size);
    cmark_node_free(cmark_parser_finish(parser));
    cmark_parser_free(parser);
}

static lp_process start(const char *program) {
    const char *const arguments[] = {program, "1073741824", "67108864", NULL};
    lp_process process;
    int error = lp_open(arguments, (lp_limits){6000, 3ULL << 30, 0}, &process);
    if (error) {
        fprintf(stderr, "%s: %s\n", program, strerror(error));
        exit(1);
    }
    return process;
}

int main(int count, char **arguments) {
    if (count < 5) return 64;
    int is_html = strcmp(arguments[2], "html") == 0, rounds = atoi(arguments[3]), files = count - 4;
    file *all = malloc((size_t)files * sizeof *all);
    size_t bytes = 0;
    for (int i = 0; i < files; i++) bytes += (all[i] = load(arguments[4 + i])).size;
    cmark_gfm_core_extensions_ensure_registered();
    double direct = 1e9, limited = 1e9;
    const unsigned char head[] = {is_html ? 1 : 3, 0};
    int unread = 0;
    for (int round = 0; round < rounds; round++) {
        double begin = seconds();
        for (int i = 0; i < files; i++) is_html ? parse_html(all[i]) : parse_markdown(all[i]);
        double end = seconds();
        if (end - begin < direct) direct = end - begin;
        begin = seconds();
        lp_process process = start(arguments[1]);
        size_t documents = 0, read = 0;
        unread = 0;
        for (int i = 0; i < files; i++) {
            // As the provider does.
            if (documents == 200 || read >= 32 << 20) {
                lp_close(&process);
                process = start(arguments[1]);
                documents = read = 0;
            }
            const lp_limits limits = {30, 0, 1 << 27};
            lp_result result = lp_ask(&process, head, sizeof head, all[i].bytes, all[i].size, limits);
            if (result.end != LP_ANSWERED || result.output[0] != 0) unread++;
            if (result.end != LP_ANSWERED) process = start(arguments[1]);
            free(result.output);
            documents++;
            read += all[i].size;
        }
        lp_close(&process);
        end = seconds();
        if (end - begin < limited) limited = end - begin;
    }
    printf("%zu %.6f %.6f %d\n", bytes, direct, limited, unread);
    return 0;
}
