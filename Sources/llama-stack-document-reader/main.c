// Reads documents that strangers wrote, for a memory bank: bytes in, text out, one after the other. It is started by
// the provider with limits, has nothing but its socket, and is ended when a document is too much for it.
//
//     llama-stack-document-reader MEMORY_BYTES TEXT_BYTES
//
// Its standard input is the socket.
#include <child_process.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "cage.h"
#include "encodings.h"
#include "frames.h"
#include "markdown.h"
#include "xml.h"

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "llama-stack-document-reader is started by providers of memory banks, not by hand.\n");
        return 64;
    }
    if (ccp_child_setup(0) != 0) return 71;
    reading_limits limits = {strtoull(arguments[1], NULL, 10), strtoull(arguments[2], NULL, 10)};
    // Large pieces that are given back go to the system, since the next document may be small; those that most documents
    // take stay, since getting them anew takes a page fault for every 4 KiB.
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
    encodings_setup();
    markdown_setup();
    xml_setup();
    cage_close();
    reading document;
    while (frames_receive(0, &document)) {
        document_read(&document, &limits);
        if (!frames_send(0, &document)) break;
        document_forget(&document);
    }
    return 0;
}
