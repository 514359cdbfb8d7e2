// JSON by its values: strings as they are meant, keys before what they name.
#ifndef JSON_H
#define JSON_H
#include "document.h"

/// Takes lines of JSON too, and what is nearly JSON: what is no string is read as it stands.
void json_read(span text);

#endif
