// What durable jobs cost by themselves: the writes and syncs that every job needs (README, "The job file"), on 4 pool threads, with
// the folder syncs gathered: one sync serves all renames that came before it. There is no HTTP and no function around them.
// Usage: syncs accept FOLDER JOBS AT_ONCE                        jobs written a second
//        syncs calls FOLDER JOBS AT_ONCE DELAY IMAGE_BYTES       time added to a call of DELAY milliseconds
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4, JOB_BYTES = 600, IMAGE_FOLDERS = 256 };

// A piece of work for the pool.
struct work {
    void (*run)(void *);
    void *argument;
    struct work *next;
};

// A folder whose renames wait for a sync. `work` is queued or running while `syncing`.
struct folder {
    int descriptor, syncing;
    struct job *waiting;
    struct work work;
};

struct job {
    int id, step;
    sem_t accepted;
    struct job *next;
    struct work work;
};

static struct folder temporary, active, done, images[IMAGE_FOLDERS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t some = PTHREAD_COND_INITIALIZER, none = PTHREAD_COND_INITIALIZER;
static struct work *queue, **queueEnd = &queue;
static int total, begun, unfinished, delay;
static size_t imageBytes;
static char jobText[JOB_BYTES], *imageText;
static double *latencies;

static void advance(struct job *job);

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void enqueue(struct work *work) {  // with the lock held
    work->next = NULL;
    *queueEnd = work;
    queueEnd = &work->next;
    pthread_cond_signal(&some);
}

static void *poolThread(void *unused) {
    for (;;) {
        pthread_mutex_lock(&lock);
        while (!queue) pthread_cond_wait(&some, &lock);
        struct work *work = queue;
        queue = work->next;
        if (!queue) queueEnd = &queue;
        pthread_mutex_unlock(&lock);
        work->run(work->argument);
    }
    return unused;
}

static void syncFolder(void *argument) {
    struct folder *folder = argument;
    pthread_mutex_lock(&lock);
    struct job *served = folder->waiting;  // their renames are done, so this sync covers them
    folder->waiting = NULL;
    pthread_mutex_unlock(&lock);
    if (fsync(folder->descriptor)) err(1, "fsync of a folder");
    pthread_mutex_lock(&lock);
    if (folder->waiting) enqueue(&folder->work);
    else folder->syncing = 0;
    pthread_mutex_unlock(&lock);
    while (served) {
        struct job *job = served;
        served = job->next;
        advance(job);
    }
}

static void gather(struct folder *folder, struct job *job) {
    pthread_mutex_lock(&lock);
    job->next = folder->waiting;
    folder->waiting = job;
    if (!folder->syncing) {
        folder->syncing = 1;
        folder->work = (struct work){syncFolder, folder, NULL};
        enqueue(&folder->work);
    }
    pthread_mutex_unlock(&lock);
}

static void writeDurably(const char *name, const char *text, size_t bytes, struct folder *folder) {
    int file = openat(temporary.descriptor, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) err(1, "%s", name);
    for (size_t sent = 0; sent < bytes;) {
        ssize_t more = write(file, text + sent, bytes - sent);
        if (more < 0) err(1, "%s", name);
        sent += (size_t)more;
    }
    if (fsync(file) || close(file) || renameat(temporary.descriptor, name, folder->descriptor, name)) err(1, "%s", name);
}

// The steps of one job; each ends in a folder sync, which calls `advance` again.
static void step(void *argument) {
    struct job *job = argument;
    struct folder *pictures = &images[job->id % IMAGE_FOLDERS];
    char name[64];
    snprintf(name, sizeof name, job->step == 1 ? "%08d.png" : "%08d.json", job->id);
    if (job->step == 0) writeDurably(name, jobText, JOB_BYTES, &active);
    if (job->step == 1) writeDurably(name, imageText, imageBytes, pictures);
    if (job->step == 2) writeDurably(name, jobText, JOB_BYTES, &done);
    gather(job->step == 0 ? &active : job->step == 1 ? pictures : &done, job);
}

static void submit(struct job *job) {
    pthread_mutex_lock(&lock);
    job->work = (struct work){step, job, NULL};
    enqueue(&job->work);
    pthread_mutex_unlock(&lock);
}

// A step is synced. The first one lets the caller go; the rest run behind its back.
static void advance(struct job *job) {
    if (job->step++ == 0) {
        sem_post(&job->accepted);
    } else if (job->step == 2) {
        submit(job);
    } else {
        char name[64];
        snprintf(name, sizeof name, "%08d.json", job->id);
        unlinkat(active.descriptor, name, 0);
        pthread_mutex_lock(&lock);
        if (--unfinished == 0) pthread_cond_signal(&none);
        pthread_mutex_unlock(&lock);
    }
}

static void *caller(void *unused) {
    for (;;) {
        pthread_mutex_lock(&lock);
        int id = begun < total ? begun++ : -1;
        pthread_mutex_unlock(&lock);
        if (id < 0) return unused;
        struct job *job = calloc(1, sizeof *job);
        job->id = id;
        sem_init(&job->accepted, 0, 0);
        double start = now();
        submit(job);
        while (sem_wait(&job->accepted)) {}
        latencies[id] = now() - start;
        if (imageBytes == 0) continue;
        nanosleep(&(struct timespec){delay / 1000, delay % 1000 * 1000000L}, NULL);
        submit(job);
    }
}

static int opened(const char *parent, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", parent, name);
    mkdir(path, 0700);
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) err(1, "%s", path);
    return descriptor;
}

static int ascending(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

int main(int count, char **arguments) {
    int calls = count == 7 && strcmp(arguments[1], "calls") == 0;
    if (!calls && (count != 5 || strcmp(arguments[1], "accept"))) errx(2, "see the first lines of syncs.c");
    const char *root = arguments[2];
    total = atoi(arguments[3]);
    int atOnce = atoi(arguments[4]);
    if (total < 1 || atOnce < 1 || atOnce > 1024) errx(2, "JOBS from 1, AT_ONCE from 1 to 1024");
    delay = calls ? atoi(arguments[5]) : 0;
    imageBytes = calls ? strtoul(arguments[6], NULL, 10) : 0;
    imageText = malloc(imageBytes + 1);
    memset(imageText, 'i', imageBytes);
    memset(jobText, 'j', JOB_BYTES);
    latencies = calloc((size_t)total, sizeof *latencies);
    unfinished = calls ? total : 0;
    temporary.descriptor = opened(root, "tmp");
    active.descriptor = opened(root, "active");
    done.descriptor = opened(root, "done");
    for (int i = 0; calls && i < IMAGE_FOLDERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "%02x", i);
        images[i].descriptor = opened(root, name);
    }
    pthread_t threads[1024], unused;
    for (int i = 0; i < THREADS; i++) pthread_create(&unused, NULL, poolThread, NULL);
    double start = now();
    for (int i = 0; i < atOnce; i++) {
        // Evenly spread over a call's time, as the callers of load.c are: a burst would wait for itself.
        if (i > 0) nanosleep(&(struct timespec){.tv_nsec = delay / atOnce * 1000000L}, NULL);
        pthread_create(&threads[i], NULL, caller, NULL);
    }
    for (int i = 0; i < atOnce; i++) pthread_join(threads[i], NULL);
    double seconds = now() - start;
    pthread_mutex_lock(&lock);
    while (unfinished) pthread_cond_wait(&none, &lock);
    qsort(latencies, (size_t)total, sizeof *latencies, ascending);
    printf(
        "{\"jobs\": %d, \"persecond\": %.1f, \"median_ms\": %.4f, \"p99_ms\": %.4f}\n", total, total / seconds,
        latencies[total / 2] * 1000, latencies[total * 99 / 100] * 1000);
}
