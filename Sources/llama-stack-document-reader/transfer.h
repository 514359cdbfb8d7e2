// Bytes as mail carries them.
#ifndef TRANSFER_H
#define TRANSFER_H
#include "document.h"

typedef enum { CARRIED_PLAIN, CARRIED_BASE64, CARRIED_QUOTED } carried;

/// Decodes a transfer encoding; characters that do not belong to it are left out or stay as they are. `is_header`: an
/// underscore is a space.
span transfer_decode(span from, carried as, int is_header);

#endif
