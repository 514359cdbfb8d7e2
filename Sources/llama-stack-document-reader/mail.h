// A message: the headers that people read, and its parts that are text.
#ifndef MAIL_H
#define MAIL_H
#include "document.h"

void mail_read(span message);

#endif
