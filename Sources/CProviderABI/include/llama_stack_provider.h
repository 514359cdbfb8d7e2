#ifndef LSP_PROVIDER_H
#define LSP_PROVIDER_H
#endif
