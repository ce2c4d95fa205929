/* The peer: libmodbus's own client, one blocking connection a thread, as its users write it.
   libmodbus PORT CONNECTIONS REGISTERS WARM_UP_MS WINDOW_MS: prints transactions a second and CPU time in us a transaction. */
#include <modbus/modbus.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static int port, registers;
static atomic_ulong done;
static atomic_int failed;

static void *ask(void *unused) {
    uint16_t words[MODBUS_MAX_READ_REGISTERS];
    modbus_t *line = modbus_new_tcp("127.0.0.1", port);
    int address = 0;
    if (line == NULL || modbus_set_slave(line, 1) != 0 || modbus_connect(line) != 0) {
        failed = 1;
        return unused;
    }
    for (;;) {
        if (modbus_read_registers(line, address, registers, words) != registers) {
            failed = 1;
            return unused;
        }
        address = (address + registers) % (64 * registers);
        atomic_fetch_add_explicit(&done, 1, memory_order_relaxed);
    }
}

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu_s(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void pass(long ms) {
    struct timespec t = {ms / 1000, (ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

int main(int count, char **argument) {
    if (count != 6) return 2;
    port = atoi(argument[1]);
    registers = atoi(argument[3]);
    for (int connection = 0; connection < atoi(argument[2]); connection++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, ask, NULL) != 0) return 1;
    }
    pass(atol(argument[4]));
    double begin = now_s(), cpu = cpu_s();
    unsigned long before = done;
    pass(atol(argument[5]));
    double transactions = done - before, seconds = now_s() - begin;
    cpu = cpu_s() - cpu;
    if (failed || transactions == 0) return 1;
    printf("%.0f %.3f\n", transactions / seconds, cpu * 1e6 / transactions);
    return 0;
}
