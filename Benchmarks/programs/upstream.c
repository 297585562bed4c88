// A provider that always takes the same time: answers every POST after DELAY milliseconds with FILE, a PNG made different each time
// (the 16 digits of its text chunk count up), or with STATUS and Retry-After. GET answers at once how many POSTs there were.
// Usage: upstream PORT DELAY FILE [STATUS RETRY_AFTER]
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { CONNECTIONS = 4096, HEAD = 16384, MARK = 20 };  // MARK: 16 digits and the text chunk's checksum

struct connection {
    char head[HEAD + 1];
    size_t headBytes, bodyLeft, sent;
    int inBody, due, counts;
    struct timespec at;
    char mark[MARK], text[256];
    struct iovec parts[4];
    int partCount;
};

static struct connection *connections[CONNECTIONS];
static int waiting[CONNECTIONS], first, waitingCount;  // in order of arrival, which is the order of their due times
static char *file, okHead[160], failHead[160];
static size_t fileBytes, markAt;
static int poll, delay, status = 200;
static long long answered;

static long long nanoseconds(struct timespec a, struct timespec b) {
    return (a.tv_sec - b.tv_sec) * 1000000000LL + (a.tv_nsec - b.tv_nsec);
}

static void drop(int descriptor) {
    for (int i = 0; i < waitingCount; i++) {
        int *slot = &waiting[(first + i) % CONNECTIONS];
        if (*slot == descriptor) *slot = -1;
    }
    close(descriptor);
    free(connections[descriptor]);
    connections[descriptor] = NULL;
}

static void readable(int descriptor);

static void flush(int descriptor) {
    struct connection *c = connections[descriptor];
    while (c->partCount) {
        ssize_t sent = writev(descriptor, c->parts, c->partCount);
        if (sent < 0) {
            struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.fd = descriptor};
            epoll_ctl(poll, EPOLL_CTL_MOD, descriptor, &event);
            return;
        }
        while (c->partCount && (size_t)sent >= c->parts[0].iov_len) {
            sent -= c->parts[0].iov_len;
            memmove(c->parts, c->parts + 1, --c->partCount * sizeof c->parts[0]);
        }
        if (c->partCount) {
            c->parts[0].iov_base = (char *)c->parts[0].iov_base + sent;
            c->parts[0].iov_len -= sent;
        }
    }
    epoll_ctl(poll, EPOLL_CTL_MOD, descriptor, &(struct epoll_event){.events = EPOLLIN, .data.fd = descriptor});
}

static void answer(int descriptor) {
    struct connection *c = connections[descriptor];
    answered++;
    if (status != 200) {
        c->parts[0] = (struct iovec){failHead, strlen(failHead)};
        c->partCount = 1;
    } else if (!markAt) {
        c->parts[0] = (struct iovec){okHead, strlen(okHead)};
        c->parts[1] = (struct iovec){file, fileBytes};
        c->partCount = 2;
    } else {
        char digits[24];
        snprintf(digits, sizeof digits, "%016lld", answered % 10000000000000000LL);
        memcpy(c->mark, digits, 16);
        uLong sum = crc32(crc32(0, (unsigned char *)file + markAt - 12, 12), (unsigned char *)digits, 16);
        for (int i = 0; i < 4; i++) c->mark[16 + i] = (char)(sum >> (24 - 8 * i));
        c->parts[0] = (struct iovec){okHead, strlen(okHead)};
        c->parts[1] = (struct iovec){file, markAt};
        c->parts[2] = (struct iovec){c->mark, MARK};
        c->parts[3] = (struct iovec){file + markAt + MARK, fileBytes - markAt - MARK};
        c->partCount = 4;
    }
    flush(descriptor);
}

static void requested(int descriptor) {
    struct connection *c = connections[descriptor];
    if (c->counts) {
        int length = snprintf(NULL, 0, "%lld\n", answered);
        snprintf(c->text, sizeof c->text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%lld\n", length, answered);
        c->parts[0] = (struct iovec){c->text, strlen(c->text)};
        c->partCount = 1;
        flush(descriptor);
    } else if (delay == 0) {
        answer(descriptor);
    } else {
        clock_gettime(CLOCK_MONOTONIC, &c->at);
        c->at.tv_nsec += delay % 1000 * 1000000L;
        c->at.tv_sec += delay / 1000 + c->at.tv_nsec / 1000000000L;
        c->at.tv_nsec %= 1000000000L;
        waiting[(first + waitingCount++) % CONNECTIONS] = descriptor;
    }
}

// One request at a time: the next one is read when its answer is out.
static void readable(int descriptor) {
    struct connection *c = connections[descriptor];
    char buffer[65536];
    ssize_t bytes = read(descriptor, buffer, sizeof buffer);
    if (bytes <= 0) return drop(descriptor);
    char *body = buffer;
    if (!c->inBody) {
        size_t take = (size_t)bytes < HEAD - c->headBytes ? (size_t)bytes : HEAD - c->headBytes;
        memcpy(c->head + c->headBytes, buffer, take);
        size_t before = c->headBytes;
        c->headBytes += take;
        c->head[c->headBytes] = 0;
        char *end = strstr(c->head, "\r\n\r\n");
        if (!end) return c->headBytes == HEAD ? drop(descriptor) : (void)0;
        body = buffer + (end + 4 - c->head - before);
        char *length = strcasestr(c->head, "\r\ncontent-length:");
        c->bodyLeft = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
        c->counts = memcmp(c->head, "GET", 3) == 0;
        c->inBody = 1;
        if (strcasestr(c->head, "expect: 100-continue")) dprintf(descriptor, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    size_t more = (size_t)(buffer + bytes - body);
    c->bodyLeft -= more < c->bodyLeft ? more : c->bodyLeft;
    if (c->bodyLeft) return;
    c->inBody = 0;
    c->headBytes = 0;
    requested(descriptor);
}

static struct timespec *untilNext(struct timespec *space) {
    while (waitingCount && waiting[first] < 0) {
        first = (first + 1) % CONNECTIONS;
        waitingCount--;
    }
    if (!waitingCount) return NULL;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long long left = nanoseconds(connections[waiting[first]]->at, now);
    if (left < 0) left = 0;
    *space = (struct timespec){left / 1000000000, left % 1000000000};
    return space;
}

static void load(const char *path) {
    int descriptor = open(path, O_RDONLY);
    struct stat facts;
    if (descriptor < 0 || fstat(descriptor, &facts)) err(1, "%s", path);
    fileBytes = (size_t)facts.st_size;
    file = malloc(fileBytes);
    if (read(descriptor, file, fileBytes) != facts.st_size) err(1, "%s", path);
    close(descriptor);
    char *text = memmem(file, fileBytes, "tEXtCounter", 12);  // with the NUL that ends the keyword
    if (text) markAt = (size_t)(text + 12 - file);
    snprintf(okHead, sizeof okHead, "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %zu\r\n\r\n", fileBytes);
}

int main(int count, char **arguments) {
    if (count != 4 && count != 6) errx(2, "usage: upstream PORT DELAY FILE [STATUS RETRY_AFTER]");
    signal(SIGPIPE, SIG_IGN);  // a caller may leave; the read that follows drops it
    delay = atoi(arguments[2]);
    load(arguments[3]);
    if (count == 6) {
        status = atoi(arguments[4]);
        snprintf(
            failHead, sizeof failHead,
            "HTTP/1.1 %d Not now\r\nRetry-After: %s\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n{\"error\":\"not now\"}",
            status, arguments[5]);
    }
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) err(1, "port %s", arguments[1]);
    poll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    for (;;) {
        struct epoll_event events[64];
        struct timespec space;
        int ready = epoll_pwait2(poll, events, 64, untilNext(&space), NULL);
        for (int i = 0; i < ready; i++) {
            int descriptor = events[i].data.fd;
            if (descriptor == listener) {
                int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (client < 0) continue;
                if (client >= CONNECTIONS || !(connections[client] = calloc(1, sizeof(struct connection)))) {
                    close(client);
                    continue;
                }
                setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                epoll_ctl(poll, EPOLL_CTL_ADD, client, &(struct epoll_event){.events = EPOLLIN, .data.fd = client});
                continue;
            }
            if (events[i].events & EPOLLOUT) flush(descriptor);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(descriptor);
        }
        for (struct timespec *left; (left = untilNext(&space)) && left->tv_sec == 0 && left->tv_nsec == 0;) {
            int descriptor = waiting[first];
            first = (first + 1) % CONNECTIONS;
            waitingCount--;
            answer(descriptor);
        }
    }
}
