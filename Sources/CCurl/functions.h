// The functions of libcurl that are used, found by dlsym: no executable names the library among those it needs.
#ifndef CCURL_FUNCTIONS_H
#define CCURL_FUNCTIONS_H

// setopt and getinfo as plain functions: the header's checking macros name the functions that are not linked.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#define CCURL_FUNCTIONS(F) \
    F(curl_global_init) F(curl_slist_append) F(curl_slist_free_all) \
    F(curl_easy_init) F(curl_easy_cleanup) F(curl_easy_setopt) F(curl_easy_getinfo) F(curl_easy_pause) \
    F(curl_multi_init) F(curl_multi_cleanup) F(curl_multi_setopt) F(curl_multi_add_handle) \
    F(curl_multi_remove_handle) F(curl_multi_perform) F(curl_multi_poll) F(curl_multi_wakeup) \
    F(curl_multi_info_read)

#define CCURL_FIELD(name) __typeof__(&name) name;
#pragma GCC visibility push(hidden)
/// Filled by ccurl_load.
extern struct ccurl_functions { CCURL_FUNCTIONS(CCURL_FIELD) } ccurl;
#pragma GCC visibility pop
#undef CCURL_FIELD

#endif
