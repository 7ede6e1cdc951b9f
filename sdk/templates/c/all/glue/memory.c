// The memory of one call: handed out from the front, taken back all at once when the gateway has read the answer.

#include "hushgate.h"

// The first byte that neither the stack nor a global variable uses. The linker sets it.
extern unsigned char __heap_base;

static unsigned char *next = &__heap_base;

static const size_t PAGE = 65536;

static void grow_to(uintptr_t end) {
    size_t have = __builtin_wasm_memory_size(0) * PAGE;
    if (end <= have) return;
    size_t pages = (end - have + PAGE - 1) / PAGE;
    // The gateway's limit (`memory-mib` in plugin.toml) is reached: end here, the frame is set aside.
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) __builtin_trap();
}

static void *take(size_t size, size_t align) {
    uintptr_t start = ((uintptr_t)next + align - 1) & ~(uintptr_t)(align - 1);
    if (size > UINTPTR_MAX - start) __builtin_trap();
    grow_to(start + size);
    next = (unsigned char *)(start + size);
    return (void *)start;
}

void *allocate(size_t size) {
    return take(size, 8);
}

// The gateway calls this to put arguments into our memory.
HUSHGATE_EXPORT("realloc")
void *export_realloc(const void *old, size_t old_size, size_t align, size_t size) {
    void *moved = take(size, align);
    __builtin_memcpy(moved, old, old_size < size ? old_size : size);
    return moved;
}

// The gateway calls this once it has read an answer.
HUSHGATE_EXPORT("done")
void export_done(const void *answer) {
    (void)answer;
    next = &__heap_base;
}
