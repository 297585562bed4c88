#pragma once
#include <uv.h>
#include <sys/sendfile.h>
#include <sys/un.h>
#include <netdb.h>
#include <netinet/tcp.h>

#include "spawn.h"
