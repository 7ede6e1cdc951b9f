// wit/policy.wit in C.

#pragma once

#include "hushgate.h"

struct optional_scalar {
    bool given;
    struct scalar value;
};

struct field_view {
    struct text path;
    struct optional_text unit;
    struct optional_scalar value;
};

struct texts {
    const struct text *start;
    size_t length;
};

struct request {
    struct text device;
    struct texts subjects;
    struct text purpose;
    struct text recipient;
    uint64_t now_ms;
    struct {
        const struct field_view *start;
        size_t length;
    } fields;
};

enum obligation_tag { KEEP, DROP, COARSEN, PSEUDONYMISE, NOISE, DELAY, PAD_TO };

struct path_and_number {
    struct text path;
    double number;
};

struct obligation {
    uint8_t tag; // enum obligation_tag
    union {
        struct texts keep;
        struct texts drop;
        struct path_and_number coarsen;
        struct text pseudonymise;
        struct path_and_number noise;
        uint32_t delay;
        uint32_t pad_to;
    };
};

enum verdict_tag { RELEASE, WITHHOLD, HOLD_UNTIL, NEED_CONSENT };

struct verdict {
    uint8_t tag; // enum verdict_tag
    union {
        struct {
            const struct obligation *start;
            size_t length;
        } release;
        struct text withhold;
        uint64_t hold_until;
        struct text need_consent;
    };
};

struct evaluate_answer {
    bool is_error;
    union {
        struct verdict verdict;
        struct text error;
    };
};

_Static_assert(sizeof(struct field_view) == 48, "canonical ABI");
_Static_assert(sizeof(struct obligation) == 24, "canonical ABI");
_Static_assert(sizeof(struct evaluate_answer) == 24, "canonical ABI");

// The plugin's own: judges one release.
struct evaluate_answer evaluate(struct request request);
