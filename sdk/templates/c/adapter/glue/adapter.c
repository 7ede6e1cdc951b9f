// What the component calls: takes arguments apart as the canonical ABI does, and calls the plugin.

#include "adapter.h"

HUSHGATE_EXPORT("configure")
struct config_answer *export_configure(const char *json, size_t json_length) {
    static struct config_answer answer;
    answer = configure((struct text){json, json_length});
    return &answer;
}

HUSHGATE_EXPORT("decode")
struct decode_answer *export_decode(const char *channel, size_t channel_length, bool has_type, const char *type,
                                    size_t type_length, uint64_t received_ms, const uint8_t *body,
                                    size_t body_length) {
    static struct decode_answer answer;
    answer = decode((struct frame){
        .channel = {channel, channel_length},
        .content_type = {has_type, {type, type_length}},
        .received_ms = received_ms,
        .body = {body, body_length},
    });
    return &answer;
}
