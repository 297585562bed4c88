#pragma once
#include <curl/curl.h>

// Swift cannot call a variadic function, so each kind of argument has a wrapper.
static inline CURLcode edge_curl_set_text(CURL *handle, CURLoption option, const char *text) {
    return curl_easy_setopt(handle, option, text);
}
static inline CURLcode edge_curl_set_number(CURL *handle, CURLoption option, long number) {
    return curl_easy_setopt(handle, option, number);
}
