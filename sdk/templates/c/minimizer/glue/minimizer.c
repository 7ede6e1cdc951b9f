// What the component calls: takes arguments apart as the canonical ABI does, and calls the plugin.

#include "minimizer.h"

HUSHGATE_EXPORT("configure")
struct config_answer *export_configure(const char *json, size_t json_length) {
    static struct config_answer answer;
    answer = configure((struct text){json, json_length});
    return &answer;
}

HUSHGATE_EXPORT("minimize")
struct minimize_answer *export_minimize(bool has_state, const uint8_t *state, size_t state_length, uint64_t now_ms,
                                        struct reading *readings, size_t readings_length) {
    static struct minimize_answer answer;
    answer = minimize((struct optional_bytes){has_state, {state, state_length}}, now_ms,
                      (struct readings){readings, readings_length});
    return &answer;
}
