#pragma once
#include <curl/curl.h>
#include <sys/socket.h>

// Swift cannot call a variadic function, so each kind of argument has a wrapper.
static inline CURLcode edge_curl_set_text(CURL *handle, CURLoption option, const char *text) {
    return curl_easy_setopt(handle, option, text);
}
static inline CURLcode edge_curl_set_number(CURL *handle, CURLoption option, long number) {
    return curl_easy_setopt(handle, option, number);
}
static inline CURLcode edge_curl_set_size(CURL *handle, CURLoption option, curl_off_t size) {
    return curl_easy_setopt(handle, option, size);
}
static inline CURLcode edge_curl_set_buffer(CURL *handle, CURLoption option, char *buffer) {
    return curl_easy_setopt(handle, option, buffer);
}
static inline CURLcode edge_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(handle, option, list);
}

// A copy of it is kept.
static inline void edge_curl_set_body(CURL *handle, const void *bytes, curl_off_t size) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, size);
    curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, bytes);
}

static inline void edge_curl_on_write(CURL *handle, curl_write_callback body, void *context) {
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
}
static inline void edge_curl_on_header(CURL *handle, curl_write_callback body, void *context) {
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, body);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
}
static inline void edge_curl_on_read(CURL *handle, curl_read_callback body, void *context) {
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, body);
    curl_easy_setopt(handle, CURLOPT_READDATA, context);
}
static inline void edge_curl_on_seek(CURL *handle, curl_seek_callback body, void *context) {
    curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, body);
    curl_easy_setopt(handle, CURLOPT_SEEKDATA, context);
}
static inline void edge_curl_on_open_socket(CURL *handle, curl_opensocket_callback body, void *context) {
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, body);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, context);
}
static inline void edge_curl_on_close_socket(CURL *handle, curl_closesocket_callback body, void *context) {
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, body);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, context);
}
static inline void edge_curl_on_connected(CURL *handle, curl_prereq_callback body, void *context) {
    curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, body);
    curl_easy_setopt(handle, CURLOPT_PREREQDATA, context);
}

static inline void edge_curl_on_socket(CURLM *multi, curl_socket_callback body, void *context) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, body);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}
static inline void edge_curl_on_timer(CURLM *multi, curl_multi_timer_callback body, void *context) {
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, body);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}
static inline CURLMcode edge_curl_multi_set_number(CURLM *multi, CURLMoption option, long number) {
    return curl_multi_setopt(multi, option, number);
}

// The address of curl's `addr` member, which is longer than its type says when the family is IPv6.
static inline const void *edge_curl_address(const struct curl_sockaddr *address) { return &address->addr; }

static inline int edge_curl_open(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
}
