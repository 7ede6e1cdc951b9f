// Reads a temperature in degrees Celsius that a device sends as a text, such as `21.5`.

#include "glue/adapter.h"

struct config_answer configure(struct text json) {
    return accept_no_settings(json);
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// The number that a text such as `-21.5` holds, or NaN if it holds anything else. Exact up to 15 digits.
static double decimal(const char *at, const char *end) {
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    if (at == end || !is_digit(*at)) return __builtin_nan("");

    double number = 0;
    for (; at < end && is_digit(*at); at++) number = number * 10 + (*at - '0');

    if (end - at >= 2 && *at == '.') {
        double scale = 1;
        for (at++; at < end && is_digit(*at); at++) {
            if (scale > 1e15) continue; // finer than a double can tell
            number = number * 10 + (*at - '0');
            scale *= 10;
        }
        number /= scale;
    }
    if (at != end) return __builtin_nan("");
    return negative ? -number : number;
}

static struct decode_answer malformed(struct text why) {
    return (struct decode_answer){true, .error = {DECODE_MALFORMED, why}};
}

struct decode_answer decode(struct frame frame) {
    const char *start = (const char *)frame.body.start;
    const char *end = start + frame.body.length;
    while (start < end && is_space(*start)) start++;
    while (start < end && is_space(end[-1])) end--;

    double celsius = decimal(start, end);
    if (!__builtin_isfinite(celsius)) return malformed(TEXT("it is not a decimal number"));

    struct field *field = allocate(sizeof *field);
    *field = (struct field){
        .path = TEXT("temperature"),
        .value = {SCALAR_REAL, .real = celsius},
        .unit = {true, TEXT("Cel")},
    };
    struct reading *reading = allocate(sizeof *reading);
    *reading = (struct reading){.kind = TEXT("temperature"), .fields = {field, 1}};
    return (struct decode_answer){false, .readings = {reading, 1}};
}
