/*
 * Puts load on a chat server: many people in rooms, some of whom talk.
 *
 * One thread, epoll. It must cost less than the server, so most people only count
 * the lines they get; a few (the checkers) read each line, which gives latencies and
 * finds lost, doubled and reordered messages. A message is
 *     ~S sender sequence nanoseconds~xxxx…
 * and a talker has a bounded number of them in flight, seen back by a checker.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { TEXT, JSON, IRC, WS };
enum { BUF = 1 << 18, MAX_LATENCIES = 1 << 22 };

struct client {
    int fd, id, room, checker, in, pinged, heard;
    SSL *ssl;
    char *rest;              /* of a checker: an unfinished line */
    size_t rest_len, rest_cap;
    unsigned long lines;
    unsigned long *last;     /* of a checker: last sequence seen, by sender */
    unsigned long left;      /* of a frame, WebSocket */
    unsigned char head[10], head_len;
    long sent, seen, base;   /* of a talker */
};

static struct client *clients;
static int people = 100, talkers = 10, window = 4, rooms = 1, proto = TEXT, port = 5050;
static int tls, checkers = 3, size = 100, hold, churn, first;
static double seconds = 5, rate = 0, warm = 1;
static const char *host = "127.0.0.1";
static int ep;
static char *buf;
static unsigned long lost, doubled, reordered, total_lines, total_bytes;
static float *latencies;
static size_t latency_count;
static int measuring, sending;
static int heard; /* clients that were told anything */
static SSL_CTX *ctx;

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void put(struct client *c, const char *data, size_t len)
{
    while (len) {
        ssize_t n = c->ssl ? SSL_write(c->ssl, data, (int)len) : send(c->fd, data, len, MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        } else if (c->ssl || errno == EAGAIN) {
            struct timespec t = {0, 200000};
            nanosleep(&t, NULL);
        } else {
            die("send");
        }
    }
}

/* What a person or program sends: a line, or the same as a frame with a mask of zeros. */
static void put_line(struct client *c, const char *line, size_t len)
{
    if (proto != WS) {
        put(c, line, len);
        return;
    }
    char frame[4200] = {(char)0x81};
    size_t head = 2;
    len--; /* without its end */
    if (len < 126) {
        frame[1] = (char)(0x80 | len);
    } else {
        frame[1] = (char)(0x80 | 126);
        frame[2] = (char)(len >> 8);
        frame[3] = (char)len;
        head = 4;
    }
    memcpy(frame + head + 4, line, len);
    put(c, frame, head + 4 + len);
}

static void putf(struct client *c, const char *format, ...)
{
    char line[4096];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(line, sizeof line, format, list);
    va_end(list);
    put_line(c, line, (size_t)n);
}

static int open_socket(void)
{
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        die("socket");
    /* Several loopback addresses, for more connections than one has ports. */
    static unsigned next;
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(0x7f000001u + (next++ / 20000));
    setsockopt(fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0)
        die("bind");
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &to.sin_addr);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* InspIRCd wants to hear of no room before it has welcomed somebody. */
static void join_irc(struct client *c, int room)
{
    char got[16384];
    size_t have = 0;
    for (;;) {
        ssize_t n = c->ssl ? SSL_read(c->ssl, got + have, (int)(sizeof got - 1 - have))
                           : recv(c->fd, got + have, sizeof got - 1 - have, 0);
        if (n <= 0)
            die("registration");
        have += (size_t)n;
        got[have] = 0;
        char *ping = strstr(got, "PING ");
        if (ping && strchr(ping, '\n')) {
            putf(c, "PONG %.*s\r\n", (int)strcspn(ping + 5, "\r\n"), ping + 5);
            *ping = 'p';
        }
        if (strstr(got, " 001 "))
            break;
    }
    putf(c, "JOIN #r%d\r\n", room);
}

static void upgrade(struct client *c)
{
    char request[512];
    int n = snprintf(request, sizeof request,
                     "GET /ws HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", port);
    put(c, request, (size_t)n);
    char byte;
    for (int ends = 0; ends < 4;) { /* its answer ends in an empty line */
        if ((c->ssl ? SSL_read(c->ssl, &byte, 1) : recv(c->fd, &byte, 1, 0)) != 1)
            die("WebSocket");
        ends = byte == (ends % 2 ? '\n' : '\r') ? ends + 1 : byte == '\r';
    }
    c->left = 0;
    c->head_len = 0;
}

static void listen_to(struct client *c)
{
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
}

static void come_in(struct client *c)
{
    c->fd = open_socket();
    if (tls) {
        c->ssl = SSL_new(ctx);
        SSL_set_fd(c->ssl, c->fd);
        if (SSL_connect(c->ssl) != 1)
            die("TLS handshake");
    }
    int id = first + c->id, room = c->room;
    if (proto == WS)
        upgrade(c);
    if (proto == TEXT)
        putf(c, rooms > 1 ? "u%dx\n/join r%d\n" : "u%dx\n", id, room);
    else if (proto == JSON || (proto == WS && rooms == 1))
        putf(c, rooms > 1 ? "{\"do\":\"enter\",\"name\":\"u%dx\"}\n{\"do\":\"command\",\"line\":\"/join r%d\"}\n"
                          : "{\"do\":\"enter\",\"name\":\"u%dx\"}\n", id, room);
    else if (proto == WS) {
        putf(c, "{\"do\":\"enter\",\"name\":\"u%dx\"}\n", id);
        putf(c, "{\"do\":\"command\",\"line\":\"/join r%d\"}\n", room);
    } else { /* InspIRCd lets people in once a second: see below */
        putf(c, "NICK u%dx\r\nUSER u 0 * :u\r\n", id);
        return;
    }
    listen_to(c);
}

static void go(struct client *c)
{
    if (c->ssl) {
        SSL_free(c->ssl);
        c->ssl = NULL;
    }
    close(c->fd);
    c->rest_len = 0;
    c->lines = 0;
}

static void say(struct client *c)
{
    char line[2048], head[128];
    int n = snprintf(head, sizeof head, "~S %d %ld %lld~", c->id, ++c->sent, now_ns());
    int pad = size - n - 30 > 0 ? size - n - 30 : 0;
    const char *x = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    if (pad > 110)
        pad = 110;
    if (proto == TEXT)
        n = snprintf(line, sizeof line, "%s%.*s\n", head, pad, x);
    else if (proto == JSON || proto == WS)
        n = snprintf(line, sizeof line, "{\"do\":\"say\",\"text\":\"%s%.*s\"}\n", head, pad, x);
    else
        n = snprintf(line, sizeof line, "PRIVMSG #r%d :%s%.*s\r\n", c->room, head, pad, x);
    put_line(c, line, (size_t)n);
}

static void message(struct client *c, const char *line)
{
    int sender;
    long sequence;
    long long at;
    if (sscanf(line, "~S %d %ld %lld~", &sender, &sequence, &at) != 3 || sender >= people)
        return;
    struct client *t = &clients[sender];
    if (measuring && latency_count < MAX_LATENCIES)
        latencies[latency_count++] = (float)((double)(now_ns() - at) / 1e6);
    unsigned long before = c->last[sender];
    if (before && (unsigned long)sequence <= before)
        (unsigned long)sequence == before ? doubled++ : reordered++;
    else if (before && (unsigned long)sequence > before + 1)
        lost += (unsigned long)sequence - before - 1;
    if ((unsigned long)sequence > before)
        c->last[sender] = (unsigned long)sequence;
    if (sequence > t->seen) {
        t->seen = sequence;
        if (sending && rate == 0)
            while (t->sent - t->seen < window)
                say(t);
    }
}

static void check(struct client *c, const char *data, size_t len)
{
    if (c->rest_len + len + 1 > c->rest_cap) {
        c->rest_cap = (c->rest_len + len + 1) * 2;
        c->rest = realloc(c->rest, c->rest_cap);
    }
    memcpy(c->rest + c->rest_len, data, len);
    c->rest_len += len;
    char *at = c->rest, *end = c->rest + c->rest_len, *nl;
    while ((nl = memchr(at, '\n', (size_t)(end - at)))) {
        *nl = 0;
        char *found = strstr(at, "~S ");
        if (found)
            message(c, found);
        at = nl + 1;
    }
    if (proto == WS && !c->left && !c->head_len && at < end) { /* a frame that is whole */
        *end = 0;
        char *found = strstr(at, "~S ");
        if (found)
            message(c, found);
        at = end;
    }
    c->rest_len = (size_t)(end - at);
    memmove(c->rest, at, c->rest_len);
}

/* How many frames begin in this; headers become line ends, for the checkers. */
static unsigned long unframe(struct client *c, char *data, size_t len)
{
    unsigned long count = 0;
    for (size_t at = 0; at < len;) {
        if (c->left) {
            size_t skip = c->left < len - at ? c->left : len - at;
            at += skip;
            c->left -= skip;
            continue;
        }
        c->head[c->head_len++] = (unsigned char)data[at];
        data[at++] = '\n';
        int small = c->head[1] & 127;
        int need = c->head_len < 2 ? 2 : small == 127 ? 10 : small == 126 ? 4 : 2;
        if (c->head_len < need)
            continue;
        if (need == 2)
            c->left = (unsigned long)small;
        else
            for (int i = 2; i < need; i++)
                c->left = c->left << 8 | c->head[i];
        c->head_len = 0;
        count++;
    }
    return count;
}

static void receive(struct client *c)
{
    for (;;) {
        ssize_t n = c->ssl ? SSL_read(c->ssl, buf, BUF) : recv(c->fd, buf, BUF, 0);
        if (n == 0 || (n < 0 && !c->ssl && errno != EAGAIN)) {
            fprintf(stderr, "load: client %d was disconnected\n", c->id);
            exit(1);
        }
        if (n < 0)
            return;
        total_bytes += (unsigned long)n;
        heard += !c->heard;
        c->heard = 1;
        const char *at = buf, *end = buf + n;
        if (proto == WS) {
            unsigned long frames = unframe(c, buf, (size_t)n);
            total_lines += measuring ? frames : 0;
        } else if (measuring || hold) {
            while ((at = memchr(at, '\n', (size_t)(end - at)))) {
                total_lines++;
                at++;
            }
        }
        if (proto == IRC) {
            char *ping = memmem(buf, (size_t)n, "PING ", 5);
            if (ping && (ping == buf || ping[-1] == '\n'))
                putf(c, "PONG %.*s\r\n", (int)strcspn(ping + 5, "\r\n"), ping + 5);
        }
        if (c->checker)
            check(c, buf, (size_t)n);
        if (!c->ssl && n < BUF)
            return;
    }
}

static void turn(int wait)
{
    struct epoll_event events[512];
    int n = epoll_wait(ep, events, 512, wait);
    for (int i = 0; i < n; i++)
        receive(events[i].data.ptr);
}

/* Until nothing comes for a while. */
static void quiet(double longest, double silence)
{
    long long end = now_ns() + (long long)(longest * 1e9), last = now_ns();
    unsigned long bytes = total_bytes;
    while (now_ns() < end && now_ns() - last < (long long)(silence * 1e9)) {
        turn(20);
        if (bytes != total_bytes) {
            bytes = total_bytes;
            last = now_ns();
        }
    }
}

/* What no checker was shown. */
static unsigned long missing(void)
{
    unsigned long count = 0;
    for (int k = 0; k < people; k++)
        for (int i = 0; clients[k].checker && i < talkers; i++)
            if (clients[i].room == clients[k].room && clients[k].last[i] < (unsigned long)clients[i].sent)
                count += (unsigned long)clients[i].sent - clients[k].last[i];
    return count;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double quantile(double q)
{
    return latency_count ? latencies[(size_t)((double)(latency_count - 1) * q)] : 0;
}

static void tell(const char *what)
{
    printf("%s\n", what);
    fflush(stdout);
}

static void wait_for_word(void)
{
    char line[64];
    if (!fgets(line, sizeof line, stdin))
        exit(1);
}

int main(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *k = argv[i], *v = argv[i + 1];
        if (!strcmp(k, "port")) port = atoi(v);
        else if (!strcmp(k, "people")) people = atoi(v);
        else if (!strcmp(k, "talkers")) talkers = atoi(v);
        else if (!strcmp(k, "window")) window = atoi(v);
        else if (!strcmp(k, "rooms")) rooms = atoi(v);
        else if (!strcmp(k, "seconds")) seconds = atof(v);
        else if (!strcmp(k, "rate")) rate = atof(v);
        else if (!strcmp(k, "warm")) warm = atof(v);
        else if (!strcmp(k, "tls")) tls = atoi(v);
        else if (!strcmp(k, "hold")) hold = atoi(v);
        else if (!strcmp(k, "first")) first = atoi(v);
        else if (!strcmp(k, "churn")) churn = atoi(v);
        else if (!strcmp(k, "checkers")) checkers = atoi(v);
        else if (!strcmp(k, "proto")) proto = !strcmp(v, "json") ? JSON : !strcmp(v, "ws") ? WS : !strcmp(v, "irc") ? IRC : TEXT;
        else { fprintf(stderr, "load: what is %s?\n", k); return 2; }
    }
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files = {0};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (tls) {
        ctx = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
        SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    }
    buf = malloc(BUF);
    latencies = malloc(sizeof *latencies * MAX_LATENCIES);
    clients = calloc((size_t)people, sizeof *clients);
    ep = epoll_create1(0);
    long long began = now_ns();
    for (int i = 0; i < people; i++) {
        struct client *c = &clients[i];
        c->id = i;
        c->room = i % rooms;
        /* The last of each room check: talkers are the first. */
        c->checker = i >= people - checkers * rooms;
        if (c->checker)
            c->last = calloc((size_t)people, sizeof *c->last);
        come_in(c);
        if (proto == IRC && (i % 500 == 499 || i == people - 1))
            for (int k = i / 500 * 500; k <= i; k++) {
                join_irc(&clients[k], clients[k].room);
                listen_to(&clients[k]);
            }
        if (i % 50 == 49)
            turn(0);
        if (hold && i % 10 == 9) { /* not a rush: what is left is what they cost */
            struct timespec t = {0, 15000000};
            nanosleep(&t, NULL);
        }
    }
    /* A server that has only just begun to listen may have more to do before it answers. */
    for (long long end = now_ns() + 120000000000LL; heard < people && now_ns() < end;)
        turn(20);
    quiet(120, 1.5); /* a busy machine stands still for half a second */
    printf("connected %.3f\n", (double)(now_ns() - began) / 1e9 - 1.5);
    tell("ready");
    if (hold) { /* idle: until told */
        wait_for_word();
        tell("done");
        return 0;
    }
    if (churn) { /* people come, enter, leave, one after another */
        wait_for_word();
        began = now_ns();
        long count = 0;
        while (now_ns() - began < (long long)(seconds * 1e9)) {
            struct client c = {.id = people + (int)(count % 1000000), .room = 0};
            char got[4096];
            c.fd = open_socket();
            if (tls) {
                c.ssl = SSL_new(ctx);
                SSL_set_fd(c.ssl, c.fd);
                if (SSL_connect(c.ssl) != 1)
                    die("TLS handshake");
            }
            if (proto == IRC) {
                putf(&c, "NICK u%dx\r\nUSER u 0 * :u\r\n", c.id);
                join_irc(&c, 0);
            } else
                putf(&c, "u%dx\n", c.id);
            const char *in = proto == IRC ? " 366 " : "has joined";
            size_t have = 0;
            for (;;) {
                ssize_t n = c.ssl ? SSL_read(c.ssl, got + have, (int)(sizeof got - 1 - have))
                                  : recv(c.fd, got + have, sizeof got - 1 - have, 0);
                if (n <= 0)
                    die("churn");
                have += (size_t)n;
                got[have] = 0;
                if (proto == IRC) {
                    char *ping = strstr(got, "PING ");
                    if (ping && strchr(ping, '\n')) {
                        putf(&c, "PONG %.*s\r\n", (int)strcspn(ping + 5, "\r\n"), ping + 5);
                        have = 0;
                    }
                }
                if (strstr(got, in))
                    break;
                if (have > sizeof got / 2) {
                    memmove(got, got + have - 64, 64);
                    have = 64;
                }
            }
            go(&c);
            count++;
            turn(0);
        }
        printf("{\"cycles\": %ld, \"seconds\": %.3f}\n", count, (double)(now_ns() - began) / 1e9);
        tell("done");
        return 0;
    }
    sending = 1;
    if (rate == 0)
        for (int i = 0; i < talkers; i++)
            for (int k = 0; k < window; k++)
                say(&clients[i]);
    long long next = now_ns(), stop;
    int who = 0;
    for (int phase = 0; phase < 2; phase++) {
        stop = now_ns() + (long long)((phase ? seconds : warm) * 1e9);
        if (phase) {
            tell("measuring");
            wait_for_word();
            measuring = 1;
            total_lines = 0;
            began = now_ns();
            stop = began + (long long)(seconds * 1e9);
        }
        while (now_ns() < stop) {
            if (rate > 0) {
                while (now_ns() >= next) {
                    say(&clients[who++ % talkers]);
                    next += (long long)(1e9 / rate);
                }
                long long left = (next - now_ns()) / 1000000;
                turn(left > 0 ? 1 : 0);
            } else {
                turn(1);
            }
        }
    }
    double took = (double)(now_ns() - began) / 1e9;
    unsigned long lines = total_lines;
    measuring = 0;
    sending = 0;
    tell("measured");
    wait_for_word();
    /* Machines and disks stall: lost is what has not come after half a minute. */
    for (stop = now_ns() + 30000000000LL; missing() && now_ns() < stop;)
        turn(20);
    quiet(5, .4); /* and nothing may come twice */
    lost += missing();
    qsort(latencies, latency_count, sizeof *latencies, by_value);
    long sent = 0;
    for (int i = 0; i < talkers; i++)
        sent += clients[i].sent;
    printf("{\"lines\": %lu, \"seconds\": %.4f, \"sent\": %ld, \"p50\": %.3f, \"p99\": %.3f, \"p999\": %.3f, "
           "\"lost\": %lu, \"doubled\": %lu, \"reordered\": %lu}\n",
           lines, took, sent, quantile(.5), quantile(.99), quantile(.999), lost, doubled, reordered);
    tell("done");
    return 0;
}
