// What goes over the socket: requests and answers, each a length and as many bytes.
//
//     request   u64 length   u8 form   u8 size, charset   content
//     answer    u64 length   u8 outcome   u8 is a guess   u8 size, encoding   u8 size, reason   text
//
// Numbers are this machine's own; ReaderProtocol.swift is the other end.
#ifndef FRAMES_H
#define FRAMES_H
#include "reading.h"

/// The next document, whose bytes are there until the next call or until they are given back; 0 when there are no more,
/// or when what came is no request.
int frames_receive(int socket, reading *document);
/// 0 when the other end is gone.
int frames_send(int socket, const reading *document);

#endif
