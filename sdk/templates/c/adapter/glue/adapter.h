// wit/adapter.wit in C.

#pragma once

#include "hushgate.h"

struct frame {
    struct text channel;
    struct optional_text content_type;
    uint64_t received_ms;
    struct bytes body;
};

enum decode_error_tag { DECODE_NOT_MINE, DECODE_MALFORMED, DECODE_UNSUPPORTED };

struct decode_answer {
    bool is_error;
    union {
        struct readings readings;
        struct {
            uint8_t tag; // enum decode_error_tag
            struct text why; // not with DECODE_NOT_MINE
        } error;
    };
};

_Static_assert(sizeof(struct decode_answer) == 16, "canonical ABI");

// The plugin's own: decodes one frame. Must not depend on earlier frames.
struct decode_answer decode(struct frame frame);
