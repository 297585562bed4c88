// The least that can answer over HTTP on a Unix socket: what nginx in front of it reaches is the ceiling for a proxied hello.
// Usage: hello SOCKET
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nHello\n";

int main(int count, char **arguments) {
    if (count != 2) errx(2, "usage: hello SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", arguments[1]);
    unlink(address.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 512)) err(1, "%s", arguments[1]);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    for (;;) {
        struct epoll_event events[64];
        int ready = epoll_wait(poll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            int descriptor = events[i].data.fd;
            if (descriptor == listener) {
                int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (client < 0) continue;
                epoll_ctl(poll, EPOLL_CTL_ADD, client, &(struct epoll_event){.events = EPOLLIN, .data.fd = client});
                continue;
            }
            char request[8192];  // a GET without a body arrives whole: the proxy writes it at once
            ssize_t bytes = read(descriptor, request, sizeof request);
            int whole = bytes >= 4 && memcmp(request + bytes - 4, "\r\n\r\n", 4) == 0;
            if (!whole || send(descriptor, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0) close(descriptor);
        }
    }
}
