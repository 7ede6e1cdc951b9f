// wit/minimizer.wit in C.

#pragma once

#include "hushgate.h"

struct step {
    struct optional_bytes state;
    struct readings readings;
};

struct minimize_answer {
    bool is_error;
    union {
        struct step step;
        struct text error;
    };
};

_Static_assert(sizeof(struct minimize_answer) == 24, "canonical ABI");

// The plugin's own: says what may go on, and the state for the next call. It may write over `readings`.
struct minimize_answer minimize(struct optional_bytes state, uint64_t now_ms, struct readings readings);
