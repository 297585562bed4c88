// The least that can answer a POST over TCP: sends FILE, a whole answer with its head, for every request, from memory and on one core.
// What it reaches is the ceiling for any server on this machine.
// Usage: bare PORT FILE
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

// Requests of the load are small, so that each arrives whole: it is read to its end by its own length all the same.
static int isWhole(char *request, ssize_t bytes) {
    request[bytes] = 0;
    char *end = strstr(request, "\r\n\r\n"), *length = strcasestr(request, "\r\ncontent-length:");
    if (!end) return 0;
    return end + 4 - request + (length && length < end ? atol(length + 17) : 0) == bytes;
}

int main(int count, char **arguments) {
    if (count != 3) errx(2, "usage: bare PORT FILE");
    int source = open(arguments[2], O_RDONLY), yes = 1;
    struct stat facts;
    if (source < 0 || fstat(source, &facts)) err(1, "%s", arguments[2]);
    char *answer = malloc((size_t)facts.st_size);
    if (!answer || read(source, answer, (size_t)facts.st_size) != facts.st_size) err(1, "%s", arguments[2]);
    close(source);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 512)) err(1, "port %s", arguments[1]);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    for (;;) {
        struct epoll_event events[64];
        int ready = epoll_wait(poll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            int descriptor = events[i].data.fd;
            if (descriptor == listener) {
                int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);  // a send waits where it must
                if (client < 0) continue;
                setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                epoll_ctl(poll, EPOLL_CTL_ADD, client, &(struct epoll_event){.events = EPOLLIN, .data.fd = client});
                continue;
            }
            char request[8192];
            ssize_t bytes = read(descriptor, request, sizeof request - 1);
            int sent = bytes > 0 && isWhole(request, bytes)
                       && send(descriptor, answer, (size_t)facts.st_size, MSG_NOSIGNAL) == facts.st_size;
            if (!sent) close(descriptor);
        }
    }
}
