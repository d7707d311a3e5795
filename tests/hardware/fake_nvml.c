/* A stand-in for NVIDIA's driver library, so that the real binding (pynvml) can be driven on a machine without a GPU.
 *
 * Layouts and error codes follow nvml.h. Environment variables, read at every call, choose what it does:
 *   FAKE_NVML_INIT=N          nvmlInitWithFlags fails with error N
 *   FAKE_NVML_COUNT=N         number of GPUs (2)
 *   FAKE_NVML_UNSUPPORTED=A,B these functions answer NOT_SUPPORTED
 *   FAKE_NVML_LOST=I          GPU I answers GPU_IS_LOST
 *   FAKE_NVML_HANG=A          function A never returns
 *   FAKE_NVML_PID=N           the process that holds memory
 *   FAKE_NVML_NAME=TEXT       the name of every GPU
 *   FAKE_NVML_THROTTLE=BITS   what holds the clocks down
 *   FAKE_NVML_ERROR=N         every question to a GPU fails with error N
 *   FAKE_NVML_LOG=PATH        every call's name is appended to this file
 * Compiled with -DOLD_DRIVER it lacks the functions that came with driver 510.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, INSUFFICIENT_SIZE = 7, GPU_IS_LOST = 15 };

typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory_v2_t;
typedef struct { unsigned gpu, memory; } utilization_t;
typedef struct { unsigned pid; unsigned long long used; unsigned gpu_instance, compute_instance; } process_t;

static const unsigned long long GIB = 1ull << 30;
static int gpus[16]; /* a handle is the address of one of these */

static int index_of(void *handle) { return (int)((int *)handle - gpus); }

static int number(const char *variable, int otherwise) {
    const char *value = getenv(variable);
    return value ? atoi(value) : otherwise;
}

static int lists(const char *variable, const char *name) {
    const char *at = getenv(variable);
    size_t length = strlen(name);
    for (; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (!strncmp(at, name, length) && (at[length] == ',' || !at[length])) return 1;
    return 0;
}

static int answer(const char *name, void *handle) {
    const char *log = getenv("FAKE_NVML_LOG");
    if (log) {
        FILE *file = fopen(log, "a");
        fprintf(file, "%s\n", name);
        fclose(file);
    }
    if (lists("FAKE_NVML_HANG", name))
        for (;;) pause();
    if (handle && index_of(handle) == number("FAKE_NVML_LOST", -1)) return GPU_IS_LOST;
    if (handle && number("FAKE_NVML_ERROR", 0)) return number("FAKE_NVML_ERROR", 0);
    return lists("FAKE_NVML_UNSUPPORTED", name) ? NOT_SUPPORTED : SUCCESS;
}

#define ANSWER(handle) do { int code = answer(__func__, handle); if (code) return code; } while (0)

int nvmlInitWithFlags(unsigned flags) { (void)flags; ANSWER(NULL); return number("FAKE_NVML_INIT", SUCCESS); }
int nvmlShutdown(void) { ANSWER(NULL); return SUCCESS; }
int nvmlDeviceGetCount_v2(unsigned *count) { ANSWER(NULL); *count = number("FAKE_NVML_COUNT", 2); return SUCCESS; }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) {
    ANSWER(NULL);
    *handle = &gpus[index];
    return SUCCESS;
}

int nvmlDeviceGetName(void *handle, char *name, unsigned length) {
    ANSWER(handle);
    const char *chosen = getenv("FAKE_NVML_NAME");
    snprintf(name, length, "%s", chosen ? chosen : "NVIDIA Fake 80GB");
    return SUCCESS;
}

int nvmlDeviceGetUUID(void *handle, char *uuid, unsigned length) {
    ANSWER(handle);
    snprintf(uuid, length, "GPU-%04d", index_of(handle));
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo(void *handle, memory_t *memory) {
    ANSWER(handle);
    memory->total = 80 * GIB;
    memory->free = 59 * GIB;
    memory->used = 21 * GIB; /* the driver's own share included */
    return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(void *handle, utilization_t *rates) {
    ANSWER(handle);
    rates->gpu = 40 + index_of(handle);
    rates->memory = 7;
    return SUCCESS;
}

int nvmlDeviceGetPowerUsage(void *handle, unsigned *milliwatts) {
    ANSWER(handle);
    *milliwatts = 412500;
    return SUCCESS;
}

int nvmlDeviceGetTemperature(void *handle, int sensor, unsigned *celsius) {
    ANSWER(handle);
    (void)sensor;
    *celsius = 61;
    return SUCCESS;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void *handle, unsigned long long *reasons) {
    ANSWER(handle);
    *reasons = number("FAKE_NVML_THROTTLE", 0);
    return SUCCESS;
}

/* On GPU 0 the process holds two slices of 3 GiB, and another process 9 GiB; on the others nobody holds anything. */
static int compute_processes(void *handle, unsigned *count, process_t *processes) {
    if (index_of(handle) != 0) { *count = 0; return SUCCESS; }
    if (*count < 3) { *count = 3; return INSUFFICIENT_SIZE; }
    process_t found[3] = {{1, 9 * GIB, 0, 0}, {0, 3 * GIB, 1, 0}, {0, 3 * GIB, 2, 0}};
    found[1].pid = found[2].pid = number("FAKE_NVML_PID", 4242);
    memcpy(processes, found, sizeof found);
    *count = 3;
    return SUCCESS;
}

static int graphics_processes(void *handle, unsigned *count, process_t *processes) {
    if (index_of(handle) != 0) { *count = 0; return SUCCESS; }
    if (*count < 1) { *count = 1; return INSUFFICIENT_SIZE; }
    process_t found = {0, 6 * GIB, 0, 0};
    found.pid = number("FAKE_NVML_PID", 4242);
    memcpy(processes, &found, sizeof found);
    *count = 1;
    return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v2(void *handle, unsigned *count, process_t *processes) {
    ANSWER(handle);
    return compute_processes(handle, count, processes);
}

int nvmlDeviceGetGraphicsRunningProcesses_v2(void *handle, unsigned *count, process_t *processes) {
    ANSWER(handle);
    return graphics_processes(handle, count, processes);
}

#ifndef OLD_DRIVER
int nvmlDeviceGetCurrentClocksEventReasons(void *handle, unsigned long long *reasons) {
    ANSWER(handle);
    *reasons = number("FAKE_NVML_THROTTLE", 0);
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo_v2(void *handle, memory_v2_t *memory) {
    ANSWER(handle);
    memory->total = 80 * GIB;
    memory->reserved = 1 * GIB;
    memory->free = 59 * GIB;
    memory->used = 20 * GIB;
    return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned *count, process_t *processes) {
    ANSWER(handle);
    return compute_processes(handle, count, processes);
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(void *handle, unsigned *count, process_t *processes) {
    ANSWER(handle);
    return graphics_processes(handle, count, processes);
}
#endif
