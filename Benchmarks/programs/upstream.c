// Providers that always take the same time: every POST is answered after DELAY milliseconds with FILE, a PNG made different each time
// (the 16 digits of its text chunk count up), or with STATUS and Retry-After. The path says in which way:
//   POST /runware                the first task of an array: in base64 or, for "outputType":"URL", as an address of this server
//   POST .../images/generations  OpenAI's b64_json
//   POST anything else           the bytes of the picture, as Hugging Face's own inference sends them
//   GET /results/NUMBER          the picture of that number, at once
//   GET /                        how many POSTs there were, at once
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

enum { CONNECTIONS = 4096, HEAD = 16384, BODY = 8192, MARK = 20 };  // MARK: 16 digits and the text chunk's checksum
enum { ID = 36, MARK64 = 36 };                                        // a UUID; MARK in base64, with what shares its groups of three

enum kind { COUNT, RESULT, BYTES, OPENAI, RUNWARE };

struct connection {
    char head[HEAD + 1], body[BODY + 1];  // of a longer body the beginning
    size_t headBytes, bodyBytes, bodyLeft;
    int inBody;
    enum kind kind;
    struct timespec at;
    char mark[MARK], mark64[MARK64], text[1024];
    struct iovec parts[6];
    int partCount;
};

static struct connection *connections[CONNECTIONS];
static int waiting[CONNECTIONS], first, waitingCount;  // in order of arrival, which is the order of their due times
static char *file, *file64, failHead[160];
static size_t fileBytes, file64Bytes, markAt;
static int poll, port, delay, status = 200;
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

static size_t encode(char *out, const char *in, size_t bytes) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *end = out;
    for (size_t i = 0; i < bytes; i += 3) {
        unsigned left = bytes - i < 3 ? (unsigned)(bytes - i) : 3, group = 0;
        for (unsigned j = 0; j < 3; j++) group = group << 8 | (j < left ? (unsigned char)in[i + j] : 0);
        for (unsigned j = 0; j < 4; j++) *end++ = j <= left ? letters[group >> (18 - 6 * j) & 63] : '=';
    }
    return (size_t)(end - out);
}

static void add(struct connection *c, char *bytes, size_t count) { c->parts[c->partCount++] = (struct iovec){bytes, count}; }

static void mark(struct connection *c, long long number) {
    char digits[24];
    snprintf(digits, sizeof digits, "%016lld", number % 10000000000000000LL);
    memcpy(c->mark, digits, 16);
    uLong sum = crc32(crc32(0, (unsigned char *)file + markAt - 12, 12), (unsigned char *)digits, 16);
    for (int i = 0; i < 4; i++) c->mark[16 + i] = (char)(sum >> (24 - 8 * i));
}

// The picture of that number.
static void addBytes(struct connection *c, long long number) {
    if (!markAt) return add(c, file, fileBytes);
    mark(c, number);
    add(c, file, markAt);
    add(c, c->mark, MARK);
    add(c, file + markAt + MARK, fileBytes - markAt - MARK);
}

// The same in base64: all of it but the groups of three bytes with the mark is encoded once.
static void addBase64(struct connection *c, long long number) {
    if (!markAt) return add(c, file64, file64Bytes);
    size_t from = markAt / 3 * 3, to = (markAt + MARK + 2) / 3 * 3;
    char bytes[MARK64 / 4 * 3];
    memcpy(bytes, file + from, to - from);
    mark(c, number);
    memcpy(bytes + (markAt - from), c->mark, MARK);
    add(c, file64, from / 3 * 4);
    add(c, c->mark64, encode(c->mark64, bytes, to - from));
    add(c, file64 + to / 3 * 4, file64Bytes - to / 3 * 4);
}

// The head, and with it the beginning of a body of `bodyBytes` bytes in all.
static void addHead(struct connection *c, const char *type, size_t bodyBytes, const char *beginning) {
    int count = snprintf(
        c->text, sizeof c->text, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", type, bodyBytes, beginning);
    add(c, c->text, (size_t)count);
}

static void addJSON(struct connection *c, const char *beginning, long long number) {
    static char end[] = "\"}]}";
    addHead(c, "application/json", strlen(beginning) + (number ? file64Bytes : 0) + strlen(end), beginning);
    if (number) addBase64(c, number);
    add(c, end, strlen(end));
}

static void answerRunware(struct connection *c) {
    char text[512], *id = strstr(c->body, "\"taskUUID\":\"");
    if (!id || strlen(id) < 12 + ID) id = "\"taskUUID\":\"00000000-0000-4000-8000-000000000000";
    int isAddress = strstr(c->body, "\"outputType\":\"URL\"") != NULL;
    int used = snprintf(
        text, sizeof text, "{\"data\":[{\"taskType\":\"imageInference\",%.*s\",\"imageUUID\":\"%.*s\",\"cost\":0.0019,\"%s\":\"",
        12 + ID, id, ID, id + 12, isAddress ? "imageURL" : "imageBase64Data");
    if (isAddress) snprintf(text + used, sizeof text - (size_t)used, "http://127.0.0.1:%d/results/%lld", port, answered);
    addJSON(c, text, isAddress ? 0 : answered);
}

static void answer(int descriptor) {
    struct connection *c = connections[descriptor];
    c->partCount = 0;
    if (c->kind != RESULT) answered++;
    if (status != 200) {
        add(c, failHead, strlen(failHead));
    } else if (c->kind == RUNWARE) {
        answerRunware(c);
    } else if (c->kind == OPENAI) {
        addJSON(c, "{\"created\":1,\"data\":[{\"b64_json\":\"", answered);
    } else {
        addHead(c, "image/png", fileBytes, "");
        addBytes(c, c->kind == RESULT ? atoll(c->head + strlen("GET /results/")) : answered);
    }
    flush(descriptor);
}

static void requested(int descriptor) {
    struct connection *c = connections[descriptor];
    if (c->kind == COUNT) {
        char count[24];
        int length = snprintf(count, sizeof count, "%lld\n", answered);
        addHead(c, "text/plain", (size_t)length, count);
        flush(descriptor);
    } else if (delay == 0 || c->kind == RESULT) {
        answer(descriptor);
    } else {
        clock_gettime(CLOCK_MONOTONIC, &c->at);
        c->at.tv_nsec += delay % 1000 * 1000000L;
        c->at.tv_sec += delay / 1000 + c->at.tv_nsec / 1000000000L;
        c->at.tv_nsec %= 1000000000L;
        waiting[(first + waitingCount++) % CONNECTIONS] = descriptor;
    }
}

static int begins(const char *text, const char *beginning) { return strncmp(text, beginning, strlen(beginning)) == 0; }

static enum kind kindOf(const char *head) {
    if (begins(head, "GET /results/")) return RESULT;
    if (begins(head, "GET ")) return COUNT;
    if (begins(head, "POST /runware ")) return RUNWARE;
    const char *target = strchr(head, '/'), *end = target ? strchr(target, ' ') : NULL, *wanted = "/images/generations";
    size_t length = strlen(wanted);
    return end && (size_t)(end - target) >= length && begins(end - length, wanted) ? OPENAI : BYTES;
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
        c->kind = kindOf(c->head);
        c->inBody = 1;
        c->bodyBytes = 0;
        if (strcasestr(c->head, "expect: 100-continue")) dprintf(descriptor, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    size_t more = (size_t)(buffer + bytes - body);
    size_t kept = more < BODY - c->bodyBytes ? more : BODY - c->bodyBytes;
    memcpy(c->body + c->bodyBytes, body, kept);
    c->body[c->bodyBytes += kept] = 0;
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
    file64 = malloc(fileBytes / 3 * 4 + 8);
    file64Bytes = encode(file64, file, fileBytes);
}

int main(int count, char **arguments) {
    if (count != 4 && count != 6) errx(2, "usage: upstream PORT DELAY FILE [STATUS RETRY_AFTER]");
    signal(SIGPIPE, SIG_IGN);  // a caller may leave; the read that follows drops it
    port = atoi(arguments[1]);
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
        .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
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
