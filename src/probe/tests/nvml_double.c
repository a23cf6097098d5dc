/* Stands in for NVIDIA's libnvidia-ml.so.1. What it reports is read at every call from the text file that the
 * environment variable HK_NVML_DOUBLE names; lines of another kind and fields left out keep their defaults:
 *   driver 550.54.14
 *   init CODE                       nvmlInit gives this code
 *   hang                            every call after nvmlInit sleeps for ever
 *   crash                           every call after nvmlInit is a segmentation fault
 *   record 16|24|32                 the size of a process record
 *   gpu uuid=GPU-1 name=NVIDIA_A100 bus=3B total=81920 used=1000 load=37 temp=61 fan=-1 power=250000 limit=400000
 *       clock=1410 mclock=1593 fail=15 mig=1
 *   process GPU_INDEX PID MIB       on the GPU with this place in the file
 *   part GPU_INDEX uuid=MIG-1 name=... total=9728 used=10
 * A field of -1 is "not supported". Underscores of names become spaces. MIG devices follow all GPUs in the file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { most = 32, not_supported = 3, not_found = 6, too_small = 7, not_loaded = 9, wrong = 2, uninitialized = 1 };

typedef struct {
    char uuid[96], name[96];
    unsigned bus;
    long total, used, load, temp, fan, power, limit, clock, mclock;
    int fail, mig, parent;
} Device;

static Device devices[most];
static int device_count, whole_count, started, init_code, hangs, crashes, record_size;
static struct {
    int gpu;
    unsigned pid;
    unsigned long long mib;
} processes[64];
static int process_count;
static char driver[80];

static void field(Device* d, char* word) {
    char* value = strchr(word, '=');
    if (!value) return;
    *value++ = 0;
    const long number = atol(value);
    if (!strcmp(word, "uuid")) snprintf(d->uuid, sizeof d->uuid, "%s", value);
    if (!strcmp(word, "name")) snprintf(d->name, sizeof d->name, "%s", value);
    if (!strcmp(word, "bus")) d->bus = (unsigned)strtoul(value, NULL, 16);
    if (!strcmp(word, "total")) d->total = number;
    if (!strcmp(word, "used")) d->used = number;
    if (!strcmp(word, "load")) d->load = number;
    if (!strcmp(word, "temp")) d->temp = number;
    if (!strcmp(word, "fan")) d->fan = number;
    if (!strcmp(word, "power")) d->power = number;
    if (!strcmp(word, "limit")) d->limit = number;
    if (!strcmp(word, "clock")) d->clock = number;
    if (!strcmp(word, "mclock")) d->mclock = number;
    if (!strcmp(word, "fail")) d->fail = (int)number;
    if (!strcmp(word, "mig")) d->mig = (int)number;
}

static void add_device(char* line, int parent) {
    if (device_count >= most) return;
    Device d = {.total = 81920, .fan = -1, .power = 60000, .limit = 400000, .clock = 1410, .mclock = 1593, .parent = parent};
    d.bus = (unsigned)device_count + 1;
    snprintf(d.uuid, sizeof d.uuid, "GPU-%d", device_count);
    snprintf(d.name, sizeof d.name, "Double");
    for (char* word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) field(&d, word);
    for (char* c = d.name; *c; ++c)
        if (*c == '_') *c = ' ';
    devices[device_count++] = d;
    if (parent < 0) whole_count = device_count;
}

static int load(void) {
    const char* path = getenv("HK_NVML_DOUBLE");
    FILE* file = path ? fopen(path, "r") : NULL;
    char line[512];
    if (!file) return not_loaded;
    device_count = whole_count = process_count = init_code = hangs = crashes = 0;
    record_size = 24;
    snprintf(driver, sizeof driver, "550.54.14");
    while (fgets(line, sizeof line, file)) {
        int a = 0, at = 0;
        unsigned pid = 0;
        unsigned long long mib = 0;
        sscanf(line, "driver %79s", driver);
        sscanf(line, "init %d", &init_code);
        sscanf(line, "record %d", &record_size);
        if (!strncmp(line, "hang", 4)) hangs = 1;
        if (!strncmp(line, "crash", 5)) crashes = 1;
        if (!strncmp(line, "gpu ", 4)) add_device(line + 4, -1);
        if (sscanf(line, "part %d %n", &a, &at) == 1) add_device(line + at, a);
        if (sscanf(line, "process %d %u %llu", &a, &pid, &mib) == 3 && process_count < 64) {
            processes[process_count].gpu = a;
            processes[process_count].pid = pid;
            processes[process_count++].mib = mib;
        }
    }
    fclose(file);
    return 0;
}

static int enter(void) {
    if (!started) return uninitialized;
    const int code = load();
    if (code) return code;
    if (init_code) return init_code;
    while (hangs) pause();
    if (crashes) abort();
    return 0;
}

static int find(void* handle, Device** d) {
    const int code = enter();
    if (code) return code;
    const long i = (long)handle - 1;
    if (i < 0 || i >= device_count) return wrong;
    *d = &devices[i];
    return devices[i].fail;
}

static int give(long value, unsigned* out) {
    if (value < 0) return not_supported;
    *out = (unsigned)value;
    return 0;
}

static int give_text(const char* text, char* out, unsigned size) {
    if (strlen(text) + 1 > size) return too_small;
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

#define DEVICE(d)                                                                                                      \
    Device* d = NULL;                                                                                                  \
    {                                                                                                                  \
        const int code_ = find(handle, &d);                                                                            \
        if (code_) return code_;                                                                                       \
    }

int nvmlInit_v2(void) {
    const int code = load();
    if (code || init_code) return code ? code : init_code;
    started = 1;
    return 0;
}
int nvmlShutdown(void) { started = 0; return 0; }
const char* nvmlErrorString(int code) { return code == not_supported ? "Not Supported" : "Unknown Error"; }
int nvmlSystemGetDriverVersion(char* out, unsigned size) {
    const int code = enter();
    return code ? code : give_text(driver, out, size);
}
int nvmlDeviceGetCount_v2(unsigned* count) {
    const int code = enter();
    *count = (unsigned)whole_count;
    return code;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** handle) {
    const int code = enter();
    if (code) return code;
    if ((int)index >= whole_count) return wrong;
    *handle = (void*)((long)index + 1);
    return devices[index].fail;
}
int nvmlDeviceGetName(void* handle, char* out, unsigned size) { DEVICE(d) return give_text(d->name, out, size); }
int nvmlDeviceGetUUID(void* handle, char* out, unsigned size) { DEVICE(d) return give_text(d->uuid, out, size); }
int nvmlDeviceGetPciInfo_v3(void* handle, void* out) {
    struct { char legacy[16]; unsigned domain, bus, device, id, subsystem; char bus_id[32]; } pci = {0};
    DEVICE(d)
    if (d->parent >= 0) return not_supported;
    pci.bus = d->bus;
    snprintf(pci.bus_id, sizeof pci.bus_id, "00000000:%02X:00.0", d->bus);
    memcpy(out, &pci, sizeof pci);
    return 0;
}
int nvmlDeviceGetUtilizationRates(void* handle, unsigned* out) {
    DEVICE(d)
    if (d->parent >= 0) return not_supported;
    out[0] = (unsigned)d->load;
    out[1] = d->total ? (unsigned)(100 * d->used / d->total) : 0;
    return 0;
}
int nvmlDeviceGetMemoryInfo(void* handle, unsigned long long* out) {
    DEVICE(d)
    out[0] = (unsigned long long)d->total << 20;
    out[1] = (unsigned long long)(d->total - d->used) << 20;
    out[2] = (unsigned long long)d->used << 20;
    return 0;
}
int nvmlDeviceGetTemperature(void* handle, int sensor, unsigned* out) { DEVICE(d) return sensor ? wrong : give(d->temp, out); }
int nvmlDeviceGetPowerUsage(void* handle, unsigned* out) { DEVICE(d) return give(d->power, out); }
int nvmlDeviceGetEnforcedPowerLimit(void* handle, unsigned* out) { DEVICE(d) return give(d->limit, out); }
int nvmlDeviceGetFanSpeed(void* handle, unsigned* out) { DEVICE(d) return give(d->fan, out); }
int nvmlDeviceGetClockInfo(void* handle, int kind, unsigned* out) { DEVICE(d) return give(kind == 2 ? d->mclock : d->clock, out); }
int nvmlDeviceGetComputeRunningProcesses_v3(void* handle, unsigned* count, char* out) {
    DEVICE(d)
    unsigned n = 0;
    for (int i = 0; i < process_count; ++i) {
        if (&devices[processes[i].gpu] != d) continue;
        if (n >= *count) return too_small;
        char record[32] = {0};
        const unsigned long long bytes = processes[i].mib << 20;
        memcpy(record, &processes[i].pid, 4);
        memcpy(record + 8, &bytes, 8);
        memset(record + 16, 0xFF, 8);
        memcpy(out + (size_t)record_size * n++, record, (size_t)record_size);
    }
    *count = n;
    return 0;
}
int nvmlDeviceGetMigMode(void* handle, unsigned* current, unsigned* pending) {
    DEVICE(d)
    *current = *pending = (unsigned)d->mig;
    return 0;
}
int nvmlDeviceGetMaxMigDeviceCount(void* handle, unsigned* count) { DEVICE(d) *count = 7; return 0; }
int nvmlDeviceGetMigDeviceHandleByIndex(void* handle, unsigned index, void** part) {
    DEVICE(d)
    for (int i = whole_count; i < device_count; ++i) {
        if (&devices[devices[i].parent] != d || index-- != 0) continue;
        *part = (void*)((long)i + 1);
        return 0;
    }
    return not_found;
}
