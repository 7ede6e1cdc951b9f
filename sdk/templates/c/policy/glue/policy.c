// What the component calls: takes arguments apart as the canonical ABI does, and calls the plugin.

#include "policy.h"

HUSHGATE_EXPORT("configure")
struct config_answer *export_configure(const char *json, size_t json_length) {
    static struct config_answer answer;
    answer = configure((struct text){json, json_length});
    return &answer;
}

HUSHGATE_EXPORT("evaluate")
struct evaluate_answer *export_evaluate(const char *device, size_t device_length, const struct text *subjects,
                                        size_t subjects_length, const char *purpose, size_t purpose_length,
                                        const char *recipient, size_t recipient_length, uint64_t now_ms,
                                        const struct field_view *fields, size_t fields_length) {
    static struct evaluate_answer answer;
    answer = evaluate((struct request){
        .device = {device, device_length},
        .subjects = {subjects, subjects_length},
        .purpose = {purpose, purpose_length},
        .recipient = {recipient, recipient_length},
        .now_ms = now_ms,
        .fields = {fields, fields_length},
    });
    return &answer;
}
