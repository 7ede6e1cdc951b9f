// Lets a reading through when its first number has moved by at least 1 since the last one that went through.

#include "glue/minimizer.h"

struct config_answer configure(struct text json) {
    return accept_no_settings(json);
}

static const double NONE = __builtin_nan("");

// The first number in a reading, or NONE.
static double first_number(struct fields fields) {
    for (size_t i = 0; i < fields.length; i++) {
        struct scalar value = fields.start[i].value;
        if (value.tag == SCALAR_INT) return (double)value.integer;
        if (value.tag == SCALAR_REAL) return value.real;
    }
    return NONE;
}

// The state is the last number that went through, as 8 bytes, little-endian as all memory in WebAssembly.
static double read_state(struct optional_bytes state) {
    double last = NONE;
    if (state.given && state.value.length == sizeof last) __builtin_memcpy(&last, state.value.start, sizeof last);
    return last;
}

static struct optional_bytes write_state(double last) {
    if (__builtin_isnan(last)) return (struct optional_bytes){.given = false};
    uint8_t *bytes = allocate(sizeof last);
    __builtin_memcpy(bytes, &last, sizeof last);
    return (struct optional_bytes){true, {bytes, sizeof last}};
}

struct minimize_answer minimize(struct optional_bytes state, uint64_t now_ms, struct readings readings) {
    (void)now_ms;
    double last = read_state(state);
    size_t kept = 0;
    for (size_t i = 0; i < readings.length; i++) {
        double number = first_number(readings.start[i].fields);
        if (__builtin_isnan(number)) continue;
        // False if there is no last one: the first goes through.
        if (__builtin_fabs(number - last) < 1) continue;
        last = number;
        readings.start[kept++] = readings.start[i];
    }
    return (struct minimize_answer){false, .step = {write_state(last), {readings.start, kept}}};
}
