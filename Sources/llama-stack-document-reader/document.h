// The document that is being read: how reading it ends, and what it may use.
#ifndef DOCUMENT_H
#define DOCUMENT_H
#include <stddef.h>
#include <stdint.h>

// The numbers are the protocol: ReaderProtocol.swift has the same.
typedef enum { FORM_PLAIN, FORM_HTML, FORM_XHTML, FORM_MARKDOWN, FORM_XML, FORM_SVG, FORM_JSON, FORM_MAIL } form;
typedef enum { OUTCOME_TEXT, OUTCOME_UNREADABLE, OUTCOME_UNKNOWN_ENCODING, OUTCOME_TOO_LARGE } outcome;

typedef struct {
    const char *bytes;
    size_t size;
} span;

/// Ends the reading of this document: the process goes on with the next. `reason` is a format as printf's.
_Noreturn void document_end(outcome how, const char *reason, ...) __attribute__((format(printf, 2, 3)));

/// Ends the reading when it has computed for longer than a document of its size may.
void document_check_time(void);

enum {
    // Elements within elements; browsers stop at 512.
    NESTING_MAX = 10000,
};

/// Ends the document when something is to go one deeper than NESTING_MAX.
void document_check_depth(size_t depth, const char *what);

#endif
