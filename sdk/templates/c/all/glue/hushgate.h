// The types of wit/types.wit and wit/worlds.wit in C. All are laid out as the component model's canonical ABI
// says, which is how C lays them out on wasm32: do not reorder.
//
// Texts and lists point into memory that lives until the answer is given. Nothing is ever freed by hand.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HUSHGATE_EXPORT(name) __attribute__((export_name(name)))
#define HUSHGATE_IMPORT(name) __attribute__((import_module("hushgate"), import_name(name)))

// Memory until the end of the call, aligned for every type.
void *allocate(size_t size);

// UTF-8, not ended by a zero byte.
struct text {
    const char *start;
    size_t length;
};

// A text from a literal.
#define TEXT(literal) ((struct text){literal, sizeof(literal) - 1})

struct optional_text {
    bool given;
    struct text value;
};

struct bytes {
    const uint8_t *start;
    size_t length;
};

struct optional_bytes {
    bool given;
    struct bytes value;
};

enum scalar_tag { SCALAR_FLAG, SCALAR_INT, SCALAR_REAL, SCALAR_TEXT, SCALAR_BLOB };

struct scalar {
    uint8_t tag; // enum scalar_tag
    union {
        bool flag;
        int64_t integer;
        double real;
        struct text text;
        struct bytes blob;
    };
};

struct field {
    struct text path;
    struct scalar value;
    struct optional_text unit;
};

struct fields {
    struct field *start;
    size_t length;
};

struct optional_time {
    bool given;
    uint64_t ms;
};

struct reading {
    struct text kind;
    struct optional_time at;
    struct fields fields;
};

struct readings {
    struct reading *start;
    size_t length;
};

enum config_error_tag { CONFIG_MISSING, CONFIG_INVALID };

struct config_answer {
    bool is_error;
    struct {
        uint8_t tag; // enum config_error_tag
        struct text name;
        struct text rule; // only with CONFIG_INVALID: what the setting must be
    } error;
};

_Static_assert(sizeof(struct field) == 40, "canonical ABI");
_Static_assert(sizeof(struct reading) == 32, "canonical ABI");
_Static_assert(sizeof(struct config_answer) == 24, "canonical ABI");

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN };

// Writes to the gateway's local log; see wit/worlds.wit.
HUSHGATE_IMPORT("log")
void write_log(enum log_level level, const char *line, size_t length);

// The plugin's own: called once, before anything else.
struct config_answer configure(struct text json);

// White space in ASCII.
static inline bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// Whether a JSON text is `{}`, white space aside.
static inline bool is_empty_object(struct text json) {
    const char *expected = "{}";
    for (size_t i = 0; i < json.length; i++) {
        if (is_space(json.start[i])) continue;
        if (*expected == '\0' || json.start[i] != *expected) return false;
        expected++;
    }
    return *expected == '\0';
}

// What a plugin without settings answers to `configure`.
static inline struct config_answer accept_no_settings(struct text json) {
    return (struct config_answer){
        .is_error = !is_empty_object(json),
        .error = {CONFIG_INVALID, TEXT("settings"), TEXT("must be empty: this plugin has none")},
    };
}
