// Keeps CONNECTIONS requests under way until ANSWERS have come, each connection kept alive, and prints what it saw as one JSON object.
// With a body it POSTs; every "{n}" in the body becomes a number used once, counted from FIRST.
// The first requests are GAP milliseconds apart (0), so that callers whose answers take equally long do not come in one burst for ever.
// PORT is one of 127.0.0.1, or the path of a Unix socket.
// Usage: load [-c CONNECTIONS] [-n ANSWERS] [-s FIRST] [-g GAP] [-b BODY] [-H "Name: value"]... PORT PATH
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, HEAD_MAX = 16384, REQUEST_MAX = 65536 };

struct connection {
    int descriptor, inBody, chunked;
    char head[HEAD_MAX + 1], tail[5];  // tail: the last bytes seen, where a chunked answer shows its end
    size_t headBytes, bodyLeft;
    double begun;
};

static struct connection connections[CONNECTIONS_MAX];
static int atOnce = 16, total = 1000, gap, poll;
static long long number;
static char headers[4096], *path, *body, buffer[1 << 20];
static double *latencies;
static int begun, ended, statuses[600];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void request(struct connection *c) {
    char text[REQUEST_MAX], filled[REQUEST_MAX / 2] = "";
    if (begun == total) return;
    begun++;
    if (body) {
        char *place = strstr(body, "{n}");
        int before = place ? (int)(place - body) : (int)strlen(body);
        if (place) snprintf(filled, sizeof filled, "%.*s%lld%s", before, body, number++, place + 3);
        else snprintf(filled, sizeof filled, "%s", body);
    }
    int length = snprintf(
        text, sizeof text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%sContent-Length: %zu\r\n\r\n%s", body ? "POST" : "GET", path,
        headers, strlen(filled), filled);
    c->begun = now();
    c->headBytes = 0;
    c->inBody = 0;
    if (write(c->descriptor, text, (size_t)length) != length) err(1, "request");
}

static void finished(struct connection *c) {
    latencies[ended++] = now() - c->begun;
    int status = atoi(c->head + 9);
    statuses[status > 0 && status < 600 ? status : 0]++;
    request(c);
}

static void readable(struct connection *c) {
    ssize_t bytes = read(c->descriptor, buffer, sizeof buffer);
    if (bytes <= 0) errx(1, "connection ended after %d answers", ended);
    char *rest = buffer;
    size_t more = (size_t)bytes;
    if (!c->inBody) {
        size_t before = c->headBytes, take = more < HEAD_MAX - before ? more : HEAD_MAX - before;
        memcpy(c->head + before, buffer, take);
        c->head[c->headBytes += take] = 0;
        char *end = strstr(c->head, "\r\n\r\n");
        if (!end && c->headBytes == HEAD_MAX) errx(1, "the answer's head is too long");
        if (!end) return;
        rest = buffer + (end + 4 - c->head - (long)before);
        more = (size_t)(buffer + bytes - rest);
        end[2] = 0;
        char *length = strcasestr(c->head, "\r\ncontent-length:");
        c->chunked = strcasestr(c->head, "\r\ntransfer-encoding: chunked") != NULL;
        if (!length && !c->chunked) errx(1, "an answer without a length: %s", c->head);
        c->bodyLeft = length ? strtoul(length + 17, NULL, 10) : 1;
        c->inBody = 1;
    }
    if (c->chunked) {
        for (size_t i = more > 5 ? more - 5 : 0; i < more; i++) {
            memmove(c->tail, c->tail + 1, 4);
            c->tail[4] = rest[i];
        }
        if (memcmp(c->tail, "0\r\n\r\n", 5) == 0) c->bodyLeft = 0;
    } else {
        c->bodyLeft -= more < c->bodyLeft ? more : c->bodyLeft;
    }
    if (c->bodyLeft == 0) finished(c);
}

static int connected(const char *place) {
    int isPath = place[0] == '/', yes = 1;
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct sockaddr_in port = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (isPath && strlen(place) >= sizeof path.sun_path) errx(1, "%s: too long", place);
    if (isPath) strcpy(path.sun_path, place);
    else port.sin_port = htons((unsigned short)atoi(place));
    int descriptor = socket(isPath ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    struct sockaddr *address = isPath ? (struct sockaddr *)&path : (struct sockaddr *)&port;
    if (connect(descriptor, address, isPath ? sizeof path : sizeof port)) err(1, "%s", place);
    if (!isPath) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return descriptor;
}

static int ascending(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

int main(int count, char **arguments) {
    for (int option; (option = getopt(count, arguments, "c:n:s:g:b:H:")) != -1;) {
        size_t used = strlen(headers);
        if (option == 'c') atOnce = atoi(optarg);
        else if (option == 'n') total = atoi(optarg);
        else if (option == 's') number = atoll(optarg);
        else if (option == 'g') gap = atoi(optarg);
        else if (option == 'b') body = optarg;
        else if (option == 'H') snprintf(headers + used, sizeof headers - used, "%s\r\n", optarg);
        else return 2;
    }
    if (optind + 2 != count || atOnce < 1 || atOnce > CONNECTIONS_MAX || total < 1) errx(2, "see the first lines of load.c");
    path = arguments[optind + 1];
    latencies = calloc((size_t)total, sizeof *latencies);
    poll = epoll_create1(0);
    for (int i = 0; i < atOnce; i++) {
        struct connection *c = &connections[i];
        c->descriptor = connected(arguments[optind]);
        epoll_ctl(poll, EPOLL_CTL_ADD, c->descriptor, &(struct epoll_event){.events = EPOLLIN, .data.ptr = c});
    }
    double start = now();
    for (int i = 0; i < atOnce; i++) {
        if (i > 0) nanosleep(&(struct timespec){.tv_nsec = gap * 1000000L}, NULL);
        request(&connections[i]);
    }
    while (ended < total) {
        struct epoll_event events[64];
        int ready = epoll_wait(poll, events, 64, 60000);
        if (ready == 0) errx(1, "no answer for 60 s after %d answers", ended);
        for (int i = 0; i < ready; i++) readable(events[i].data.ptr);
    }
    double seconds = now() - start;
    qsort(latencies, (size_t)total, sizeof *latencies, ascending);
    printf(
        "{\"answers\": %d, \"seconds\": %.4f, \"persecond\": %.1f, \"median_ms\": %.4f, \"p99_ms\": %.4f, \"statuses\": {", total,
        seconds, total / seconds, latencies[total / 2] * 1000, latencies[total * 99 / 100] * 1000);
    for (int status = 0, some = 0; status < 600; status++) {
        if (statuses[status]) printf("%s\"%d\": %d", some++ ? ", " : "", status, statuses[status]);
    }
    printf("}}\n");
}
